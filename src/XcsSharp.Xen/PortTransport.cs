using XcsSharp.Reactor;
using XcsSharp.Rings;
using XcsSharp.Switching;

namespace XcsSharp.Xen;

/// <summary>
/// A mapped control page and its bound port, as the switch gets them. Owned by the channel that is made of it; the
/// adapter only remembers it, to notice when the program behind a granted page ends.
/// </summary>
internal sealed class PortTransport : IChannelTransport, IPortHandler, ITurnEndWork
{
    private readonly EventLoop _loop;
    private readonly EventChannelDevice _device;
    private readonly ITransportKeeper _keeper;
    private IPortHandler? _handler;
    private bool _eventQueued;
    private bool _disposed;

    /// <param name="loop">Where the first, made-up event is delivered.</param>
    /// <param name="device">Has <paramref name="localPort"/> bound; it is unbound by Dispose.</param>
    /// <param name="keeper">Hears of the end.</param>
    /// <param name="domid">Whose channel it is.</param>
    /// <param name="kind">Tells whether the page has a header with a liveness byte.</param>
    /// <param name="localPort">dom0's end.</param>
    /// <param name="remotePort">The guest's end.</param>
    /// <param name="page">Owned from here on.</param>
    public PortTransport(
        EventLoop loop,
        EventChannelDevice device,
        ITransportKeeper keeper,
        uint domid,
        TransportKind kind,
        int localPort,
        int remotePort,
        ControllerPage page)
    {
        _loop = loop;
        _device = device;
        _keeper = keeper;
        Domid = domid;
        Kind = kind;
        LocalPort = localPort;
        RemotePort = remotePort;
        Page = page;
    }

    public uint Domid { get; }

    public TransportKind Kind { get; }

    public int LocalPort { get; }

    public int RemotePort { get; }

    public ControllerPage Page { get; }

    private bool PublisherEnded => Kind == TransportKind.Granted && !Page.Header.Alive;

    public void Start(IPortHandler handler)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _handler = handler;
        _device.SetOwner(LocalPort, this);

        // What had been put into the rings before the port was bound signals nobody.
        QueueEvent();
    }

    public void Unmask() => _device.Unmask(LocalPort);

    public bool Notify()
    {
        if (!PublisherEnded)
        {
            return _device.Notify(LocalPort);
        }

        // No event tells of a program's end, so this may be the first sign. Not withdrawn here: the caller is in
        // the middle of using the page.
        QueueEvent();
        return false;
    }

    /// <summary>A made-up event.</summary>
    void ITurnEndWork.OnTurnEnd()
    {
        _eventQueued = false;
        OnPortEvent(LocalPort);
    }

    public void OnPortEvent(int port)
    {
        if (_disposed)
        {
            return;
        }

        _handler?.OnPortEvent(port);

        // Its kernel clears the byte and, where it can, signals the port. Looked at after the drain, so that the
        // program's last words are out; the handler may have disposed us meanwhile.
        if (!_disposed && PublisherEnded)
        {
            _keeper.OnPublisherEnded(this);
        }
    }

    private void QueueEvent()
    {
        if (!_eventQueued)
        {
            _eventQueued = true;
            _loop.AtTurnEnd(this);
        }
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _handler = null;

        // The port first: a page without its events is harmless, events without their page are not.
        _device.Unbind(LocalPort);
        Page.Dispose();
        _keeper.OnTransportDisposed(this);
    }
}

/// <summary>Who made a <see cref="PortTransport"/>.</summary>
internal interface ITransportKeeper
{
    /// <summary>The program that published the page is gone.</summary>
    void OnPublisherEnded(PortTransport transport);

    void OnTransportDisposed(PortTransport transport);
}
