namespace XcsSharp.Switching;

/// <summary>What the switch needs of Xen. Loop thread only.</summary>
public interface IHypervisor
{
    /// <summary><c>xen</c> or <c>sim</c>.</summary>
    string Backend { get; }

    /// <summary>Event-channel events delivered to handlers so far.</summary>
    ulong PortsServed { get; }

    /// <summary>Begins discovery. Domains that exist already are reported before this returns.</summary>
    void Start(IHypervisorSink sink);

    /// <summary>
    /// Binds and maps a classic channel. A domain that was not reported yet is reported to the sink before this returns
    /// success: a toolstack may ask sooner than discovery sees the domain.
    /// </summary>
    /// <param name="domid">The guest.</param>
    /// <param name="localPort">A wish for dom0's end; 0 for any.</param>
    /// <param name="remotePort">The guest's end; 0 for any.</param>
    /// <param name="transport">Owned by the caller; not started.</param>
    OpenFailure OpenClassic(uint domid, int localPort, int remotePort, out IChannelTransport? transport);

    /// <summary>
    /// Adds a console to a domain, with the lowest number that is free. It is offered to the sink when the guest's driver has
    /// taken it up, which may be never.
    /// </summary>
    /// <param name="domid">The guest.</param>
    /// <param name="number">1..9, the guest's hvc1 and so on.</param>
    ConsoleFailure AddConsole(uint domid, out int number);

    /// <summary>
    /// Removes a console that <see cref="AddConsole"/> made. The guest is asked to let go first; the sink hears of the end.
    /// </summary>
    /// <param name="domid">The guest.</param>
    /// <param name="number">1..9, or 0 for the one with the highest number.</param>
    /// <param name="removed">Which it is.</param>
    ConsoleFailure RemoveConsole(uint domid, int number, out int removed);

    /// <summary>Binds a virtual interrupt of dom0. The port is masked on every event, as a channel's is.</summary>
    bool TryBindVirq(int virq, IPortHandler handler, out int port);

    /// <summary>Undoes <see cref="TryBindVirq"/>: no event of the port comes afterwards.</summary>
    void UnbindVirq(int port);

    /// <summary>Lets a virtual interrupt's port be signalled again.</summary>
    void UnmaskPort(int port);

    /// <summary>Signals a virtual interrupt's port.</summary>
    /// <returns>False when Xen refused.</returns>
    bool NotifyPort(int port);
}
