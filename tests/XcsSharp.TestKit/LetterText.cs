namespace XcsSharp.TestKit;

/// <summary>
/// What a guest prints: letters of a <see cref="SeededStream"/>, so that nothing of it looks like the daemon's own words, and any two dozen of
/// them in a row say where they belong. What has been asked for once is kept. Any thread.
/// </summary>
/// <param name="stream">Its seed.</param>
/// <param name="period">Where it begins anew, for floods: they would take memory without end. A reader of one begins where it was told.</param>
public sealed class LetterText(SeededStream stream, int period = int.MaxValue)
{
    /// <summary>So many letters in a row occur once in any text that a test prints.</summary>
    public const int Unique = 24;

    private readonly Lock _lock = new();
    private byte[] _known = [];

    /// <summary>The letters from <paramref name="position"/> on.</summary>
    public ReadOnlySpan<byte> Span(long position, int count)
    {
        byte[] known = Volatile.Read(ref _known);
        if (position + count > known.Length)
        {
            known = Grow((int)position + count);
        }

        return known.AsSpan((int)position, count);
    }

    /// <summary>Letters from <paramref name="position"/> on, at least one.</summary>
    public ReadOnlySpan<byte> Next(long position, long most)
    {
        int at = (int)(position % period);
        return Span(at, (int)Math.Min(most, period - at));
    }

    /// <summary>Where the letters stand in what has been asked for so far; -1: not there.</summary>
    public long Find(ReadOnlySpan<byte> letters) => Volatile.Read(ref _known).AsSpan().IndexOf(letters);

    private byte[] Grow(int wanted)
    {
        lock (_lock)
        {
            if (wanted > _known.Length)
            {
                byte[] more = new byte[Math.Max(64 * 1024, wanted + (wanted / 2))];
                _known.CopyTo(more, 0);
                Span<byte> fresh = more.AsSpan(_known.Length);
                stream.Fill(_known.Length, fresh);
                foreach (ref byte letter in fresh)
                {
                    letter = (byte)('a' + (letter % 26));
                }

                Volatile.Write(ref _known, more);
            }

            return _known;
        }
    }
}
