using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <content>Who reads the console on the console socket.</content>
public sealed partial class GuestConsole
{
    private readonly List<ConsoleViewer> _viewers = [];
    private readonly List<LogViewer> _logViewers = [];

    internal IReadOnlyList<ConsoleViewer> AllViewers => _viewers;

    public int Viewers => _viewers.Count;

    /// <summary>True when it has as many viewers as it may have.</summary>
    public bool IsFull => _viewers.Count >= _handler.Options.MaxViewersPerConsole;

    /// <summary>Makes a stream a viewer of this console. Not when it <see cref="IsFull"/>.</summary>
    /// <param name="stream">Owned by the viewer from here on.</param>
    /// <param name="wish">What it wants.</param>
    /// <param name="ended">Called once, when the connection has ended in whatever way.</param>
    /// <param name="before">Said before the output; null: nothing.</param>
    /// <param name="mayWrite">Whether it has the right to type here; it is told as read-only if not.</param>
    /// <param name="id">The number of a viewer that goes on from the domain's life before; null: a new one.</param>
    internal ConsoleViewer Attach(UnixStream stream, AttachWish wish, Action ended, byte[]? before = null, ulong? id = null, bool mayWrite = true)
    {
        ConsoleReader reader = ReaderFor(wish.Output, ReplayFrom.Usual, long.MaxValue, before);
        var viewer = new ConsoleViewer(this, stream, reader, wish, id ?? _handler.NextViewerId(), ended) { MayWrite = mayWrite };
        _viewers.Add(viewer);
        Seat.Add(viewer);

        PumpSoon();
        return viewer;
    }

    /// <summary>A viewer that has all of this life goes on with the domain's next one, as the same viewer, if it wants to.</summary>
    private bool TryWaitForNext(ConsoleViewer viewer)
        => TryWaitForNext(viewer.Stream, viewer.Wish with { Viewer = viewer.Wish.Viewer with { Mode = viewer.Mode } }, viewer.Id, viewer.Ended);

    private bool TryWaitForNext(UnixStream stream, AttachWish wish, ulong id, Action ended)
    {
        bool waits = wish.Output.Follow && _handler.Successions.TryAdd(this, stream, ended, (next, line) =>
        {
            // A right is on a name, and a domain with the same UUID may have got another.
            Right right = _handler.Rights.For(Client.At(stream), next.Domain.Name);
            if (next.IsFull || _handler.Rights.ModeInNextLife(next, right, wish.Viewer.Mode) is not ViewerMode mode)
            {
                return false;
            }

            AttachWish again = new(wish.Output with { From = ReplayFrom.Boot }, wish.Viewer with { Mode = mode });
            _ = next.Attach(stream, again, ended, line, id, right >= Right.Write);
            return true;
        });
        if (waits && wish.Viewer.Notices != NoticeForm.None)
        {
            // Otherwise a person sees a console that says nothing and takes nothing. Without room for it there is enough to read.
            string text = $"{Name} has ended; waiting up to {_handler.Options.KeepAfterEnd.TotalSeconds:0.#} s for it to start anew";
            _ = stream.TryWrite(NoticeQueue.Frame(wish.Viewer.Notices, NoticeKind.Waiting, text));
        }

        return waits;
    }

    /// <summary>Somebody comes to a console that has ended: gets what it asks for of its output, and waits for the domain's next life as a viewer.</summary>
    /// <param name="id">The number of the viewer that it becomes then.</param>
    /// <inheritdoc cref="Attach"/>
    internal LogViewer AttachAfterEnd(UnixStream stream, AttachWish wish, ulong id, Action ended)
        => AddLogViewer(
            stream,
            ReaderFor(wish.Output, ReplayFrom.Usual, Backlog.End, before: null),
            (taken, whenEnded) => TryWaitForNext(taken, wish, id, whenEnded),
            ended);

    /// <summary>Sends a stream the output that is asked for. Also of a console that has ended.</summary>
    /// <inheritdoc cref="Attach"/>
    internal LogViewer AttachLog(UnixStream stream, OutputWish wish, Action ended, byte[]? before = null)
    {
        bool goesOn = (wish.Follow || wish.ToEnd) && !IsEnding;
        ConsoleReader reader = ReaderFor(wish, ReplayFrom.Oldest, goesOn ? long.MaxValue : Backlog.End, before);
        return AddLogViewer(
            stream,
            reader,
            (taken, whenEnded) => wish.Follow && _handler.Successions.TryAdd(this, taken, whenEnded, (next, line) =>
            {
                if (_handler.Rights.For(Client.At(taken), next.Domain.Name) < Right.View)
                {
                    return false;
                }

                _ = next.AttachLog(taken, wish with { From = ReplayFrom.Boot }, whenEnded, line);
                return true;
            }),
            ended);
    }

    private LogViewer AddLogViewer(UnixStream stream, ConsoleReader reader, Func<UnixStream, Action, bool> takeOver, Action ended)
    {
        var viewer = new LogViewer(stream, reader, _handler.Departures, _handler.Options.LingerTimeout, Remove, takeOver, ended);
        _logViewers.Add(viewer);
        viewer.Pump();
        return viewer;
    }

    private void Remove(LogViewer viewer)
    {
        if (_logViewers.Remove(viewer))
        {
            _lostByDeparted += viewer.Dropped;
        }

        if (IsEnding)
        {
            PumpSoon();
        }
    }

    private ConsoleReader ReaderFor(OutputWish wish, ReplayFrom usual, long until, byte[]? before)
        => new(Backlog, wish.PositionIn(Backlog, Times, usual), wish.Level ?? _handler.Options.TerminalOutput, until, before);

    /// <summary>A viewer's connection has ended; input that it sent before still goes to the guest.</summary>
    internal void Remove(ConsoleViewer viewer, StreamEnd why)
    {
        if (!_viewers.Remove(viewer))
        {
            return;
        }

        _lostByDeparted += viewer.Reader.Lost;
        Seat.Remove(viewer);
        _input.Abandon(viewer.Source);
        if (_handler.ViewerLines.MaySay(viewer.Peer.Uid))
        {
            _handler.Log.ViewerLeft(Name, viewer.Id, viewer.Who, why);
        }

        if (IsEnding)
        {
            PumpSoon();
        }
    }

    /// <summary>From the last to the first: one that has all it asked for leaves.</summary>
    private void PumpLogs()
    {
        for (int i = _logViewers.Count - 1; i >= 0; i--)
        {
            _logViewers[i].Pump();
        }
    }

    /// <summary>Those that have all of a console that is gone leave, or wait for its next life.</summary>
    private void FinishViewers()
    {
        List<ConsoleViewer> through = _viewers.FindAll(static viewer => viewer.Reader.IsAtEnd);

        // From the last to the first: the seat changes hands no more often than it must.
        for (int i = through.Count - 1; i >= 0; i--)
        {
            _ = _viewers.Remove(through[i]);
            Seat.Remove(through[i]);
            _lostByDeparted += through[i].Reader.Lost;
        }

        // As they came: that is their order in the next life.
        foreach (ConsoleViewer viewer in through)
        {
            if (!TryWaitForNext(viewer))
            {
                viewer.Finish();
            }
        }
    }
}
