using XcsSharp.Reactor;
using XcsSharp.Rings;
using XcsSharp.Switching;

namespace XcsSharp.Xen;

/// <summary>The part of a console's transport that is the same for all: the port and its events.</summary>
internal abstract class ConsoleTransport : IConsoleTransport, ITurnEndWork
{
    private readonly EventLoop _loop;
    private readonly EventChannelDevice _device;
    private IPortHandler? _handler;

    /// <param name="loop">Where the first, made-up event is delivered.</param>
    /// <param name="device">Has <paramref name="localPort"/> bound; it is unbound by Dispose.</param>
    /// <param name="localPort">dom0's end.</param>
    protected ConsoleTransport(EventLoop loop, EventChannelDevice device, int localPort)
    {
        _loop = loop;
        _device = device;
        LocalPort = localPort;
    }

    public abstract int Number { get; }

    public int LocalPort { get; }

    public abstract int RemotePort { get; }

    public abstract bool TakesInput { get; }

    public abstract bool WasUsed { get; }

    public virtual long? HistoryWish => null;

    public abstract bool IsInputCorrupt { get; }

    protected bool IsDisposed { get; private set; }

    public void Start(IPortHandler handler)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        _handler = handler;
        _device.SetOwner(LocalPort, handler);
        OnStarting();

        // What had been put there before the port was bound signals nobody.
        _loop.AtTurnEnd(this);
    }

    public void Unmask() => _device.Unmask(LocalPort);

    public virtual bool Notify() => _device.Notify(LocalPort);

    public abstract RingRead TryTake(Span<byte> to, out int count);

    public virtual uint OutputIndex => 0;

    public virtual void GiveRoom()
    {
    }

    public virtual void GoOnFrom(uint outputIndex)
    {
    }

    public abstract int Put(ReadOnlySpan<byte> input);

    public abstract void PublishTerminal(string? device);

    public void Dispose()
    {
        if (IsDisposed)
        {
            return;
        }

        IsDisposed = true;
        _handler = null;

        // The port first: a page without its events is harmless, events without their page are not.
        _device.Unbind(LocalPort);
        Release();
    }

    /// <summary>The made-up event.</summary>
    void ITurnEndWork.OnTurnEnd() => _handler?.OnPortEvent(LocalPort);

    protected virtual void OnStarting()
    {
    }

    /// <summary>Gives back what is behind the port, which is unbound already. Called once.</summary>
    protected abstract void Release();
}
