using XcsSharp.Rings;
using XcsSharp.Switching;
using XcsSharp.TestKit;

namespace XcsSharp.Fuzz.Targets.Played;

/// <summary>dom0's end of a guest's control page, over real rings in a page that the target writes as the guest.</summary>
internal sealed class PlayedChannel(AnonymousPage page, TransportKind kind, int localPort) : IChannelTransport
{
    public TransportKind Kind => kind;

    public int LocalPort => localPort;

    public int RemotePort => 1;

    public ControllerPage Page { get; } = new(new PageView(page));

    public PlayedPort Port { get; } = new(localPort);

    /// <summary>Signals to the guest.</summary>
    public int Notifies { get; private set; }

    public bool IsDisposed { get; private set; }

    public void Start(IPortHandler handler) => Port.Bind(handler);

    public void Unmask() => Port.Unmask();

    public bool Notify()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        Notifies++;
        return true;
    }

    public void Dispose()
    {
        IsDisposed = true;
        Port.Close();
        Page.Dispose();
    }
}
