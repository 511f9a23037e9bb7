using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>What happened to a <see cref="Notifier"/>'s connection.</summary>
public enum NotifierEventKind
{
    /// <summary>The connection has ended; requests that were asked over it have failed, and it is being made again.</summary>
    Disconnected,

    /// <summary>
    /// Back in the same session, nothing had to be bound again. Requests of guests that were not answered come (again).
    /// Lost are answers to other subscribers' requests, and interrupts, of the time between.
    /// </summary>
    Resumed,

    /// <summary>
    /// Back in a new session, with all bindings, interfaces and virtual interrupts made again. Beyond what a resumed one loses,
    /// requests that were answered by the daemon meanwhile (after its <c>UnboundGrace</c>) do not come again.
    /// </summary>
    Renewed,

    /// <summary>We were too slow for the daemon's queue: <see cref="NotifierEvent.Lost"/> records that were for us alone were lost here.</summary>
    Gap,

    /// <summary>An answer, or a request of <see cref="Port.SendRequestAsync"/>, went nowhere: <see cref="NotifierEvent.Reason"/>,
    /// <see cref="NotifierEvent.Domid"/>.</summary>
    Undelivered,

    /// <summary>A port has ended: its domain is gone, or a new session was refused it for too long.</summary>
    PortEnded,
}

/// <summary>One of these happenings.</summary>
/// <param name="Kind">Which; it says what else is filled in.</param>
public readonly record struct NotifierEvent(NotifierEventKind Kind) : IMarked<NotifierEvent>
{
    /// <summary>Records, of a <see cref="NotifierEventKind.Gap"/>.</summary>
    public ulong Lost { get; init; }

    public uint Domid { get; init; }

    public UndeliveredReason Reason { get; init; }

    /// <summary>Why a connection or a port ended, where that is known.</summary>
    public Exception? Cause { get; init; }

    /// <summary>So many happenings before it were dropped, because nobody read them.</summary>
    public ulong Missed { get; init; }

    NotifierEvent IMarked<NotifierEvent>.After(ulong missed) => this with { Missed = missed };
}
