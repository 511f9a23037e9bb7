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
    private readonly GuestConsole _console;
    private readonly ILogger _log;
    private readonly InputSource _source;
    private readonly LoopTimer _reopen;
    private PseudoTerminal? _terminal;
    private long _openedAt;
    private int _emptyLooks;
    private bool _isFull;
    private bool _isUnlinked;
    private bool _hasFailed;

    internal ConsolePty(EventLoop loop, PtyLinks links, GuestConsole console, ILogger log)
    {
        _loop = loop;
        _links = links;
        _console = console;
        _log = log;
        _source = new InputSource(this);
        _reopen = loop.CreateTimer(Open);
        Cursor = new BacklogCursor(console.Backlog, position: 0);
        Open();
    }

    internal BacklogCursor Cursor { get; }

    /// <summary>The stable link, or null.</summary>
    internal string? Link { get; private set; }

    /// <summary>Terminals opened so far: 1 until the first is hung up.</summary>
    internal int Opened { get; private set; }

    /// <summary>The terminal that the link points to now, or null.</summary>
    internal string? Device => _terminal?.SlavePath;

    /// <summary>
    /// True when everything is written and the terminal's reader has taken it: closing a terminal throws away what
    /// was not read, and a guest's last words are the ones that matter.
    /// </summary>
    /// <remarks>Two looks, some time apart: the kernel carries bytes to the reader's side a moment after they were written.</remarks>
    internal bool LooksDrained()
    {
        if (_terminal is null)
        {
            return true;
        }

        _emptyLooks = Cursor.IsAtEnd && _terminal.Unread == 0 ? _emptyLooks + 1 : 0;
        return _emptyLooks >= 2;
    }

    /// <summary>Writes as much of the backlog as the terminal takes.</summary>
    internal void Pump()
    {
        while (_terminal is { } terminal && !_isFull)
        {
            ReadOnlySpan<byte> data = Cursor.Peek();
            if (data.IsEmpty)
            {
                return;
            }

            int taken = terminal.TryWrite(data);
            Cursor.Advance(taken);
            _isFull = taken < data.Length;
        }
    }

    /// <summary>The console may have another name now.</summary>
    internal void OnRenamed()
    {
        string wanted = PtyLinks.NameFor(_console.Domain.Name, _console.Domain.Domid) + _console.Suffix;
        if (_terminal is not null && !_isUnlinked && Path.GetFileName(Link) != wanted)
        {
            Relink(_terminal);
        }
    }

    /// <summary>The domain is gone: its name may be another's from now on.</summary>
    internal void Unlink()
    {
        _isUnlinked = true;
        _reopen.Cancel();
        RemoveLink();
    }

    public void OnInput(PseudoTerminal pty, ReadOnlySpan<byte> bytes) => _console.AddInput(_source, bytes);

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

    public void PauseInput() => _terminal?.PauseReading();

    public void ResumeInput() => _terminal?.ResumeReading();

    public void Dispose()
    {
        Unlink();
        Close();
        _console.OnTerminalChanged(null);
    }

    private void Open()
    {
        try
        {
            _terminal = PseudoTerminal.Open(_loop, this);
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
        _openedAt = _loop.Clock.GetTimestamp();
        if (_source.IsPaused)
        {
            _terminal.PauseReading();
        }

        if (Link is null || !_links.Point(Link, _terminal.SlavePath))
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
        _reopen.Schedule(s_reopenPace);
    }

    private void Relink(PseudoTerminal terminal)
    {
        RemoveLink();
        Link = _links.Add(_console.Domain.Name, _console.Domain.Domid, _console.Suffix, terminal.SlavePath);
    }

    private void Close()
    {
        _terminal?.Dispose();
        _terminal = null;
        _isFull = false;
    }

    private void RemoveLink()
    {
        if (Link is not null)
        {
            _links.Remove(Link);
            Link = null;
        }
    }
}
