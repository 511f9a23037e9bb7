using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace XcsSharp.Consoles;

/// <summary>
/// One reader's place in a <see cref="Backlog"/>: a position, and no copy of the data. A reader that the backlog has
/// overtaken goes on at the oldest byte that is left; what it missed is counted, and a mark in its stream shows where:
/// <c>[gap: 18,312 bytes]</c> on a line of its own.
/// </summary>
/// <remarks>
/// <see cref="Peek"/>, write as much as the outlet takes, <see cref="Advance"/> by that. The mark is part of the stream and may
/// be taken in pieces like everything else. While not a byte of it has been taken, further loss is added to the same mark;
/// after that it makes a second one.
/// </remarks>
public sealed class BacklogCursor
{
    private readonly Backlog _backlog;
    private long _first;
    private long _until;
    private MarkText _mark;
    private int _markLength;
    private int _markTaken;
    private long _markedBytes;
    private long _lost;

    /// <param name="backlog">What is read.</param>
    /// <param name="position">Where to begin; before a byte that is not retained is a gap from the start.</param>
    /// <param name="until">Where to end, though more may come.</param>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or after the end.</exception>
    public BacklogCursor(Backlog backlog, long position, long until = long.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, backlog.End);
        ArgumentOutOfRangeException.ThrowIfLessThan(until, position);
        _backlog = backlog;
        _first = position;
        _until = until;
        Position = position;
    }

    /// <summary>Bytes of the mark of so large a gap; 1 of none, of which nothing can be taken.</summary>
    internal static int MarkLength(long bytes) => bytes == 0 ? 1 : WriteMark(stackalloc byte[Unsafe.SizeOf<MarkText>()], bytes);

    /// <summary>Goes on where another one was.</summary>
    internal void Restore(ReaderState state)
    {
        Position = state.Position;
        _first = state.First;
        _lost = state.Lost;
        _markTaken = state.MarkTaken;
        _markedBytes = state.MarkTaken > 0 ? state.MarkedBytes : 0;
        _markLength = _markTaken > 0 ? WriteMark(_mark, _markedBytes) : 0;
    }

    /// <summary>Where it is.</summary>
    internal ReaderState Describe() => new(Position, _first, _lost, _markTaken > 0 ? _markedBytes : 0, _markTaken, null, null);

    /// <summary>Position of the next byte of output, whether it is still retained or not.</summary>
    public long Position { get; private set; }

    /// <summary>True when there is nothing to read, not even a mark.</summary>
    public bool IsAtEnd => Position == End && _markTaken == 0;

    /// <summary>True when there is nothing to read and will be nothing more: it has come to where it was to end.</summary>
    public bool IsThrough => Position == _until && _markTaken == 0;

    /// <summary>Bytes that this reader has missed, including those whose mark it has not read yet.</summary>
    public ulong Lost => (ulong)(_lost + Missing(from: Position));

    /// <summary>Bytes of output that it has taken; marks not counted.</summary>
    public ulong Taken => (ulong)(Position - _first - _lost);

    /// <summary>Where it will be when the mark that <see cref="Peek"/> shows is taken.</summary>
    internal long PositionBehindMark => _markTaken == 0 ? Position + _markedBytes : Position;

    /// <summary>True when what <see cref="Peek"/> shows is a mark, or the rest of one.</summary>
    public bool IsAtMark => _markLength > 0;

    /// <summary>Retained bytes that this reader has not taken; the mark not counted.</summary>
    public long Unread => End - Position - Missing(from: Position);

    private long End => Math.Min(_until, _backlog.End);

    /// <summary>Nothing will come behind this position, which is not before its own.</summary>
    public void EndAt(long position) => _until = Math.Max(Position, Math.Min(_until, position));

    /// <summary>
    /// The next bytes in one piece: a gap mark or output. Empty only at the end. Valid until the next append to any backlog of the
    /// same budget.
    /// </summary>
    public ReadOnlySpan<byte> Peek()
    {
        if (_markTaken == 0)
        {
            // Nothing is settled by looking: the gap may grow until the first byte of its mark is taken.
            _markedBytes = MissingHere();
            _markLength = _markedBytes > 0 ? WriteMark(_mark, _markedBytes) : 0;
        }

        if (_markLength > 0)
        {
            return ((ReadOnlySpan<byte>)_mark)[_markTaken.._markLength];
        }

        if (Position == End)
        {
            // What was asked for ends here; it may be lost by now.
            return [];
        }

        ReadOnlySpan<byte> piece = _backlog.Read(Position);
        return piece[..(int)Math.Min(piece.Length, End - Position)];
    }

    /// <summary>The next byte of output; false at the end, and where there is a gap.</summary>
    public bool TryReadOutput(out byte next)
    {
        bool isThere = _markLength == 0 && Position < End && MissingHere() == 0;
        next = isThere ? _backlog.Read(Position)[0] : default;
        return isThere;
    }

    /// <summary>Says that the first <paramref name="count"/> bytes of the last <see cref="Peek"/> were taken.</summary>
    public void Advance(int count)
    {
        if (_markLength == 0)
        {
            Debug.Assert(count <= End - Position, "more taken than there was");
            Position += count;
            return;
        }

        Debug.Assert(count <= _markLength - _markTaken, "more taken than the mark had");
        if (_markTaken == 0 && count > 0)
        {
            Position += _markedBytes;
            _lost += _markedBytes;
            _backlog.Gaps++;
        }

        _markTaken += count;
        if (_markTaken == _markLength)
        {
            _markTaken = _markLength = 0;
        }
    }

    /// <summary>
    /// Says that the last <paramref name="count"/> bytes of output were not taken after all: the outlet had a copy and
    /// could not use it. Marks cannot be given back. What the backlog has overwritten meanwhile is a gap.
    /// </summary>
    public void StepBack(long count)
    {
        Debug.Assert(_markTaken == 0 && count <= Position - _first, "more given back than there was");
        _markLength = 0;
        Position -= count;
    }

    /// <summary>Says that what is lost here was taken before it was: so many bytes of it at most. None of a mark may have been taken.</summary>
    /// <returns>How many.</returns>
    internal long SkipLost(long most)
    {
        Debug.Assert(_markTaken == 0, "a mark is under way");
        long count = Math.Min(most, MissingHere());
        _markLength = 0;
        Position += count;
        return count;
    }

    /// <summary>Bytes from a position on that are lost, whether next or behind what is retained of the boot.</summary>
    private long Missing(long from)
        => Math.Max(0, Math.Min(_backlog.NewestStart, End) - Math.Max(from, _backlog.BootEnd));

    /// <summary>Bytes that are lost here, before anything that is retained.</summary>
    private long MissingHere() => Math.Min(_backlog.NextRetained(Position), End) - Position;

    private static int WriteMark(Span<byte> text, long bytes)
    {
        ReadOnlySpan<byte> before = "\r\n[gap: "u8;
        ReadOnlySpan<byte> after = " bytes]\r\n"u8;
        before.CopyTo(text);
        int length = before.Length;
        bool formatted = bytes.TryFormat(text[length..], out int digits, "N0", CultureInfo.InvariantCulture);
        Debug.Assert(formatted, "a 64-bit number with its commas fits");
        length += digits;
        after.CopyTo(text[length..]);
        return length + after.Length;
    }

    /// <summary>8 + 25 (19 digits, 6 commas) + 9 bytes at most.</summary>
    [InlineArray(48)]
    private struct MarkText
    {
        private byte _first;
    }
}
