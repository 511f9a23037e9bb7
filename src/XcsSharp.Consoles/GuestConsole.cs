using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <summary>
/// One console of one life of a domain: its output of late, the terminal, the log and the viewers that read it, and
/// the input that they send. Outlives the guest's channels and rings: a program or driver that ends and another that takes its
/// place write to the same console.
/// </summary>
/// <remarks>
/// Output goes to the backlog at once and to its readers at the end of the loop's turn, so that one write carries many
/// messages and no reader is ever between the guest and its answer; a flood's readers wait for a batch (<see cref="OutputPace"/>).
/// Life: open; ending (the domain or the console is gone, its readers may still take what is left); dropped.
/// </remarks>
public sealed partial class GuestConsole : ITurnEndWork
{
    /// <summary>What a flood's readers get at once, or a quarter of the backlog: gathering must not cost them bytes.</summary>
    private const int BatchBytes = 16 * 1024;

    private static readonly TimeSpan s_drainLook = TimeSpan.FromMilliseconds(50);

    private readonly ConsoleHandler _handler;
    private readonly ConsoleInput _input = new();
    private readonly ConsolePty? _pty;
    private readonly ConsoleSocket? _socket;
    private readonly ConsoleLogFile? _log;
    private readonly ConsoleJournal? _journal;
    private readonly InputRecorder? _typed;

    // Made with the first output or the first who types: of a thousand guests most print nothing for days.
    private WriterSeat? _seat;
    private OutputTimes? _times;
    private OutputPace? _pace;
    private ControlChannel? _channel;
    private ConsoleStream? _stream;
    private LoopTimer? _linger;
    private long _endedAt;
    private ulong _lostByDeparted;
    private bool _isPumpQueued;
    private bool _isDropped;
    private bool _isForgotten;
    private bool _hasFullName;

    /// <param name="handler">Of all consoles.</param>
    /// <param name="id">Which one.</param>
    /// <param name="historyWish">What its toolstack asks for.</param>
    /// <param name="before">What the daemon before has left of it; null: nothing.</param>
    /// <param name="left">What one that was killed has left of it, or one whose disk was not done; null: nothing.</param>
    internal GuestConsole(ConsoleHandler handler, ConsoleId id, long? historyWish, ConsoleState? before = null, SpooledConsole? left = null)
    {
        _handler = handler;
        Id = id;
        int history = handler.Options.HistoryFor(historyWish);
        Backlog = before is not null ? RestoreHistory(before.History)
            : left is not null ? left.MakeHistory(history, handler.Options.BootBytes, handler.Histories)
            : new Backlog(history, handler.Options.BootBytes, handler.Histories);

        // A control channel's console goes by its domain's name alone where no ring has that name.
        _hasFullName = !id.IsControl || handler.Find(id with { Number = 0 }) is not null;
        _pty = handler.Links is null ? null : new ConsolePty(handler.Loop, handler.Links, this, handler.Options.TerminalOutput, handler.Log);
        _socket = handler.Sockets is null ? null : new ConsoleSocket(handler.Sockets, this);
        _log = handler.Logs?.Open(this);
        _typed = handler.Logs?.Typed?.Open(this);
        _journal = handler.Journal is null ? null : new ConsoleJournal(handler.Journal, this);
        if (before is not null)
        {
            Restore(before, handler.Handed!.Source, left);
        }
        else if (left is not null)
        {
            GoOnWith(left);
        }
    }

    internal ConsoleHandler Handler => _handler;

    /// <summary>Which of its viewers types.</summary>
    internal WriterSeat Seat => _seat ??= new WriterSeat(_viewers);

    /// <summary>How long ago somebody last typed at the terminal; null: never.</summary>
    internal TimeSpan? TerminalTypedAgo => _pty?.TypedAgo;

    /// <summary>Which one it is.</summary>
    public ConsoleId Id { get; }

    public GuestDomain Domain => Id.Domain;

    /// <summary>What follows the domain's name in the console's name of now, and in its link's.</summary>
    public string Suffix => _hasFullName ? Id.Suffix : "";

    /// <summary>What operators call it now: <c>web</c>, <c>web#1</c>, <c>web#control</c>.</summary>
    public string Name => Domain.Name + Suffix;

    /// <summary>True when input can not reach the guest, whoever types.</summary>
    public bool IsOutputOnly => _stream is { TakesInput: false };

    /// <summary>The output of late.</summary>
    public Backlog Backlog { get; }

    /// <summary>When it came.</summary>
    public OutputTimes Times => _times ??= new OutputTimes(_handler.Loop.Clock);

    /// <summary>Bytes from the guest.</summary>
    public ulong BytesOut => (ulong)Backlog.End;

    /// <summary>Bytes given to the guest's channel or ring.</summary>
    public ulong BytesIn => _input.BytesSent;

    /// <summary>Bytes of output missed by the terminal, the journal, viewers and readers of <c>LOG</c>, of now and before, added up.</summary>
    public ulong BytesDropped
    {
        get
        {
            ulong lost = _lostByDeparted + (_pty?.Lost ?? 0) + (_journal?.Lost ?? 0);
            foreach (ConsoleViewer viewer in _viewers)
            {
                lost += viewer.Reader.Lost;
            }

            foreach (LogViewer viewer in _logViewers)
            {
                lost += viewer.Dropped;
            }

            return lost;
        }
    }

    /// <summary>Gap marks that terminals, viewers, the log, the journal and readers of <c>LOG</c> were given, by this daemon.</summary>
    public ulong Gaps => Backlog.Gaps;

    /// <summary>The log's file, which its first byte makes; null when there are no logs.</summary>
    public string? LogPath => _log?.Path;

    /// <summary>Bytes of output that are in the log.</summary>
    public ulong BytesLogged => _log?.BytesLogged ?? 0;

    /// <summary>Bytes of output that the log has missed because the disk was slow or full.</summary>
    public ulong BytesNotLogged => _log?.BytesLost ?? 0;

    /// <summary>Bytes of input of departed viewers that found no room.</summary>
    public ulong InputDropped => _input.BytesDropped;

    /// <summary>Terminals, viewers and departed viewers whose input waits for the guest.</summary>
    internal int InputsWaiting => _input.Waiting;

    /// <summary>The stable link to the terminal, or null.</summary>
    public string? PtyLink => _pty?.Link;

    /// <summary>The console's own socket, or null.</summary>
    public string? SocketPath => _socket?.Path;

    /// <summary>The terminal that the link points to now, or null.</summary>
    public string? PtyDevice => _pty?.Device;

    /// <summary>Terminals opened so far; more than 1 when somebody hung one up.</summary>
    public int PtysOpened => _pty?.Opened ?? 0;

    /// <summary>Somebody reads its output as that of a log, also after its end.</summary>
    internal bool IsReadAsLog => _logViewers.Count > 0;

    /// <summary>True once the domain, or this console of it, is gone.</summary>
    public bool IsEnding { get; private set; }

    /// <summary>Output of the guest.</summary>
    /// <param name="data">All of it; the guest may write over it afterwards.</param>
    /// <param name="outputIndex">The guest's count behind it, where it has one.</param>
    internal void Append(ReadOnlySpan<byte> data, uint outputIndex = 0)
    {
        Spool(data, outputIndex);
        Times.Note(Backlog, _handler.Loop.Now);
        _log?.OnArriving(data);
        Backlog.Append(data);
        _pace ??= new OutputPace(this, Math.Min(BatchBytes, Backlog.Limit / 4));
        _pace.Add(data.Length);
        QueuePump();
    }

    /// <summary>Input from a terminal or a viewer.</summary>
    internal void AddInput(InputSource source, ReadOnlySpan<byte> data)
    {
        if (!IsEnding && !IsOutputOnly)
        {
            _typed?.Note(source, data);
            _input.Add(source, data);
        }
    }

    /// <summary>Input that was noted already.</summary>
    internal void GoOnWith(InputSource source, ReadOnlySpan<byte> data) => _input.Add(source, data);

    internal void OnChannelOpened(ControlChannel channel)
    {
        _channel = channel;
        _input.Sink = new ChannelSink(_handler, channel);
    }

    internal void OnChannelClosed(ControlChannel channel)
    {
        // A successor may have been announced before its predecessor was closed.
        if (ReferenceEquals(_channel, channel))
        {
            _channel = null;
            _input.Sink = null;
        }
    }

    internal void OnRequestRoom(ControlChannel channel)
    {
        if (ReferenceEquals(_channel, channel))
        {
            _input.OnRoom();
        }
    }

    internal void OnStreamOpened(ConsoleStream stream)
    {
        _stream = stream;
        if (_takenBefore is uint index)
        {
            _takenBefore = null;
            stream.GoOnFrom(index);
        }

        _input.Sink = new StreamSink(stream);
        stream.PublishTerminal(PtyDevice);
    }

    internal void OnStreamClosed(ConsoleStream stream)
    {
        if (ReferenceEquals(_stream, stream))
        {
            _input.Sink = null;

            // One that was put aside stays a place where tools look for the terminal.
            _stream = stream.State == ChannelState.Closed ? null : stream;
        }
    }

    internal void OnStreamRoom(ConsoleStream stream)
    {
        if (ReferenceEquals(_stream, stream))
        {
            _input.OnRoom();
        }
    }

    /// <summary>Another terminal than before, or none.</summary>
    internal void OnTerminalChanged(string? device) => _stream?.PublishTerminal(device);

    /// <summary>The domain's name alone means another console from now on.</summary>
    internal void TakeFullName()
    {
        _hasFullName = true;
        OnRenamed();
    }

    internal void OnRenamed()
    {
        _pty?.OnRenamed();
        _socket?.OnRenamed();
        _log?.OnRenamed();
        _journal?.OnRenamed();
    }

    /// <summary>Its output is kept no longer.</summary>
    internal void Forget()
    {
        _isForgotten = true;
        if (_isDropped)
        {
            Backlog.Clear();
        }
    }

    /// <summary>Has the readers served at the end of this turn, whatever there is.</summary>
    internal void PumpSoon()
    {
        _pace?.Urge();
        QueuePump();
    }

    /// <summary>The domain or this console of it is gone. What is left goes to whoever reads, within <see cref="ConsoleOptions.LingerTimeout"/>.</summary>
    internal void End()
    {
        IsEnding = true;
        Backlog.OnEnded();
        foreach (LogViewer viewer in _logViewers)
        {
            viewer.Reader.EndAt(Backlog.End);
        }

        _channel = null;
        _stream = null;
        _input.Sink = null;
        _pty?.Unlink();
        _socket?.Dispose();
        _endedAt = _handler.Loop.Clock.GetTimestamp();
        _linger = _handler.Loop.CreateTimer(PumpSoon);
        _typed?.Finish();
        _log?.Finish();
        _journal?.Finish();
        PumpSoon();
    }

    /// <summary>Closes the terminal, the log and the viewers that are left, at once.</summary>
    internal void Drop()
    {
        if (_isDropped)
        {
            return;
        }

        _isDropped = true;
        _linger?.Cancel();
        _pace?.Stop();
        _handler.Log.ConsoleEnded(Name, BytesOut, BytesIn, BytesDropped);
        foreach (ConsoleViewer viewer in _viewers)
        {
            viewer.Dispose();
        }

        _viewers.Clear();
        _pty?.Dispose();
        _socket?.Dispose();
        _typed?.Finish();
        _log?.Dispose();
        _journal?.Dispose();

        // Where it is kept, it says how far these came at last.
        NoteReaders();
        Spooled?.Release();
        Spooled = null;
        _handler.OnDropped(this);
        if (_isForgotten)
        {
            Backlog.Clear();
        }
    }

    void ITurnEndWork.OnTurnEnd()
    {
        _isPumpQueued = false;
        if (_isDropped || _pace is not null && _pace.Waits())
        {
            return;
        }

        _pty?.Pump();
        _log?.Pump();
        _journal?.Pump();
        foreach (ConsoleViewer viewer in _viewers)
        {
            viewer.Pump();
        }

        PumpLogs();
        NoteReaders();
        if (IsEnding)
        {
            FinishReaders();
        }
    }

    private void QueuePump()
    {
        if (!_isPumpQueued && !_isDropped)
        {
            _isPumpQueued = true;
            _handler.Loop.AtTurnEnd(this);
        }
    }

    private void FinishReaders()
    {
        FinishViewers();
        bool isPtyDone = _pty?.LooksDrained(s_drainLook) ?? true;
        TimeSpan left = _handler.Options.LingerTimeout - _handler.Loop.Clock.GetElapsedTime(_endedAt);
        bool isLogDone = (_log?.IsClosed ?? true) && (_journal?.IsClosed ?? true);
        if ((_viewers.Count + _logViewers.Count == 0 && isPtyDone && isLogDone) || left <= TimeSpan.Zero)
        {
            Drop();
            return;
        }

        // Viewers say when they have room, and the log when it is closed. A terminal does not say when its reader has taken the last byte.
        _linger!.Schedule(isPtyDone || left < s_drainLook ? left : s_drainLook);
    }
}
