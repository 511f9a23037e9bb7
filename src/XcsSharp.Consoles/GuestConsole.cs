using XcsSharp.Protocol.Operator;
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
/// messages and no reader is ever between the guest and its answer. A guest that floods, and only that one, has its readers
/// wait for a batch: each write to a terminal wakes its reader up, and costs more than the bytes do. What comes first in a
/// window of <see cref="s_window"/> is passed on at once; when it becomes more than a ring's content, the rest gathers.
/// Life: open; ending (the domain or the console is gone, its readers may still take what is left); dropped.
/// </remarks>
public sealed class GuestConsole : ITurnEndWork
{
    /// <summary>So much output in a window, a console ring's content, is a flood; less is pumped at once.</summary>
    private const int FloodBytes = 2048;

    /// <summary>What a flood's readers get at once, or a quarter of the backlog: gathering must not cost them bytes.</summary>
    private const int BatchBytes = 16 * 1024;

    /// <summary>The longest that a flood's readers wait; no eye sees it.</summary>
    private static readonly TimeSpan s_window = TimeSpan.FromMilliseconds(16);

    private static readonly TimeSpan s_drainLook = TimeSpan.FromMilliseconds(50);

    private readonly ConsoleHandler _handler;
    private readonly List<ConsoleViewer> _viewers = [];
    private readonly ConsoleInput _input = new();
    private readonly int _batchBytes;
    private readonly ConsolePty? _pty;
    private readonly ConsoleLogFile? _log;
    private ControlChannel? _channel;
    private ConsoleStream? _stream;
    private LoopTimer? _linger;
    private LoopTimer? _batch;
    private int _unpumped;
    private int _pumpedInWindow;
    private long _windowStart;
    private long _endedAt;
    private ulong _lostByDeparted;
    private bool _isPumpQueued;
    private bool _isPumpUrgent;
    private bool _isDropped;
    private bool _hasFullName;

    internal GuestConsole(ConsoleHandler handler, ConsoleId id)
    {
        _handler = handler;
        Id = id;
        Backlog = new Backlog(handler.Options.BacklogBytes);
        _batchBytes = Math.Min(BatchBytes, Backlog.Limit / 4);

        // A control channel's console goes by its domain's name alone where no ring has that name.
        _hasFullName = !id.IsControl || handler.Find(id with { Number = 0 }) is not null;
        _pty = handler.Links is null ? null : new ConsolePty(handler.Loop, handler.Links, this, handler.Log);
        _log = handler.Logs?.Open(this);
    }

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

    /// <summary>Bytes from the guest.</summary>
    public ulong BytesOut => (ulong)Backlog.End;

    /// <summary>Bytes given to the guest's channel or ring.</summary>
    public ulong BytesIn => _input.BytesSent;

    /// <summary>Bytes of output missed by the terminal and by viewers, of now and before, added up.</summary>
    public ulong BytesDropped
    {
        get
        {
            ulong lost = _lostByDeparted + (_pty?.Cursor.Lost ?? 0);
            foreach (ConsoleViewer viewer in _viewers)
            {
                lost += viewer.Cursor.Lost;
            }

            return lost;
        }
    }

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

    public int Viewers => _viewers.Count;

    /// <summary>True when it has as many viewers as it may have.</summary>
    public bool IsFull => _viewers.Count >= _handler.Options.MaxViewersPerConsole;

    /// <summary>The stable link to the terminal, or null.</summary>
    public string? PtyLink => _pty?.Link;

    /// <summary>The terminal that the link points to now, or null.</summary>
    public string? PtyDevice => _pty?.Device;

    /// <summary>Terminals opened so far; more than 1 when somebody hung one up.</summary>
    public int PtysOpened => _pty?.Opened ?? 0;

    /// <summary>True once the domain, or this console of it, is gone.</summary>
    public bool IsEnding { get; private set; }

    /// <summary>Output of the guest.</summary>
    internal void Append(ReadOnlySpan<byte> data)
    {
        Backlog.Append(data);
        _unpumped += data.Length;
        QueuePump();
    }

    /// <summary>Input from a terminal or a viewer.</summary>
    internal void AddInput(InputSource source, ReadOnlySpan<byte> data)
    {
        if (!IsEnding && !IsOutputOnly)
        {
            _input.Add(source, data);
        }
    }

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
        _log?.OnRenamed();
    }

    /// <summary>Makes a stream a viewer of this console. Not when it <see cref="IsFull"/>.</summary>
    /// <param name="stream">Owned by the viewer from here on.</param>
    /// <param name="replay">Where it begins.</param>
    /// <param name="ended">Called once, when the connection has ended in whatever way.</param>
    internal ConsoleViewer Attach(UnixStream stream, ReplayFrom replay, Action ended)
    {
        long position = replay switch
        {
            ReplayFrom.Oldest => Backlog.Start,
            ReplayFrom.Newest => Backlog.End,
            _ => Math.Max(Backlog.Start, Backlog.End - OperatorProtocol.RecentBytes),
        };
        var viewer = new ConsoleViewer(this, stream, position, ended);
        _viewers.Add(viewer);
        PumpSoon();
        return viewer;
    }

    /// <summary>A viewer's connection has ended; input that it sent before still goes to the guest.</summary>
    internal void Remove(ConsoleViewer viewer, StreamEnd why)
    {
        if (!_viewers.Remove(viewer))
        {
            return;
        }

        _lostByDeparted += viewer.Cursor.Lost;
        _input.Abandon(viewer.Source);
        _handler.Log.ViewerLeft(Name, why);
        if (IsEnding)
        {
            PumpSoon();
        }
    }

    /// <summary>Has the readers served at the end of this turn, whatever there is.</summary>
    internal void PumpSoon()
    {
        _isPumpUrgent = true;
        QueuePump();
    }

    /// <summary>The domain or this console of it is gone. What is left goes to whoever reads, within <see cref="ConsoleOptions.LingerTimeout"/>.</summary>
    internal void End()
    {
        IsEnding = true;
        _channel = null;
        _stream = null;
        _input.Sink = null;
        _pty?.Unlink();
        _endedAt = _handler.Loop.Clock.GetTimestamp();
        _linger = _handler.Loop.CreateTimer(PumpSoon);
        _log?.Finish();
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
        _batch?.Cancel();
        _handler.Log.ConsoleEnded(Name, BytesOut, BytesIn, BytesDropped);
        foreach (ConsoleViewer viewer in _viewers)
        {
            viewer.Dispose();
        }

        _viewers.Clear();
        _pty?.Dispose();
        _log?.Dispose();
        _handler.OnDropped(this);
    }

    void ITurnEndWork.OnTurnEnd()
    {
        _isPumpQueued = false;
        if (_isDropped || WaitsForBatch())
        {
            return;
        }

        _pty?.Pump();
        _log?.Pump();
        foreach (ConsoleViewer viewer in _viewers)
        {
            viewer.Pump();
        }

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

    private bool WaitsForBatch()
    {
        TimeSpan left = LeftOfWindow();
        if (!_isPumpUrgent && _pumpedInWindow > 0 && _pumpedInWindow + _unpumped >= FloodBytes && _unpumped < _batchBytes)
        {
            _batch ??= _handler.Loop.CreateTimer(PumpSoon);
            if (!_batch.IsScheduled)
            {
                _batch.Schedule(left);
            }

            return true;
        }

        _isPumpUrgent = false;
        _pumpedInWindow += _unpumped;
        _unpumped = 0;
        _batch?.Cancel();
        return false;
    }

    private TimeSpan LeftOfWindow()
    {
        long now = _handler.Loop.Now;
        TimeSpan left = s_window - _handler.Loop.Clock.GetElapsedTime(_windowStart, now);
        if (left > TimeSpan.Zero)
        {
            return left;
        }

        _windowStart = now;
        _pumpedInWindow = 0;
        return s_window;
    }

    private void FinishReaders()
    {
        for (int i = _viewers.Count - 1; i >= 0; i--)
        {
            ConsoleViewer viewer = _viewers[i];
            if (viewer.Cursor.IsAtEnd)
            {
                _viewers.RemoveAt(i);
                _lostByDeparted += viewer.Cursor.Lost;
                viewer.Finish();
            }
        }

        bool isPtyDone = _pty?.LooksDrained() ?? true;
        TimeSpan left = _handler.Options.LingerTimeout - _handler.Loop.Clock.GetElapsedTime(_endedAt);
        bool isLogDone = _log?.IsClosed ?? true;
        if ((_viewers.Count == 0 && isPtyDone && isLogDone) || left <= TimeSpan.Zero)
        {
            Drop();
            return;
        }

        // Viewers say when they have room, and the log when it is closed. A terminal does not say when its reader has taken the last byte.
        _linger!.Schedule(isPtyDone || left < s_drainLook ? left : s_drainLook);
    }
}
