using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <summary>
/// The console of one life of a domain: its output of late, the terminal and the viewers that read it, and the
/// input that they send. Outlives the guest's channels: a program that ends and another that takes its place
/// in the same domain write to the same console.
/// </summary>
/// <remarks>
/// Output goes to the backlog at once and to its readers at the end of the loop's turn, so that one write carries many
/// messages and no reader is ever between the guest and its answer.
/// Life: open; ending (the domain is gone, its readers may still take what is left); dropped.
/// </remarks>
public sealed class GuestConsole : ITurnEndWork
{
    private static readonly TimeSpan s_drainLook = TimeSpan.FromMilliseconds(50);

    private readonly ConsoleHandler _handler;
    private readonly List<ConsoleViewer> _viewers = [];
    private readonly ConsoleInput _input;
    private readonly ConsolePty? _pty;
    private LoopTimer? _linger;
    private long _endedAt;
    private ulong _lostByDeparted;
    private bool _isPumpQueued;
    private bool _isDropped;

    internal GuestConsole(ConsoleHandler handler, GuestDomain domain)
    {
        _handler = handler;
        Domain = domain;
        Backlog = new Backlog(handler.Options.BacklogBytes);
        _input = new ConsoleInput(handler);
        _pty = handler.Links is null ? null : new ConsolePty(handler.Loop, handler.Links, this, handler.Log);
    }

    public GuestDomain Domain { get; }

    /// <summary>The output of late.</summary>
    public Backlog Backlog { get; }

    /// <summary>Bytes from the guest.</summary>
    public ulong BytesOut => (ulong)Backlog.End;

    /// <summary>Bytes given to the guest's channel.</summary>
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

    /// <summary>True once the domain is gone.</summary>
    public bool IsEnding { get; private set; }

    /// <summary>Output of the guest.</summary>
    internal void Append(ReadOnlySpan<byte> data)
    {
        Backlog.Append(data);
        PumpSoon();
    }

    /// <summary>Input from a terminal or a viewer.</summary>
    internal void AddInput(InputSource source, ReadOnlySpan<byte> data)
    {
        if (!IsEnding)
        {
            _input.Add(source, data);
        }
    }

    internal void OnChannelOpened(ControlChannel channel) => _input.Channel = channel;

    internal void OnChannelClosed(ControlChannel channel)
    {
        // A successor may have been announced before its predecessor was closed.
        if (ReferenceEquals(_input.Channel, channel))
        {
            _input.Channel = null;
        }
    }

    internal void OnRequestRoom(ControlChannel channel)
    {
        if (ReferenceEquals(_input.Channel, channel))
        {
            _input.OnRoom();
        }
    }

    internal void OnRenamed() => _pty?.OnRenamed();

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
        _handler.Log.ViewerLeft(Domain.Name, why);
        if (IsEnding)
        {
            PumpSoon();
        }
    }

    /// <summary>Has the readers served at the end of this turn.</summary>
    internal void PumpSoon()
    {
        if (!_isPumpQueued && !_isDropped)
        {
            _isPumpQueued = true;
            _handler.Loop.AtTurnEnd(this);
        }
    }

    /// <summary>The domain is gone. What is left goes to whoever reads, within <see cref="ConsoleOptions.LingerTimeout"/>.</summary>
    internal void End()
    {
        IsEnding = true;
        _input.Channel = null;
        _pty?.Unlink();
        _endedAt = _handler.Loop.Clock.GetTimestamp();
        _linger = _handler.Loop.CreateTimer(PumpSoon);
        PumpSoon();
    }

    /// <summary>Closes the terminal and the viewers that are left, at once.</summary>
    internal void Drop()
    {
        if (_isDropped)
        {
            return;
        }

        _isDropped = true;
        _linger?.Cancel();
        _handler.Log.ConsoleEnded(Domain.Name, BytesOut, BytesIn, BytesDropped);
        foreach (ConsoleViewer viewer in _viewers)
        {
            viewer.Dispose();
        }

        _viewers.Clear();
        _pty?.Dispose();
        _handler.OnDropped(this);
    }

    void ITurnEndWork.OnTurnEnd()
    {
        _isPumpQueued = false;
        if (_isDropped)
        {
            return;
        }

        _pty?.Pump();
        foreach (ConsoleViewer viewer in _viewers)
        {
            viewer.Pump();
        }

        if (IsEnding)
        {
            FinishReaders();
        }
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
        if ((_viewers.Count == 0 && isPtyDone) || left <= TimeSpan.Zero)
        {
            Drop();
            return;
        }

        // Viewers say when they have room. A terminal does not say when its reader has taken the last byte.
        _linger!.Schedule(isPtyDone || left < s_drainLook ? left : s_drainLook);
    }
}
