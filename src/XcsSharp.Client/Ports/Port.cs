using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>Which domain's control interface a <see cref="Port"/> is, and what of it.</summary>
public sealed record PortOptions
{
    public required uint Domid { get; init; }

    /// <summary>Types of messages to receive; empty for all.</summary>
    public IReadOnlyList<MessageType> Types { get; init; } = [];

    /// <summary>
    /// Whether the channel is opened and kept open (<c>XCS_CIF_NEW_CC</c>), so that a domain without one is refused. In an extended
    /// session it may be false: the domain is bound alone, and its channel may come later.
    /// </summary>
    public bool OpenInterface { get; init; } = true;

    /// <summary>The event-channel port wished for on dom0's side, 0 for any. After a reconnect it is any.</summary>
    public int LocalPort { get; init; }

    /// <summary>The guest's event-channel port, 1 by custom. Of a channel that is open already, neither matters.</summary>
    public int RemotePort { get; init; } = 1;
}

/// <summary>
/// One domain's control interface, as xend's <c>port</c> was: its requests, their answers, and questions to the guest.
/// </summary>
/// <remarks>
/// In an extended session it is bound by its domain, and lives through whatever the guest does to its channel; otherwise by
/// the port that the channel had when it was opened, as in 2005. With <see cref="Extensions.News"/> it ends when the
/// domain does.
/// </remarks>
public sealed class Port : MessageSource
{
    private readonly PortOptions _options;
    private long _ports;

    internal Port(Notifier notifier, PortOptions options, int queueLength)
        : base(notifier, options.Types, queueLength)
    {
        _options = options;
    }

    public uint Domid => _options.Domid;

    /// <summary>The event-channel ports of the open channel; zeros while none is known to be open.</summary>
    public InterfacePorts Ports
    {
        get
        {
            long ports = Volatile.Read(ref _ports);
            return new InterfacePorts((int)(ports >> 32), (int)ports);
        }

        internal set => Volatile.Write(ref _ports, ((long)value.Local << 32) | (uint)value.Remote);
    }

    internal override string Name => $"the port of domain {Domid}";

    /// <summary>Asks the guest and waits for its answer.</summary>
    /// <param name="request">With an id of the caller's choice. Where <see cref="Extensions.Correlation"/> is not granted, the
    /// answer is the next one of the same type, subtype and id: two clients should not use the same at the same time.</param>
    /// <param name="timeout">Null for <see cref="NotifierOptions.AskTimeout"/>.</param>
    /// <param name="cancel">Ends the wait; once sent, the guest gets it nevertheless.</param>
    /// <exception cref="XcsUndeliveredException">The daemon says that there is none to come. With
    /// <see cref="Extensions.Reasons"/> only; otherwise the time runs out.</exception>
    /// <exception cref="XcsDisconnectedException">The connection ended after it was sent. Whether the guest has it is not
    /// known, and its answer is lost: asking again is for the caller to decide.</exception>
    /// <exception cref="TimeoutException">There was no answer, or no connection, in time.</exception>
    /// <exception cref="InvalidOperationException">The type is not among <see cref="MessageSource.Types"/>, and without correlation its answer
    /// would not come.</exception>
    public Task<ControlMessage> AskAsync(
        ControlMessage request, TimeSpan? timeout = null, CancellationToken cancel = default)
        => Notifier.AskAsync(this, request, timeout, cancel);

    /// <summary>Sends a request without waiting for its answer, which comes with <see cref="MessageSource.ReadResponsesAsync"/>.</summary>
    public ValueTask SendRequestAsync(ControlMessage request, CancellationToken cancel = default)
        => Notifier.SendAsync(XcsRecord.ForMessage(RecordType.Request, Domid, 0, request), cancel);

    private protected override async Task BindAsync(XcsSession session, bool again, CancellationToken cancel)
    {
        if (_options.OpenInterface)
        {
            // After a restart the daemon may have given the old port to something else; any will do.
            Ports = await session.OpenInterfaceAsync(
                Domid, again ? 0 : _options.LocalPort, _options.RemotePort, cancel).ConfigureAwait(false);
        }

        try
        {
            foreach (ushort type in BoundTypes)
            {
                await (session.IsExtended
                    ? session.BindDomainAsync(Domid, type, cancel)
                    : session.BindAsync(Ports.Local, type, cancel)).ConfigureAwait(false);
            }
        }
        catch (XcsRefusedException)
        {
            await UnbindAsync(session).ConfigureAwait(false);
            throw;
        }
    }

    private protected override async Task UnbindAsync(XcsSession session)
    {
        foreach (ushort type in BoundTypes)
        {
            await (session.IsExtended
                ? session.UnbindDomainAsync(Domid, type, CancellationToken.None)
                : session.UnbindAsync(Ports.Local, type, CancellationToken.None)).ConfigureAwait(false);
        }

        if (_options.OpenInterface)
        {
            await session.CloseInterfaceAsync(Domid, Ports, CancellationToken.None).ConfigureAwait(false);
        }
    }
}
