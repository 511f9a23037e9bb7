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
    private MarkText _mark;
    private int _markLength;
    private int _markTaken;
    private long _markedBytes;
    private long _lost;

    /// <param name="backlog">What is read.</param>
    /// <param name="position">Where to begin; before the oldest retained byte is a gap from the start.</param>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or after the end.</exception>
    public BacklogCursor(Backlog backlog, long position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, backlog.End);
        _backlog = backlog;
        Position = position;
    }

    /// <summary>Position of the next byte of output, whether it is still retained or not.</summary>
    public long Position { get; private set; }

    /// <summary>True when there is nothing to read, not even a mark.</summary>
    public bool IsAtEnd => Position == _backlog.End && _markLength == 0;

    /// <summary>Bytes that this reader has missed, including those whose mark it has not read yet.</summary>
    public ulong Lost => (ulong)(_lost + Math.Max(0, _backlog.Start - Position));

    /// <summary>True when what <see cref="Peek"/> shows is a mark, or the rest of one.</summary>
    public bool IsAtMark => _markLength > 0;

    /// <summary>Retained bytes that this reader has not taken; the mark not counted.</summary>
    public long Unread => _backlog.End - Math.Max(Position, _backlog.Start);

    /// <summary>
    /// The next bytes in one piece: a gap mark or output. Empty only at the end. Valid until the backlog's next append.
    /// </summary>
    public ReadOnlySpan<byte> Peek()
    {
        if (_markTaken == 0 && Position < _backlog.Start)
        {
            long missed = _backlog.Start - Position;
            Position = _backlog.Start;
            _lost += missed;
            _markedBytes += missed;
            _markLength = WriteMark(_mark, _markedBytes);
        }

        return _markLength > 0
            ? ((ReadOnlySpan<byte>)_mark)[_markTaken.._markLength]
            : _backlog.Read(Position);
    }

    /// <summary>Says that the first <paramref name="count"/> bytes of the last <see cref="Peek"/> were taken.</summary>
    public void Advance(int count)
    {
        if (_markLength == 0)
        {
            Debug.Assert(count <= _backlog.End - Position, "more taken than there was");
            Position += count;
            return;
        }

        Debug.Assert(count <= _markLength - _markTaken, "more taken than the mark had");
        _markTaken += count;
        if (_markTaken == _markLength)
        {
            _markTaken = _markLength = 0;
            _markedBytes = 0;
        }
    }

    /// <summary>
    /// Says that the last <paramref name="count"/> bytes of output were not taken after all: the outlet had a copy and
    /// could not use it. Marks cannot be given back. What the backlog has overwritten meanwhile is a gap.
    /// </summary>
    public void StepBack(int count)
    {
        Debug.Assert(_markLength == 0 && count <= Position, "more given back than there was");
        Position -= count;
    }

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
