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
/// intervals, while there is something to write; reported once.
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
    private readonly BacklogCursor _cursor;
    private readonly AppendFile _file;
    private readonly LoopTimer _gather;
    private readonly LoopTimer _retry;
    private readonly int _enough;
    private ConsoleLogFile? _predecessor;
    private ConsoleLogFile? _successor;
    private string? _base;
    private string _name;
    private long _lastWrite;
    private TimeSpan _nextRetry = s_firstRetry;
    private ulong _lostBefore;
    private int _underWay;
    private bool _isMarkUnderWay;
    private bool _isWriting;
    private bool _hasFailed;

    internal ConsoleLogFile(GuestLogs logs, GuestConsole console)
    {
        _logs = logs;
        _console = console;
        _cursor = new BacklogCursor(console.Backlog, position: 0);
        _enough = Math.Min(Enough, console.Backlog.Limit / 2);
        _gather = logs.Loop.CreateTimer(Write);
        _retry = logs.Loop.CreateTimer(Pump);
        _lastWrite = logs.Loop.Clock.GetTimestamp() - logs.Loop.Clock.TimestampFrequency;
        (_base, _name) = TakeName();
        _file = logs.OpenFile(this, _name);
    }

    internal string Path => _file.Path;

    /// <summary>Bytes of output that are in the file; marks not counted.</summary>
    internal ulong BytesLogged { get; private set; }

    /// <summary>Bytes of output that the file will never have.</summary>
    internal ulong BytesLost => _cursor.Lost;

    /// <summary>True once what is left is the last: the name is the next domain's.</summary>
    internal bool IsFinishing { get; private set; }

    /// <summary>True when all is written, or given up.</summary>
    internal bool IsClosed { get; private set; }

    /// <summary>Output has come.</summary>
    internal void Pump()
    {
        if (_isWriting || IsClosed || _predecessor is not null || _retry.IsScheduled)
        {
            return;
        }

        if (_cursor.IsAtEnd)
        {
            if (IsFinishing)
            {
                Close();
            }
        }
        else if (IsFinishing || _cursor.Unread >= _enough)
        {
            Write();
        }
        else if (!_gather.IsScheduled)
        {
            TimeSpan left = s_gather - _logs.Loop.Clock.GetElapsedTime(_lastWrite, _logs.Loop.Now);
            if (left > TimeSpan.Zero)
            {
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
        _file.MoveTo(_logs.PathOf(_name));
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
            _file.Reopen();
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
        _underWay = 0;
        _isMarkUnderWay = false;
        if (_predecessor is null && !IsClosed)
        {
            ReadOnlySpan<byte> piece = _cursor.Peek();

            // A mark goes alone: only output can be given back when the disk does not take it.
            _isMarkUnderWay = _cursor.IsAtMark;
            while (!piece.IsEmpty && _underWay < buffer.Length)
            {
                piece = piece[..Math.Min(piece.Length, buffer.Length - _underWay)];
                piece.CopyTo(buffer[_underWay..]);
                _underWay += piece.Length;
                if (_isMarkUnderWay)
                {
                    break;
                }

                _cursor.Advance(piece.Length);
                piece = _cursor.Peek();
            }
        }

        _isWriting = _underWay > 0;
        return _underWay;
    }

    public void OnAppended(AppendResult result)
    {
        _isWriting = false;
        if (_isMarkUnderWay)
        {
            _cursor.Advance(result.Written);
        }
        else
        {
            _cursor.StepBack(_underWay - result.Written);
            BytesLogged += (ulong)result.Written;
        }

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

    /// <summary>Closes the file; what is not written is lost to it, which is logged.</summary>
    public void Dispose()
    {
        if (IsClosed)
        {
            return;
        }

        long left = _cursor.Unread + (_isWriting && !_isMarkUnderWay ? _underWay : 0);
        if (left > 0)
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
        _gather.Cancel();
        _isWriting = true;
        _lastWrite = _logs.Loop.Now;
        _file.Append();
    }

    private void Stop(string problem)
    {
        if (!_hasFailed)
        {
            _hasFailed = true;
            _logs.Log.LogStopped(_console.Name, problem, s_lastRetry.TotalSeconds);
        }

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
        _retry.Cancel();
        Pump();
    }

    private void Close()
    {
        IsClosed = true;
        _gather.Cancel();
        _retry.Cancel();
        _file.Dispose();
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
