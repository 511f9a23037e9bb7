using XcsSharp.Rings;

namespace XcsSharp.Switching;

/// <summary>
/// One console of one life of a domain, from the offer of its ring to its end: takes the output to whoever has attached
/// to consoles, and puts input.
/// </summary>
/// <remarks>
/// Loop thread only. Owns its transport.
/// A drain takes one share and, when it found anything, looks again behind all others; only a look that finds nothing
/// unmasks the port, and looks once more, because the guest may have signalled a masked port in between. So
/// a guest that writes on and on is served without an event, and costs neither a wake-up nor an unmask for each ring-full.
/// Invariants
/// 1. While the stream is open, it is in the line for a turn, waits at the gate, or its port is unmasked and the ring was
///    looked at since: no output is forgotten. (Without a subscriber none of these: the output stays in the ring.)
/// 2. Once the state is not <see cref="ChannelState.Open"/> the ring is never looked at again.
/// 3. The guest is notified once for all that some drains moved, and never for nothing: Linux takes a signal without
///    progress for a spurious one and slows its interrupts down. At the latest: when a look finds nothing, after a share,
///    after <see cref="DrainsANotify"/> drains, and after the drain that follows input.
/// </remarks>
public sealed class ConsoleStream : IPortHandler, ITurnTaker
{
    /// <summary>Numbers are 0 for the primary console and up to this for secondary ones.</summary>
    public const int MaxNumber = 9;

    /// <summary>A share: eight ring-fulls.</summary>
    private const int BytesATurn = 16 * 1024;

    /// <summary>A guest that waits to be told of room prints nothing; but one may print and wait for something else.</summary>
    private const int DrainsANotify = 4;

    /// <summary>A dead domain's ring holds far less; a living one that is taken away may write on meanwhile.</summary>
    private const int MostLastBytes = 256 * 1024;

    private readonly ChannelContext _context;
    private readonly IConsoleTransport _transport;
    private int _prepaid;
    private int _drainsSinceNotify;
    private bool _isStarted;
    private bool _isMasked;
    private bool _isDraining;
    private bool _isInTurn;
    private bool _isThrottled;
    private bool _hasMoved;
    private bool _hasPut;
    private bool _wantsRoom;
    private bool _isEnding;

    internal ConsoleStream(ChannelContext context, GuestDomain domain, IConsoleTransport transport)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)transport.Number, (uint)MaxNumber, nameof(transport));
        _context = context;
        _transport = transport;
        Domain = domain;
        Number = transport.Number;
        LocalPort = transport.LocalPort;
        RemotePort = transport.RemotePort;
        TakesInput = transport.TakesInput;
        HistoryWish = transport.HistoryWish;

        // A guest that found its ring full waits for a signal; a daemon that was killed before it gave it leaves that guest waiting for ever.
        _hasMoved = transport.WasUsed;
    }

    public GuestDomain Domain { get; }

    /// <summary>0: the primary console; 1..<see cref="MaxNumber"/>: a secondary one.</summary>
    public int Number { get; }

    /// <summary>dom0's end of the event channel.</summary>
    public int LocalPort { get; }

    /// <summary>The guest's end; 0 when there is none.</summary>
    public int RemotePort { get; }

    /// <summary>False: <see cref="Put"/> takes nothing, ever.</summary>
    public bool TakesInput { get; }

    /// <inheritdoc cref="IConsoleTransport.HistoryWish"/>
    public long? HistoryWish { get; }

    public ChannelState State { get; private set; }

    /// <summary>What the guest did, while the state is <see cref="ChannelState.Quarantined"/>.</summary>
    public string? Problem { get; private set; }

    /// <summary>Bytes taken from the guest.</summary>
    public ulong BytesOut { get; private set; }

    /// <summary>Bytes put into the guest's ring.</summary>
    public ulong BytesIn { get; private set; }

    /// <summary>Events of the port.</summary>
    public ulong Events { get; private set; }

    /// <summary>Signals to the guest.</summary>
    public ulong Notifies { get; private set; }

    /// <summary>Gives the guest input, as much as there is room for. It is signalled at the turn's end.</summary>
    /// <returns>How many bytes. When less than all, <see cref="IConsoleSubscriber.OnConsoleRoom"/> follows, unless the stream
    /// is not open or takes no input.</returns>
    public int Put(ReadOnlySpan<byte> input)
    {
        if (State != ChannelState.Open || _isEnding || !TakesInput)
        {
            return 0;
        }

        int count = _transport.Put(input);
        BytesIn += (ulong)count;
        _hasPut |= count > 0;

        // A guest that lies is put aside at its turn, not from inside this call.
        _wantsRoom |= count < input.Length;
        if ((count > 0 || _transport.IsInputCorrupt) && !_isDraining)
        {
            AskForTurn();
        }

        return count;
    }

    /// <inheritdoc cref="IConsoleTransport.PublishTerminal"/>
    public void PublishTerminal(string? device)
    {
        if (State != ChannelState.Closed)
        {
            _transport.PublishTerminal(device);
        }
    }

    /// <inheritdoc cref="IConsoleTransport.OutputIndex"/>
    public uint OutputIndex => _transport.OutputIndex;

    /// <inheritdoc cref="IConsoleTransport.GoOnFrom"/>
    public void GoOnFrom(uint outputIndex)
    {
        _transport.GoOnFrom(outputIndex);

        // Whoever took it had no time to say so.
        _hasMoved = true;
    }

    public override string ToString() => $"console {Number} of {Domain}, port {LocalPort}";

    void IPortHandler.OnPortEvent(int port)
    {
        if (State != ChannelState.Open)
        {
            // Not unmasked again: the port of a quarantined guest wakes nobody any more.
            return;
        }

        Events++;
        _isMasked = true;
        _prepaid = FloodBudget.EventBytes;
        Domain.Budget.Pay(FloodBudget.EventBytes);
        if (!_isInTurn && !_isThrottled)
        {
            Drain();
        }
    }

    void ITurnTaker.OnTurn()
    {
        _isInTurn = false;
        if (State != ChannelState.Open)
        {
            return;
        }

        if (_isThrottled)
        {
            // Input was put; output waits at the gate.
            LookAtInput();
            NotifyIfMoved();
        }
        else
        {
            Drain();
        }
    }

    void ITurnTaker.OnBudget()
    {
        _isThrottled = false;
        if (State == ChannelState.Open && !_isInTurn)
        {
            Drain();
        }
    }

    /// <summary>There is a subscriber, which knows of the stream by now: begins to listen, or goes on.</summary>
    internal void Serve()
    {
        if (State != ChannelState.Open)
        {
            return;
        }

        if (_isStarted)
        {
            AskForTurn();
            return;
        }

        _isStarted = true;
        _transport.Start(this);
    }

    /// <summary>The console or its domain is gone: delivers what it said last, whatever the budget.</summary>
    internal void TakeLastOutput()
    {
        if (State == ChannelState.Open && !_isDraining && _context.Consoles is { } subscriber)
        {
            _isEnding = true;
            int left = MostLastBytes;
            _ = Take(subscriber, ref left);
        }
    }

    /// <summary>
    /// Unbinds and unmaps. Output that was not taken stays in the ring for whoever attaches next. The caller has taken the
    /// stream out of its domain.
    /// </summary>
    internal void Close(string reason)
    {
        if (State == ChannelState.Closed)
        {
            return;
        }

        // What was taken since the last signal is room that the guest may wait for; who serves it next need not know.
        NotifyIfMoved();
        State = ChannelState.Closed;
        _transport.Dispose();

        // Of one that was put aside this is the second word: that it is gone now.
        _context.Consoles?.OnConsoleClosed(this, reason);
    }

    private void Drain()
    {
        if (_context.Consoles is not { } subscriber)
        {
            return;
        }

        _isDraining = true;
        if (Domain.Budget.HasRoom(_context.Now))
        {
            TakeShare(subscriber);
        }
        else
        {
            _isThrottled = true;
            Domain.Budget.Wait(_context.Now);
            _context.Gate.Wait(this);
        }

        LookAtInput();
        _isDraining = false;
        if (!_isInTurn || _isThrottled || _hasPut || ++_drainsSinceNotify >= DrainsANotify)
        {
            NotifyIfMoved();
        }
    }

    private void TakeShare(IConsoleSubscriber subscriber)
    {
        int share = Domain.Budget.Share(BytesATurn);
        int left = share;
        bool tookSome = Take(subscriber, ref left);
        if (!tookSome && _isMasked && State == ChannelState.Open)
        {
            // Before the last look at the ring: what the guest publishes after that look signals the port again.
            _isMasked = false;
            _transport.Unmask();
            tookSome = Take(subscriber, ref left);
        }

        _context.Counters.ConsoleBytesADrain.Add(share - left);
        if (tookSome && State == ChannelState.Open)
        {
            AskForTurn();
            if (left == 0)
            {
                _drainsSinceNotify = DrainsANotify;
            }
        }
    }

    /// <returns>True when there was any output.</returns>
    private bool Take(IConsoleSubscriber subscriber, ref int left)
    {
        bool tookSome = false;
        Span<byte> scratch = _context.ConsoleScratch;
        while (left > 0 && State == ChannelState.Open)
        {
            RingRead read = _transport.TryTake(scratch[..Math.Min(left, scratch.Length)], out int count);
            if (read == RingRead.Corrupt)
            {
                PutAside("its output index is impossible");
            }

            if (read != RingRead.Message)
            {
                break;
            }

            tookSome = true;
            _hasMoved = true;
            left -= count;
            BytesOut += (ulong)count;
            _context.Counters.ConsoleBytes += (ulong)count;
            Pay(count);
            subscriber.OnConsoleOutput(this, scratch[..count]);

            // Now, and not when it was copied out: a daemon that is killed in between must leave it somewhere.
            if (State == ChannelState.Open)
            {
                _transport.GiveRoom();
            }
        }

        return tookSome;
    }

    private void Pay(int count)
    {
        int paid = Math.Min(count, _prepaid);
        _prepaid -= paid;
        Domain.Budget.Pay(count - paid);
    }

    private void LookAtInput()
    {
        if (State != ChannelState.Open)
        {
            return;
        }

        // Whether there is input or not: a lie is seen with the first event after it.
        if (_transport.IsInputCorrupt)
        {
            PutAside("its input index is impossible");
        }
        else if (_wantsRoom)
        {
            _wantsRoom = false;
            _context.Consoles?.OnConsoleRoom(this);
        }
    }

    private void NotifyIfMoved()
    {
        if (!(_hasMoved || _hasPut) || State != ChannelState.Open)
        {
            return;
        }

        _hasMoved = _hasPut = false;
        _drainsSinceNotify = 0;
        Notifies++;

        // The other end may be gone; if it is, the adapter will say so.
        _ = _transport.Notify();
    }

    private void AskForTurn()
    {
        if (!_isInTurn)
        {
            _isInTurn = true;
            _context.Turn.Add(this);
        }
    }

    private void PutAside(string problem)
    {
        if (_isEnding)
        {
            // It goes anyway.
            return;
        }

        State = ChannelState.Quarantined;
        Problem = problem;
        _context.Counters.Quarantines++;
        _context.Lives.ConsolePutAside(this, problem);
        _context.Consoles?.OnConsoleClosed(this, problem);
    }
}
