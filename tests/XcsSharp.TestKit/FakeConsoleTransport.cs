using XcsSharp.Rings;
using XcsSharp.Switching;

namespace XcsSharp.TestKit;

/// <summary>dom0's end of a <see cref="FakeConsole"/>'s page and port.</summary>
internal sealed class FakeConsoleTransport : IConsoleTransport
{
    private readonly FakeConsole _console;
    private readonly FakePort _port;
    private readonly ConsoleRing _ring;

    internal FakeConsoleTransport(FakeConsole console, FakePort port, MappedPage page)
    {
        _console = console;
        _port = port;
        _ring = new ConsoleRing(page);
    }

    public int Number => _console.Number;

    public int LocalPort => _port.Number;

    public int RemotePort => 2;

    public bool TakesInput => _console.TakesInput;

    public bool WasUsed => _ring.WasUsed;

    public long? HistoryWish => _console.HistoryWish;

    public bool IsInputCorrupt
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            return _ring.IsInputCorrupt;
        }
    }

    internal int Unmasks { get; private set; }

    internal bool IsMasked => _port.IsMasked;

    internal bool IsDisposed { get; private set; }

    public void Start(IPortHandler handler)
    {
        _ring.Connect();
        _port.Bind(handler);
        _port.Raise();
    }

    public void Unmask()
    {
        Unmasks++;
        _port.Unmask();
    }

    public bool Notify()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return _console.OnNotified(this);
    }

    public RingRead TryTake(Span<byte> to, out int count)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        RingRead read = _ring.TryTake(to, out count);
        if (read != RingRead.Message)
        {
            _console.Meanwhile?.Invoke();
        }

        return read;
    }

    public uint OutputIndex => _ring.OutputIndex;

    public void GiveRoom()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        _ring.GiveRoom();
        _console.Meanwhile?.Invoke();
    }

    public void GoOnFrom(uint outputIndex) => _ring.GoOnFrom(outputIndex);

    public int Put(ReadOnlySpan<byte> input)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return TakesInput ? _ring.Put(input) : throw new InvalidOperationException("This console takes no input.");
    }

    public void PublishTerminal(string? device) => _console.Terminal = device;

    public void Dispose()
    {
        IsDisposed = true;
        _port.Close();
        _ring.Dispose();
    }

    internal void Raise() => _port.Raise();
}
