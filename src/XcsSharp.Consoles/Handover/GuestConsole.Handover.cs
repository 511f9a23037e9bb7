using XcsSharp.Protocol;
using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <content>What of a console the next daemon goes on with.</content>
public sealed partial class GuestConsole
{
    /// <summary>Leaves all that another daemon can go on with. Nothing but <see cref="Drop"/> may follow.</summary>
    internal ConsoleState Leave(IHandoverSink sink)
    {
        List<ViewerState> viewers = [];
        foreach (ConsoleViewer viewer in _viewers.ToArray())
        {
            ViewerState state = viewer.Describe(sink);
            if (viewer.TryLeave(sink))
            {
                viewers.Add(state);
                _ = _viewers.Remove(viewer);
            }
        }

        (ulong? writer, IReadOnlyList<ulong> line, IReadOnlyList<ulong> asked) = Seat.Describe(viewers.Select(static viewer => viewer.Id).ToHashSet());
        return new ConsoleState(
            Domain.Domid,
            Domain.Uuid,
            Id.Number,
            _hasFullName,
            Backlog.Describe(sink, Times),
            _lostByDeparted,
            Domain.IsGuest ? _input.BytesSent : _stream?.OutputIndex ?? 0,
            _input.BytesDropped,
            Stored(sink, [.. Queued(), .. _input.AbandonedBytes]),
            _pty?.Place,
            Stored(sink, _pty is null ? [] : _pty.HeldInput),
            _log?.Describe(),
            _journal?.Leave(),
            viewers,
            writer,
            line,
            asked);
    }

    /// <summary>Goes on with what the daemon before has left. Before anybody else has come to it.</summary>
    /// <param name="state">The console.</param>
    /// <param name="source">What goes with it.</param>
    /// <param name="left">The same console in the spool, where the log's disk was not done; null: it is not there.</param>
    private void Restore(ConsoleState state, IHandoverSource source, SpooledConsole? left)
    {
        _hasFullName = state.HasFullName;
        _lostByDeparted = state.LostByDeparted;
        _input.Restore(Domain.IsGuest ? state.BytesIn : 0, state.InputDropped, BytesOf(state.Input));
        if (!Domain.IsGuest && state.BytesIn > 0)
        {
            // Nothing is taken out of the hypervisor's ring by reading it: it would come from its oldest byte on, again.
            _takenBefore = (uint)state.BytesIn;
        }

        _pty?.Restore(state.Terminal, BytesOf(state.TerminalInput));
        RestoreLog(state.Log, left);
        if (state.Journal is not null)
        {
            _journal?.Restore(state.Journal);
        }

        Dictionary<ulong, ConsoleViewer> viewers = [];
        foreach (ViewerState viewer in state.Viewers)
        {
            if (Restore(viewer) is { } restored)
            {
                viewers.Add(viewer.Id, restored);
            }
        }

        Seat.Restore(state.Writer, state.SeatLine, state.SeatAsked, viewers);
        PumpSoon();

        byte[] BytesOf(ByteRange? range) => range is null ? [] : source.Read(range);

        ConsoleViewer? Restore(ViewerState state)
        {
            if (source.Take(HandedConsoles.NameOf(state.Id)) is not { } socket)
            {
                return null;
            }

            byte[] unsent = BytesOf(state.Unsent);
            UnixStream stream = new(_handler.Loop, socket, Math.Max(unsent.Length, _handler.Options.ViewerQueueBytes));
            uint uid = stream.Peer.Uid;
            if (_handler.Places.TryTake(uid) is not null)
            {
                stream.Dispose();
                return null;
            }

            AttachWish wish = new(
                new OutputWish(Level: state.Level, Follow: state.Follow), new ViewerWish(state.Mode, state.Notices, state.IsAsked, null));
            ConsoleReader reader = ConsoleReader.Restore(Backlog, state.Reader, state.Level ?? _handler.Options.TerminalOutput);
            ConsoleViewer viewer = new(this, stream, reader, wish, state.Id, () => _handler.Places.GiveBack(uid)) { MayWrite = state.MayWrite };
            _viewers.Add(viewer);
            viewer.GoOn(state, unsent);
            _input.Add(viewer.Source, BytesOf(state.Input));
            return viewer;
        }
    }

    private Backlog RestoreHistory(HistoryState state)
    {
        IHandoverSource source = _handler.Handed!.Source;
        Times.Restore(source.Read(state.Times), state.End);
        return Backlog.Restore(state, _handler.Histories, source.Read(state.Boot), source.Read(state.Newest));
    }

    /// <summary>Everything that can be, is with its readers.</summary>
    internal void PumpAll()
    {
        _pty?.Pump();
        foreach (ConsoleViewer viewer in _viewers)
        {
            viewer.Pump();
        }
    }

    private static ByteRange? Stored(IHandoverSink sink, ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? null : sink.Put(bytes);

    /// <summary>Input that is a request already and found no room in the guest's ring.</summary>
    private byte[] Queued()
    {
        using MemoryStream bytes = new();
        foreach (ControlMessage request in _channel?.WaitingRequests ?? [])
        {
            if (request is { Type: MessageType.Console, Subtype: ConsoleInput.DataSubtype, Id: ConsoleInput.RequestId })
            {
                bytes.Write(request.Data);
            }
        }

        return bytes.ToArray();
    }
}
