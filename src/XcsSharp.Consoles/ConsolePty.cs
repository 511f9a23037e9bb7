using Microsoft.Extensions.Logging;

using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// The terminal of one console and the stable link to it. Output that nobody reads stays in the backlog; when the
/// terminal is hung up by somebody (<c>vhangup</c>), another takes its place and goes on where the first one stopped.
/// </summary>
internal sealed class ConsolePty : IPtyOwner, IInputOrigin, IDisposable
{
    /// <summary>The first terminal after a hang-up comes at once; the next ones, and those after a failure, at this pace.</summary>
    private static readonly TimeSpan s_reopenPace = TimeSpan.FromSeconds(1);

    private readonly EventLoop _loop;
    private readonly PtyLinks _links;
    private readonly KeptTerminals? _kept;
    private readonly GuestConsole _console;
    private readonly ILogger _log;
    private readonly InputSource _source;
    private readonly OutputLevel _output;
    private LoopTimer? _reopen;
    private ConsoleReader? _reader;
    private string? _linkName;
    private PseudoTerminal? _terminal;
    private long _openedAt;
    private long? _typedAt;
    private long? _emptySince;
    private bool _isFull;
    private bool _isUnlinked;
    private bool _hasFailed;

    internal ConsolePty(EventLoop loop, PtyLinks links, GuestConsole console, OutputLevel output, ILogger log)
    {
        _loop = loop;
        _links = links;
        _kept = console.Handler.Terminals;
        _console = console;
        _log = log;
        _source = new InputSource(this);
        _output = output;
        Open();
    }

    /// <summary>Bytes of output that the terminal has missed.</summary>
    internal ulong Lost => _reader?.Lost ?? 0;

    /// <summary>The stable link, or null.</summary>
    internal string? Link => _linkName is null ? null : _links.PathOf(_linkName);

    /// <summary>Terminals opened so far: 1 until the first is hung up.</summary>
    internal int Opened { get; private set; }

    /// <summary>The terminal that the link points to now, or null.</summary>
    internal string? Device => _terminal?.SlavePath;

    /// <summary>How long ago somebody last typed here; null: never.</summary>
    internal TimeSpan? TypedAgo => _typedAt is long at ? _loop.Clock.GetElapsedTime(at, _loop.Now) : null;

    /// <summary>
    /// True when everything is written and the terminal's reader has taken it: closing a terminal throws away what
    /// was not read, and a guest's last words are the ones that matter.
    /// </summary>
    /// <remarks>
    /// Two looks, some time apart: a reader that has emptied its side asks the kernel's worker for more a moment later, and a look in between finds
    /// nothing. The time counts, not the looks: whatever ends at the same moment makes us look again.
    /// </remarks>
    internal bool LooksDrained(TimeSpan apart)
    {
        if (_terminal is null)
        {
            return true;
        }

        if (!(_reader?.IsAtEnd ?? _console.Backlog.End == 0) || _terminal.HasUnread)
        {
            _emptySince = null;
            return false;
        }

        long now = _loop.Clock.GetTimestamp();
        _emptySince ??= now;
        return _loop.Clock.GetElapsedTime(_emptySince.Value, now) >= apart;
    }

    /// <summary>Writes as much of the backlog as the terminal takes.</summary>
    internal void Pump()
    {
        if (_reader is null && _console.Backlog.End == 0)
        {
            return;
        }

        // Made with the first output: of a thousand guests most print nothing for days.
        _reader ??= new ConsoleReader(_console.Backlog, position: 0, _output);
        while (_terminal is { } terminal && !_isFull)
        {
            ReadOnlySpan<byte> data = _reader.Peek();
            if (data.IsEmpty)
            {
                return;
            }

            int taken = terminal.TryWrite(data);
            _isFull = taken < data.Length;
            _reader.Advance(taken);
        }
    }

    /// <summary>What comes next; null: from the first byte on.</summary>
    internal ReaderState? Place => _reader?.Describe();

    /// <summary>Position that the terminal has come to.</summary>
    internal long Position => _reader?.Position ?? 0;

    /// <summary>What was typed here and the guest has not got.</summary>
    internal ReadOnlySpan<byte> HeldInput => _source.Peek(_source.Count);

    /// <summary>Goes on where the daemon before was.</summary>
    internal void Restore(ReaderState? place, ReadOnlySpan<byte> input)
    {
        _reader = place is null ? null : ConsoleReader.Restore(_console.Backlog, place, _output);
        _console.GoOnWith(_source, input);
    }

    /// <summary>The console may have another name now.</summary>
    internal void OnRenamed()
    {
        string wanted = ConsoleFileNames.BaseFor(_console.Domain.Name, _console.Domain.Domid) + _console.Suffix;
        if (_terminal is not null && !_isUnlinked && _linkName != wanted)
        {
            Relink(_terminal);
        }
    }

    /// <summary>The domain is gone: its name may be another's from now on.</summary>
    internal void Unlink()
    {
        _isUnlinked = true;
        _reopen?.Cancel();
        RemoveLink();
    }

    public void OnInput(PseudoTerminal pty, ReadOnlySpan<byte> bytes)
    {
        _typedAt = _loop.Now;
        if (!_console.Seat.IsExclusive)
        {
            _console.AddInput(_source, bytes);
        }
    }

    public void OnWritable(PseudoTerminal pty)
    {
        _isFull = false;
        _console.PumpSoon();
    }

    public void OnLost(PseudoTerminal pty)
    {
        _log.TerminalLost(_console.Name);
        Close();
        if (_isUnlinked)
        {
            // The domain is gone: nobody could find another terminal.
            _console.PumpSoon();
        }
        else if (_loop.Clock.GetElapsedTime(_openedAt) >= s_reopenPace)
        {
            Open();
        }
        else
        {
            // Somebody who hangs up terminals in a loop must not make us open them in one.
            OpenLater();
        }
    }

    /// <summary>Who has opened it nobody can know.</summary>
    public string RecordedAs => "pty";

    public void PauseInput() => _terminal?.PauseReading();

    public void ResumeInput() => _terminal?.ResumeReading();

    public void Dispose()
    {
        // What has come and was to wait for more.
        Pump();
        _reader?.Dispose();
        if (!_isUnlinked && _terminal is not null && _kept?.TryLeave(_console.Id, _terminal) == true)
        {
            // Another daemon goes on with it; link and key name it all the while.
            _terminal = null;
            return;
        }

        Unlink();
        Close();
        _console.OnTerminalChanged(null);
    }

    private void Open()
    {
        try
        {
            _terminal = _kept?.TryTake(_console.Id, _loop, this) ?? PseudoTerminal.Open(_loop, this);
        }
        catch (IOException failure)
        {
            if (!_hasFailed)
            {
                _hasFailed = true;
                _log.TerminalFailed(_console.Name, s_reopenPace.TotalSeconds, failure.Message);
            }

            OpenLater();
            return;
        }

        _hasFailed = false;
        Opened++;
        _kept?.Add(_console.Id, _terminal);
        _openedAt = _loop.Clock.GetTimestamp();
        if (_source.IsPaused)
        {
            _terminal.PauseReading();
        }

        if (Link is not { } link || !_links.Point(link, _terminal.SlavePath))
        {
            Relink(_terminal);
        }

        _log.TerminalOpened(_console.Name, _terminal.SlavePath, Link ?? "none");
        _console.OnTerminalChanged(_terminal.SlavePath);
        _console.PumpSoon();
    }

    /// <summary>Until then there is no link: the number of the terminal that is closed may be anybody's by now.</summary>
    private void OpenLater()
    {
        RemoveLink();
        _console.OnTerminalChanged(null);
        _reopen ??= _loop.CreateTimer(Open);
        _reopen.Schedule(s_reopenPace);
    }

    private void Relink(PseudoTerminal terminal)
    {
        RemoveLink();
        string? path = _links.Add(_console.Domain.Name, _console.Domain.Domid, _console.Suffix, terminal.SlavePath);
        _linkName = Path.GetFileName(path);
    }

    private void Close()
    {
        if (_terminal is not null)
        {
            _kept?.Remove(_console.Id, _terminal);
            _terminal.Dispose();
        }

        _terminal = null;
        _isFull = false;
    }

    private void RemoveLink()
    {
        if (Link is { } link)
        {
            _links.Remove(link);
            _linkName = null;
        }
    }
}
