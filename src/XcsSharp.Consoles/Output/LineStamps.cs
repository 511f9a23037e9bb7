using System.Diagnostics;
using System.Globalization;

namespace XcsSharp.Consoles;

/// <summary>
/// Puts the time before each line of a text that comes in pieces: <c>2026-11-29T08:15:30.123Z </c>, in UTC. A line that comes in several
/// pieces has one stamp, the first piece's.
/// </summary>
/// <remarks>
/// All stamps are of one length, so what a reader of a file has to give back and make again (<see cref="FileReader.Settle"/>) is as long the
/// second time. A stamp that the disk took a part of goes on with its rest.
/// </remarks>
internal sealed class LineStamps
{
    /// <summary>Bytes of a stamp, its space included.</summary>
    public const int Length = 25;

    private readonly byte[] _stamp = new byte[Length];
    private bool _isInLine;
    private int _owed;

    /// <summary>The most that <see cref="Write"/> makes of so many bytes: each could be a line.</summary>
    public static int MostOutput(int input) => (Length + 1) * input;

    /// <summary>Writes text with its stamps.</summary>
    /// <param name="text">All of it is taken.</param>
    /// <param name="time">In ms since 1970, of the lines that begin in it.</param>
    /// <param name="output">At least <see cref="MostOutput"/>.</param>
    /// <returns>How many bytes were written.</returns>
    public int Write(ReadOnlySpan<byte> text, long time, Span<byte> output)
    {
        int written = 0;
        while (!text.IsEmpty)
        {
            Begin(time);
            _stamp.AsSpan(Length - _owed).CopyTo(output[written..]);
            written += _owed;
            _owed = 0;

            int end = text.IndexOf((byte)'\n') + 1;
            ReadOnlySpan<byte> piece = end == 0 ? text : text[..end];
            piece.CopyTo(output[written..]);
            written += piece.Length;
            text = text[piece.Length..];
            _isInLine = end == 0;
        }

        return written;
    }

    /// <summary>Of what <see cref="Write"/> gives next only the first bytes are in the file, and the text itself will be given again.</summary>
    /// <param name="time">As there.</param>
    /// <param name="written">More than the stamp: of the text, too.</param>
    public void WritePart(long time, int written)
    {
        Begin(time);
        _owed -= Math.Min(written, _owed);
    }

    /// <summary>Says where the file ends. A stamp that is there in part is not touched.</summary>
    public void GoOnFrom(bool insideLine)
    {
        if (_owed == 0)
        {
            _isInLine = insideLine;
        }
    }

    /// <summary>Becomes what the other one is.</summary>
    public void CopyFrom(LineStamps other)
    {
        other._stamp.CopyTo(_stamp, 0);
        _isInLine = other._isInLine;
        _owed = other._owed;
    }

    private void Begin(long time)
    {
        if (_isInLine)
        {
            return;
        }

        _isInLine = true;
        _owed = Length;
        bool fits = DateTime.UnixEpoch.AddMilliseconds(time).TryFormat(
            _stamp, out int length, "yyyy-MM-dd'T'HH:mm:ss.fff'Z '", CultureInfo.InvariantCulture);
        Debug.Assert(fits && length == Length, "years have four digits");
    }
}
