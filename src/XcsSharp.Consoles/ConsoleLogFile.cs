using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// The log of one console: a reader like its terminal and its viewers, whose outlet is a file. It writes what the guest
/// printed, raw, and where the disk was slower than the backlog is long a gap mark.
/// </summary>
/// <remarks>
/// The first bytes after a pause are written at once. What comes then is written when <see cref="Enough"/> of it has
/// gathered, and <see cref="s_gather"/> after the last write began at the latest: so a guest that prints much does not
/// cost a write for each ring-full. A write that fails stops this log: tried again after 1 s, then at longer
/// intervals, while there is something to write; reported once. With time stamps, the file is looked at before the first
/// write: a line that the daemon of before has begun goes on, and gets no second stamp.
/// Life: open; finishing (the domain is gone, or the daemon stops: what is left is written at once); closed.
/// </remarks>
internal sealed class ConsoleLogFile : IAppendSource, IDisposable
{
    private const int Enough = 64 * 1024;

    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_firstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_lastRetry = TimeSpan.FromSeconds(30);

    private readonly GuestLogs _logs;
    private readonly GuestConsole _console;
    private readonly ArrivalTimes? _times;
    private readonly int _most;
    private readonly int _enough;

    // Made with the first output: of a thousand guests most print nothing for days.
    private FileReader? _reader;
    private AppendFile? _file;
    private LoopTimer? _gather;
    private LoopTimer? _retry;
    private ConsoleLogFile? _predecessor;
    private ConsoleLogFile? _successor;
    private string? _base;
    private string _name;
    private long _lastWrite;
    private TimeSpan _nextRetry = s_firstRetry;
    private ulong _lostBefore;
    private int _underWay;
    private bool _isWriting;
    private bool _hasFailed;
    private bool _isEndKnown;

    internal ConsoleLogFile(GuestLogs logs, GuestConsole console)
    {
        _logs = logs;
        _console = console;
        _times = logs.HasTimestamps ? new ArrivalTimes() : null;
        _most = Math.Min(Enough, logs.FileBytes);
        _enough = Math.Min(_most, console.Backlog.Limit / 2);
        _lastWrite = logs.Loop.Clock.GetTimestamp() - logs.Loop.Clock.TimestampFrequency;
        (_base, _name) = TakeName();
    }

    internal string Path => _logs.PathOf(_name);

    internal string Name => _name;

    /// <summary>Position of the next byte for it.</summary>
    internal long Position => _reader?.Position ?? 0;

    /// <summary>Bytes of output that are in the file; counted as the guest wrote them, and marks not.</summary>
    internal ulong BytesLogged => _reader?.Settled ?? 0;

    /// <summary>Bytes of output that the file will never have.</summary>
    internal ulong BytesLost => _console.Backlog.End == 0 ? 0 : Reader.Lost;

    /// <summary>True once what is left is the last: the name is the next domain's.</summary>
    internal bool IsFinishing { get; private set; }

    /// <summary>True when all is written, or given up.</summary>
    internal bool IsClosed { get; private set; }

    private FileReader Reader
    {
        get
        {
            if (_reader is null)
            {
                _reader = new FileReader(_console.Backlog, _logs.Output, _times);
                _reader.ForgetPlace();
            }

            return _reader;
        }
    }

    /// <summary>Where the file ends has to be known first: for time stamps, and for a daemon that goes on when this one is killed.</summary>
    private bool MustLook => Reader.IsPlaceUnknown || (!_isEndKnown && _console.Spooled is not null);

    private AppendFile File => _file ??= _logs.OpenFile(this, _name);

    internal LogState? Describe() => _reader?.Describe();

    /// <summary>Goes on behind what the daemon before has written, or was to.</summary>
    /// <param name="state">As it left it; null: it kept no log.</param>
    /// <param name="position">Of the next byte for the file.</param>
    internal void GoOnFrom(LogState? state, long position)
    {
        if (_console.Backlog.End > 0)
        {
            Reader.Restore(state, position);
        }
    }

    /// <summary>Goes on where it was brought to before this daemon began.</summary>
    internal void GoOnWith(SpooledConsole left)
    {
        GoOnFrom(new LogState(left.Record.Logged, left.Record.Filter), left.Record.LogPosition);
        if (left.Log is { } log)
        {
            Reader.GoOnAs(log);
        }
    }

    /// <summary>Output comes, and is not in the backlog yet.</summary>
    internal void OnArriving(ReadOnlySpan<byte> output) => _times?.Add(_console.Backlog.End, output, _logs.WallTime());

    /// <summary>Output has come.</summary>
    internal void Pump()
    {
        if (_isWriting || IsClosed || _predecessor is not null || _retry is { IsScheduled: true })
        {
            return;
        }

        if (_console.Backlog.End == 0 || Reader.IsAtEnd)
        {
            if (IsFinishing)
            {
                Close();
            }
        }
        else if (IsFinishing || Reader.Unread >= _enough)
        {
            Write();
        }
        else if (_gather is not { IsScheduled: true })
        {
            TimeSpan left = s_gather - _logs.Loop.Clock.GetElapsedTime(_lastWrite, _logs.Loop.Now);
            if (left > TimeSpan.Zero)
            {
                _gather ??= _logs.Loop.CreateTimer(Write);
                _gather.Schedule(left);
            }
            else
            {
                Write();
            }
        }
    }

    /// <summary>The domain may have another name now, and then the file is another.</summary>
    internal void OnRenamed()
    {
        if (IsFinishing || LogNames.File(_console.Domain, _logs.BaseFor(_console.Domain), _console.Suffix) == _name)
        {
            return;
        }

        GiveUpBase();
        GiveUpName();
        (_base, _name) = TakeName();
        _file?.MoveTo(Path);
        ForgetEnd();
        _console.Spooled?.NoteLogName(_name);
        Pump();
    }

    /// <summary>Nothing more will come: what is left is written at once, without another word from anybody.</summary>
    internal void Finish()
    {
        IsFinishing = true;
        GiveUpBase();
        TryAgainNow();
    }

    /// <summary>The file's name may stand for another file by now, or the disk may be mended.</summary>
    internal void Reopen()
    {
        if (_predecessor is null && !IsClosed)
        {
            _file?.Reopen();
            _isEndKnown = false;
            TryAgainNow();
        }
    }

    /// <summary>This log writes to the same file; nothing before that one is done.</summary>
    internal void WaitFor(ConsoleLogFile owner)
    {
        _predecessor = owner;
        owner._successor = this;
    }

    public int Fill(Span<byte> buffer)
    {
        // No more than one file has room for: then a write begins one new file at most, and who finds it done can tell (SpooledLog).
        buffer = buffer[..Math.Min(buffer.Length, _most)];
        _underWay = _predecessor is null && !IsClosed && !MustLook ? Reader.Take(buffer) : 0;
        _isWriting = _underWay > 0;
        if (_isWriting && Reader.BehindMark is long behind)
        {
            _console.Spooled?.NoteMark(behind, _underWay);
        }

        return _underWay;
    }

    public void OnLooked(bool? endsInsideLine)
    {
        _isWriting = false;
        _isEndKnown = true;
        Reader.GoOnFrom(endsInsideLine ?? false);
        NotePlace();
        Pump();
    }

    public void OnAppended(AppendResult result)
    {
        _isWriting = false;
        Reader.Settle(_underWay, result.Written);
        NotePlace();
        if (result.Problem is null)
        {
            GoOn();
        }
        else
        {
            Stop(result.Problem);
        }

        Pump();
    }

    /// <summary>Closes the file; what is not written is lost to it, unless the next daemon has it. Either is logged.</summary>
    public void Dispose()
    {
        if (IsClosed)
        {
            return;
        }

        long left = _console.Backlog.End == 0 ? 0 : Reader.Unread + Reader.UnderWay;
        if (left > 0 && _console.Spooled is { IsLeft: true })
        {
            _logs.Log.LogLeft(_console.Name, Path, left);
        }
        else if (left > 0)
        {
            _logs.Log.LogIncomplete(_console.Name, Path, left);
        }

        Close();
    }

    private (string Base, string Name) TakeName()
    {
        string known = _logs.BaseFor(_console.Domain);
        string name = LogNames.File(_console.Domain, known, _console.Suffix);
        _logs.TakeBase(known, _console.Domain);
        _logs.Claim(this, name);
        return (known, name);
    }

    /// <summary>The domain's name may be another's from now on.</summary>
    private void GiveUpBase()
    {
        if (_base is not null)
        {
            _logs.GiveUpBase(_base);
            _base = null;
        }
    }

    private void Write()
    {
        _gather?.Cancel();
        _isWriting = true;
        if (MustLook)
        {
            File.Look();
            return;
        }

        _lastWrite = _logs.Loop.Now;
        File.Append();
    }

    /// <summary>
    /// Tells how far the file is. What is not known of it is not told: then what was told before still holds, and the file has grown.
    /// </summary>
    private void NotePlace()
    {
        if (_console.Spooled is { } place && File.End is { } end)
        {
            place.NoteLog(Reader.Position, (long)Reader.Settled, Reader.Filter, end);
        }
    }

    private void ForgetEnd()
    {
        _isEndKnown = false;
        _reader?.ForgetPlace();
    }

    private void Stop(string problem)
    {
        if (!_hasFailed)
        {
            _hasFailed = true;
            _logs.Log.LogStopped(_console.Name, problem, s_lastRetry.TotalSeconds);
        }

        _retry ??= _logs.Loop.CreateTimer(Pump);
        _retry.Schedule(_nextRetry);
        _nextRetry = _nextRetry * 2 < s_lastRetry ? _nextRetry * 2 : s_lastRetry;
    }

    private void GoOn()
    {
        if (_hasFailed)
        {
            _hasFailed = false;
            _logs.Log.LogGoesOn(_console.Name, Path, BytesLost - _lostBefore);
        }

        // From here on counts what the next failure costs: its first write may wait while the backlog goes on.
        _lostBefore = BytesLost;
        _nextRetry = s_firstRetry;
    }

    private void TryAgainNow()
    {
        _nextRetry = s_firstRetry;
        _retry?.Cancel();
        Pump();
    }

    private void Close()
    {
        IsClosed = true;
        _gather?.Cancel();
        _retry?.Cancel();
        _file?.Dispose();
        GiveUpBase();
        GiveUpName();
        _logs.OnClosed(this);
        if (_successor is { } successor)
        {
            _successor = null;
            successor._predecessor = null;
            successor.Pump();
        }

        _console.PumpSoon();
    }

    private void GiveUpName()
    {
        _logs.GiveUp(this, _name, _predecessor);
        if (_predecessor is not null)
        {
            _predecessor._successor = null;
            _predecessor = null;
        }
    }
}
