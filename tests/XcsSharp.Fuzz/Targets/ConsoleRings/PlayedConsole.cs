using XcsSharp.Fuzz.Engine;
using XcsSharp.Fuzz.Targets.Played;
using XcsSharp.Rings;
using XcsSharp.Switching;
using XcsSharp.TestKit;

namespace XcsSharp.Fuzz.Targets.ConsoleRings;

/// <summary>dom0's end of a console ring: each call goes to the real ring and to the model, and both must say the same.</summary>
internal sealed class PlayedConsole(AnonymousPage page, ByteRingModel model, Action meanwhile) : IConsoleTransport
{
    private readonly ConsoleRing _ring = new(new PageView(page));

    public int Number => 0;

    public int LocalPort => 16;

    public int RemotePort => 2;

    public bool TakesInput => true;

    public bool WasUsed => _ring.WasUsed;

    public long? HistoryWish => null;

    public PlayedPort Port { get; } = new(16);

    /// <summary>Signals to the guest.</summary>
    public int Notifies { get; private set; }

    public bool IsDisposed { get; private set; }

    /// <summary>Whose transport this is, once it is known; after it is put aside nothing may be looked at.</summary>
    public ConsoleStream? Stream { get; set; }

    public bool IsInputCorrupt
    {
        get
        {
            ExpectOpen();
            bool isLie = model.LookAtInput();
            Expect.Equal(isLie, _ring.IsInputCorrupt, "the guest's index of input is a lie");
            return isLie;
        }
    }

    public void Start(IPortHandler handler)
    {
        _ring.Connect();
        Port.Bind(handler);
    }

    public void Unmask() => Port.Unmask();

    public bool Notify()
    {
        ExpectOpen();

        // Once without it, for what a daemon before this one may have left unsaid.
        Expect.That(model.HasMoved || (WasUsed && Notifies == 0), "the guest is signalled although nothing moved");
        model.HasMoved = false;
        Notifies++;
        return true;
    }

    public RingRead TryTake(Span<byte> to, out int count)
    {
        ExpectOpen();
        RingRead expected = model.Take(to.Length, out byte[] bytes);
        RingRead read = _ring.TryTake(to, out count);
        Expect.That(read == expected, $"a look for output gives {expected}, not {read}");
        Expect.Same(bytes, to[..count], "output is what the guest wrote");
        if (read != RingRead.Message)
        {
            meanwhile();
        }

        return read;
    }

    public uint OutputIndex => _ring.OutputIndex;

    public void GiveRoom()
    {
        ExpectOpen();
        model.GiveRoom();
        _ring.GiveRoom();
        meanwhile();
    }

    public void GoOnFrom(uint outputIndex)
        => throw new InvalidOperationException("Nobody has taken anything before.");

    public int Put(ReadOnlySpan<byte> input)
    {
        ExpectOpen();
        int expected = model.Put(input);
        int count = _ring.Put(input);
        Expect.Equal(expected, count, "bytes of input put");
        return count;
    }

    public void PublishTerminal(string? device)
    {
    }

    public void Dispose()
    {
        IsDisposed = true;
        Port.Close();
        _ring.Dispose();
    }

    private void ExpectOpen()
        => Expect.That(!IsDisposed && Stream is null or { State: ChannelState.Open }, "a ring is touched that was put aside or closed");
}
