using XcsSharp.Rings;
using XcsSharp.Switching;

namespace XcsSharp.TestKit;

/// <summary>The controller's end of a <see cref="FakeGuest"/>'s page and port.</summary>
public sealed class FakeTransport : IChannelTransport
{
    private readonly FakeGuest _guest;
    private readonly FakePort _port;

    internal FakeTransport(FakeGuest guest, TransportKind kind, FakePort port, int remotePort, MappedPage page)
    {
        _guest = guest;
        _port = port;
        Kind = kind;
        RemotePort = remotePort;
        Page = new ControllerPage(page);
    }

    public TransportKind Kind { get; }

    public int LocalPort => _port.Number;

    public int RemotePort { get; }

    public ControllerPage Page { get; }

    /// <summary>How many times the controller has signalled through it; the guest's own count goes on with the next one.</summary>
    public int Notifications { get; private set; }

    /// <summary>True once the controller has unbound and unmapped it.</summary>
    public bool IsDisposed => _port.IsClosed;

    public void Start(IPortHandler handler)
    {
        _port.Bind(handler);
        _port.Raise();
    }

    public void Unmask() => _port.Unmask();

    /// <exception cref="InvalidOperationException">It is closed: its port may be somebody else's.</exception>
    public bool Notify()
    {
        if (IsDisposed)
        {
            throw new InvalidOperationException("A closed channel notified its guest.");
        }

        Notifications++;
        return _guest.OnNotified(this);
    }

    public void Dispose()
    {
        _port.Close();
        Page.Dispose();
    }

    internal void Raise() => _port.Raise();
}
