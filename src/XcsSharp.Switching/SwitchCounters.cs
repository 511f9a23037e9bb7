using XcsSharp.Reactor;

namespace XcsSharp.Switching;

/// <summary>What the switch did since it started, over all channels and sessions.</summary>
public sealed class SwitchCounters
{
    /// <summary>Requests taken from guests.</summary>
    public ulong Requests { get; internal set; }

    /// <summary>Answers written to guests, the daemon's own included.</summary>
    public ulong Responses { get; internal set; }

    /// <summary>Of these, written for a subscriber that was absent, gone or silent.</summary>
    public ulong AnsweredByDaemon { get; internal set; }

    /// <summary>Answers of subscribers that came second, or to nothing.</summary>
    public ulong AnswersDropped { get; internal set; }

    /// <summary>Requests put into guests' rings for subscribers.</summary>
    public ulong RequestsSent { get; internal set; }

    /// <summary>Guests' responses to these.</summary>
    public ulong ResponsesReceived { get; internal set; }

    /// <summary>Messages of clients for a domain that has no open channel.</summary>
    public ulong MessagesToNobody { get; internal set; }

    /// <summary>Requests of clients that another client's write lock kept out.</summary>
    public ulong RequestsLockedOut { get; internal set; }

    /// <summary>Times that an extended session's client was so slow that messages went past it.</summary>
    public ulong SessionsPaused { get; internal set; }

    /// <summary>Requests of clients that left, or had to, before the guest had room for them.</summary>
    public ulong MessagesAbandoned { get; internal set; }

    /// <summary>Delivered requests that a session forgot because its client is too far behind with answers.</summary>
    public ulong DeliveriesForgotten { get; internal set; }

    /// <summary>How many messages each drain of a control channel found, requests and responses together.</summary>
    public Distribution MessagesADrain { get; } = new(0, 1, 2, 4, 8, 16, 24, 32);

    /// <summary>How many bytes each drain of a console ring found.</summary>
    public Distribution ConsoleBytesADrain { get; } = new(0, 64, 512, 2048, 4096, 8192, 16384);

    /// <summary>Bytes taken from guests' console rings.</summary>
    public ulong ConsoleBytes { get; internal set; }

    /// <summary>Channels and consoles put aside because the guest lied.</summary>
    public ulong Quarantines { get; internal set; }

    /// <summary>Control pages and consoles that were not served as guests published them, once for each reason.</summary>
    public ulong Refusals { get; internal set; }

    /// <summary>Sessions closed because their client did not read.</summary>
    public ulong SlowSessionsClosed { get; internal set; }

    /// <summary>Connections and sessions refused, at a limit or for want of rights.</summary>
    public ulong ConnectionsRefused { get; internal set; }

    /// <summary>Connections closed because their first record did not come in time.</summary>
    public ulong SilentConnectionsClosed { get; internal set; }
}
