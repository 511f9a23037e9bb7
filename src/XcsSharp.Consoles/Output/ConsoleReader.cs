using System.Buffers;

namespace XcsSharp.Consoles;

/// <summary>
/// What one terminal or viewer gets of a console: the backlog from its place on, its gap marks, and all of it through the
/// reader's <see cref="TerminalFilter"/>.
/// </summary>
/// <remarks>
/// <see cref="Peek"/>, write as much as the outlet takes, <see cref="Advance"/> by that. Text passes without a copy; what had to be filtered and
/// was not taken yet waits here, at most <see cref="Piece"/> and a sequence. Gap marks are the daemon's own words and are not filtered; a
/// sequence that a gap has cut in two is dropped.
/// </remarks>
internal sealed class ConsoleReader : IDisposable
{
    /// <summary>The most output that is filtered at a time.</summary>
    private const int Piece = 4096;

    private readonly BacklogCursor _cursor;
    private readonly TerminalFilter? _filter;
    private byte[]? _filtered;
    private long _pieceStart;
    private int _first;
    private int _end;

    /// <param name="backlog">What is read.</param>
    /// <param name="position">Where to begin, as for a <see cref="BacklogCursor"/>.</param>
    /// <param name="level">What of it passes.</param>
    /// <param name="until">Where to end, though more may come.</param>
    /// <param name="before">The daemon's own words that come first; null: none.</param>
    public ConsoleReader(Backlog backlog, long position, OutputLevel level, long until = long.MaxValue, byte[]? before = null)
    {
        _pieceStart = position;
        if (before is not null)
        {
            _filtered = ArrayPool<byte>.Shared.Rent(before.Length);
            before.CopyTo(_filtered, 0);
            _end = before.Length;
        }

        _cursor = new BacklogCursor(backlog, position, until);
        _filter = level == OutputLevel.Raw ? null : new TerminalFilter(level);
    }

    /// <summary>Goes on where the reader of another daemon was.</summary>
    public static ConsoleReader Restore(Backlog backlog, ReaderState state, OutputLevel level)
    {
        ConsoleReader reader = new(backlog, state.Position, level, before: state.Pending is { Length: > 0 } pending ? pending : null);
        reader._cursor.Restore(state);
        reader._filter?.Restore(state.Filter);
        reader._pieceStart = state.Position;
        return reader;
    }

    /// <summary>Where it is.</summary>
    public ReaderState Describe() => _cursor.Describe() with
    {
        Pending = _end > 0 ? _filtered![_first.._end] : null,
        Filter = _filter?.Describe(),
    };

    /// <summary>
    /// Position behind what was taken. While a filtered piece is taken, where that begins, and otherwise before what the filter holds back: who goes on from here
    /// gets all of it, if some of it twice.
    /// </summary>
    public long Position => _end > 0 ? _pieceStart : _cursor.Position - (_filter?.Held ?? 0);

    /// <summary>True when there is nothing to write, not even a mark.</summary>
    public bool IsAtEnd => _end == 0 && _cursor.IsAtEnd;

    /// <summary>True when there is nothing to write and will be nothing more: it has come to where it was to end.</summary>
    public bool IsThrough => _end == 0 && _cursor.IsThrough;

    /// <summary>True when what was taken so far ends with a whole sequence and outside of a mark. (At <see cref="OutputLevel.Raw"/> nobody knows
    /// the guest's sequences.)</summary>
    public bool IsAtSeam => _end == 0 && !_cursor.IsAtMark;

    /// <summary>Bytes of output that it has not taken and still can.</summary>
    public long Unread => _cursor.Unread + _end - _first;

    /// <summary>Bytes of output that this reader has missed.</summary>
    public ulong Lost => _cursor.Lost;

    /// <summary>Nothing will come behind this position.</summary>
    public void EndAt(long position) => _cursor.EndAt(position);

    /// <summary>The next bytes in one piece. Empty only at the end. Valid until the backlog's next append.</summary>
    public ReadOnlySpan<byte> Peek()
    {
        while (_end == 0)
        {
            ReadOnlySpan<byte> next = _cursor.Peek();
            if (_filter is null || next.IsEmpty)
            {
                return next;
            }

            if (_cursor.IsAtMark)
            {
                _filter.Reset();
                return next;
            }

            if (_filter.PassesWhole(next))
            {
                return next;
            }

            _pieceStart = _cursor.Position - _filter.Held;
            next = next[..Math.Min(next.Length, Piece)];
            _filtered ??= ArrayPool<byte>.Shared.Rent(TerminalFilter.MostOutput(Piece));
            _end = _filter.Filter(next, _filtered);
            _cursor.Advance(next.Length);
        }

        return _filtered.AsSpan(_first.._end);
    }

    /// <summary>Says that the first <paramref name="count"/> bytes of the last <see cref="Peek"/> were taken.</summary>
    public void Advance(int count)
    {
        if (_end == 0)
        {
            _cursor.Advance(count);
            return;
        }

        _first += count;
        if (_first == _end)
        {
            Dispose();
        }
    }

    /// <summary>Forgets what waits here. It need not be used any more, but may.</summary>
    public void Dispose()
    {
        if (_filtered is not null)
        {
            ArrayPool<byte>.Shared.Return(_filtered);
            _filtered = null;
        }

        _first = _end = 0;
    }
}
