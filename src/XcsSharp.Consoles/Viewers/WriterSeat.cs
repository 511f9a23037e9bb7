using XcsSharp.Protocol.Operator;

namespace XcsSharp.Consoles;

/// <summary>
/// The one place from which a console's viewers type: who has it, and who gets it next. Viewers without it read, and what they type is
/// refused. The console's terminal is not among them: whoever opened the device types as on any device.
/// </summary>
/// <remarks>
/// A viewer that may write and finds the seat free has it. The others stand in line: first those that have asked for it and could not get it, then those
/// from whom it was taken, the last one first, then the others as they came. A seat that becomes free goes to the first of the line,
/// so that what was taken over is handed back. One that is given up while nobody stands in line stays free until somebody takes it or comes.
/// </remarks>
/// <param name="viewers">All that are attached to the console, as they came: they are told of each change.</param>
internal sealed class WriterSeat(IReadOnlyList<ConsoleViewer> viewers)
{
    private readonly List<ConsoleViewer> _asked = [];
    private readonly List<ConsoleViewer> _line = [];

    /// <summary>Who may type; null while the seat is free.</summary>
    internal ConsoleViewer? Writer { get; private set; }

    /// <summary>True while its writer keeps everybody else from typing, at the terminal too.</summary>
    internal bool IsExclusive => Writer is { Mode: ViewerMode.Exclusive };

    /// <summary>Who has it and who waits, of those that go on.</summary>
    internal (ulong? Writer, IReadOnlyList<ulong> Line, IReadOnlyList<ulong> Asked) Describe(IReadOnlySet<ulong> left)
        => (Writer is { } writer && left.Contains(writer.Id) ? writer.Id : null, Numbers(_line, left), Numbers(_asked, left));

    /// <summary>Goes on as the daemon before has left it; nobody is told. Who did not come along has left.</summary>
    internal void Restore(ulong? writer, IReadOnlyList<ulong> line, IReadOnlyList<ulong> asked, IReadOnlyDictionary<ulong, ConsoleViewer> known)
    {
        Writer = writer is ulong id ? known.GetValueOrDefault(id) : null;
        _line.AddRange(line.Distinct().Select(known.GetValueOrDefault).OfType<ConsoleViewer>().Where(viewer => viewer != Writer));
        _asked.AddRange(asked.Distinct().Select(known.GetValueOrDefault).OfType<ConsoleViewer>().Where(viewer => viewer != Writer && !_line.Contains(viewer)));
        if (Writer is null && writer is not null)
        {
            Seat(Next());
        }
    }

    private static ulong[] Numbers(IEnumerable<ConsoleViewer> of, IReadOnlySet<ulong> left)
        => [.. of.Select(static viewer => viewer.Id).Where(left.Contains)];

    /// <summary>A viewer has come.</summary>
    internal void Add(ConsoleViewer viewer)
    {
        switch (viewer.Mode)
        {
            case ViewerMode.ReadOnly:
                break;
            case ViewerMode.ReadWrite:
                Enter(viewer);
                break;
            default:
                _ = TryTake(viewer);
                break;
        }

        if (Writer is { } writer && writer != viewer)
        {
            viewer.Notify(NoticeKind.Seat, $"{writer.Who} writes, you read");
        }
    }

    /// <summary>A viewer has left, or may not write any more.</summary>
    internal void Remove(ConsoleViewer viewer)
    {
        _ = _asked.Remove(viewer);
        _ = _line.Remove(viewer);
        if (Writer == viewer)
        {
            Seat(Next());
        }
    }

    /// <summary>A viewer may write from now on: it has the seat if that is free, and otherwise waits.</summary>
    internal void Enter(ConsoleViewer viewer)
    {
        if (Writer == viewer || _line.Contains(viewer) || _asked.Contains(viewer))
        {
            return;
        }

        if (Writer is null)
        {
            Seat(viewer);
        }
        else
        {
            _line.Add(viewer);
        }
    }

    /// <summary>Gives a viewer the seat; who had it is next in line.</summary>
    /// <returns>False when an exclusive writer keeps it; the viewer is then the next after those that asked before.</returns>
    internal bool TryTake(ConsoleViewer viewer)
    {
        if (Writer == viewer)
        {
            return true;
        }

        if (IsExclusive)
        {
            _ = _line.Remove(viewer);
            if (!_asked.Contains(viewer))
            {
                _asked.Add(viewer);
            }

            return false;
        }

        _ = _asked.Remove(viewer);
        _ = _line.Remove(viewer);
        if (Writer is { } before)
        {
            _line.Insert(0, before);
        }

        Seat(viewer);
        return true;
    }

    /// <summary>The writer gives the seat up and goes to the end of the line. Of others: they ask for it no more, and wait.</summary>
    internal void Release(ConsoleViewer viewer)
    {
        if (_asked.Remove(viewer))
        {
            _line.Add(viewer);
        }

        if (Writer == viewer)
        {
            ConsoleViewer? next = Next();
            _line.Add(viewer);
            Seat(next);
        }
    }

    private ConsoleViewer? Next()
    {
        List<ConsoleViewer> from = _asked.Count > 0 ? _asked : _line;
        if (from.Count == 0)
        {
            return null;
        }

        ConsoleViewer next = from[0];
        from.RemoveAt(0);
        return next;
    }

    private void Seat(ConsoleViewer? next)
    {
        ConsoleViewer? before = Writer;
        Writer = next;
        foreach (ConsoleViewer viewer in viewers)
        {
            // Who came to a free seat knows it from the reply.
            string? text = (next, viewer == before) switch
            {
                (null, true) => "you write no more, and nobody else does",
                (null, _) => "nobody writes now",
                ({ } writer, _) when writer == viewer => before is null ? null : "you write now",
                ({ } writer, true) => $"{writer.Who} writes now, you read",
                ({ } writer, _) => $"{writer.Who} writes now",
            };
            if (text is not null)
            {
                viewer.Notify(NoticeKind.Seat, text);
            }
        }
    }
}
