using XcsSharp.Rings;

namespace XcsSharp.Switching;

/// <summary>
/// What a control channel stands on: a mapped page and a bound event-channel port. Owned by its
/// <see cref="ControlChannel"/>; disposing unbinds the port and unmaps the page.
/// </summary>
public interface IChannelTransport : IDisposable
{
    TransportKind Kind { get; }

    /// <summary>dom0's end of the event channel.</summary>
    int LocalPort { get; }

    /// <summary>The guest's end; -1 on dom 0's own channel.</summary>
    int RemotePort { get; }

    /// <summary>The mapped page; valid until the transport is disposed.</summary>
    ControllerPage Page { get; }

    /// <summary>
    /// Events of the port go to <paramref name="handler"/> from now on. A first one is made up, because requests may have
    /// been waiting in the page before the port was bound.
    /// </summary>
    void Start(IPortHandler handler);

    /// <summary>Lets the port be signalled again. Call it before looking at the rings, or a wake-up is lost.</summary>
    void Unmask();

    /// <summary>Signals the guest.</summary>
    /// <returns>False when the other end is gone.</returns>
    bool Notify();
}
