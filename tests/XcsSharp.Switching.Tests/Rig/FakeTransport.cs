using XcsSharp.Rings;

namespace XcsSharp.Switching.Tests.Rig;

/// <summary>A mapped page and a port whose other end is a <see cref="FakeGuest"/>.</summary>
internal sealed class FakeTransport(FakeHypervisor hypervisor, FakeGuest guest, TransportKind kind, int localPort)
    : IChannelTransport
{
    public TransportKind Kind => kind;
    public int LocalPort => localPort;
    public int RemotePort => FakeGuest.ControlPort;
    public ControllerPage Page { get; } = new(guest.MapMemory());
    public bool IsDisposed { get; private set; }
    public int Notifies { get; private set; }

    public void Start(IPortHandler handler)
    {
        hypervisor.Register(localPort, handler);
        hypervisor.Signal(localPort);
    }

    public void Unmask() => hypervisor.UnmaskPort(localPort);

    public bool Notify()
    {
        Assert.False(IsDisposed, "a closed channel notified its guest");
        Notifies++;
        return true;
    }

    public void Dispose()
    {
        IsDisposed = true;
        hypervisor.Unregister(localPort);
        Page.Dispose();
    }
}
