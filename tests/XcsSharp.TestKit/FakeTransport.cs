using XcsSharp.Rings;
using XcsSharp.Switching;

namespace XcsSharp.TestKit;

/// <summary>The controller's end of a <see cref="FakeGuest"/>'s page and port.</summary>
internal sealed class FakeTransport : IChannelTransport
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

    public void Start(IPortHandler handler)
    {
        _port.Bind(handler);
        _port.Raise();
    }

    public void Unmask() => _port.Unmask();

    public bool Notify() => _guest.OnNotified(this);

    public void Dispose()
    {
        _port.Close();
        Page.Dispose();
    }

    internal void Raise() => _port.Raise();
}
