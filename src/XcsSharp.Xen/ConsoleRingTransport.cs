using XcsSharp.Reactor;
using XcsSharp.Rings;

namespace XcsSharp.Xen;

/// <summary>
/// A guest's mapped console ring and its bound port, as the switch gets them. Owned by the stream that is made of it;
/// the adapter only remembers it, to take it back when the guest's ring becomes another.
/// </summary>
internal sealed class ConsoleRingTransport : ConsoleTransport
{
    private readonly ConsoleRing _ring;
    private readonly TerminalKey _terminal;
    private readonly Action<ConsoleRingTransport> _disposed;

    /// <param name="loop">Where the first, made-up event is delivered.</param>
    /// <param name="device">Has <paramref name="localPort"/> bound; it is unbound by Dispose.</param>
    /// <param name="console">Whose console it is.</param>
    /// <param name="localPort">dom0's end.</param>
    /// <param name="remotePort">The guest's end.</param>
    /// <param name="ring">Owned from here on.</param>
    /// <param name="terminal">Where its terminal is made known.</param>
    /// <param name="disposed">Called at the end.</param>
    public ConsoleRingTransport(
        EventLoop loop,
        EventChannelDevice device,
        XenConsole console,
        int localPort,
        int remotePort,
        ConsoleRing ring,
        TerminalKey terminal,
        Action<ConsoleRingTransport> disposed)
        : base(loop, device, localPort)
    {
        Console = console;
        RemotePort = remotePort;
        _ring = ring;
        _terminal = terminal;
        _disposed = disposed;
    }

    public XenConsole Console { get; }

    public override int Number => Console.Number;

    public override int RemotePort { get; }

    public override bool TakesInput => true;

    public override bool WasUsed => _ring.WasUsed;

    public override long? HistoryWish => Console.HistoryWish;

    public override bool IsInputCorrupt
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            return _ring.IsInputCorrupt;
        }
    }

    public override RingRead TryTake(Span<byte> to, out int count)
    {
        // The page is no longer ours, and reading it would end the process.
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return _ring.TryTake(to, out count);
    }

    public override uint OutputIndex => _ring.OutputIndex;

    public override void GiveRoom()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        _ring.GiveRoom();
    }

    public override void GoOnFrom(uint outputIndex)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        _ring.GoOnFrom(outputIndex);
    }

    public override int Put(ReadOnlySpan<byte> input)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return _ring.Put(input);
    }

    /// <summary>The guest may have changed the key of its terminal.</summary>
    public void RestoreTerminal() => _terminal.Restore();

    public override void PublishTerminal(string? device) => _terminal.Publish(device);

    protected override void OnStarting() => _ring.Connect();

    protected override void Release()
    {
        _ring.Dispose();
        _disposed(this);
    }
}
