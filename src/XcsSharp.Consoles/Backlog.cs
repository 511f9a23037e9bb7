namespace XcsSharp.Consoles;

/// <summary>
/// The newest output of one console, at most <see cref="Limit"/> bytes of it. Every byte has an absolute position, counted from
/// the console's first byte, so that any number of readers (<see cref="BacklogCursor"/>) can follow at their own speed.
/// </summary>
/// <remarks>
/// Lives on the loop's thread. Memory starts at nothing and doubles as bytes come: most of thousands of guests
/// print little. Appending never waits for a reader and never fails; the oldest bytes give way, and each reader finds out for itself
/// what it has missed.
/// Invariants
/// 1. <c>Start &lt;= End</c>, and both only grow.
/// 2. The byte at position p (<c>Start &lt;= p &lt; End</c>) is at <c>_ring[p % _ring.Length]</c>.
/// </remarks>
public sealed class Backlog
{
    private const int FirstCapacity = 1024;

    private byte[] _ring = [];

    /// <param name="limit">The most bytes retained; at least 1.</param>
    public Backlog(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        Limit = limit;
    }

    /// <summary>The most bytes that are ever retained.</summary>
    public int Limit { get; }

    /// <summary>Bytes of memory taken now: 0..<see cref="Limit"/>.</summary>
    public int Capacity => _ring.Length;

    /// <summary>Position of the oldest byte that is retained.</summary>
    public long Start { get; private set; }

    /// <summary>Position that the next byte will get; so many bytes were ever appended.</summary>
    public long End { get; private set; }

    /// <summary>Adds output at the end, and forgets the oldest bytes where there is no room for both.</summary>
    public void Append(ReadOnlySpan<byte> data)
    {
        int keep = (int)Math.Min(Limit, End - Start + data.Length);
        if (keep > _ring.Length)
        {
            Grow(keep);
        }

        End += data.Length;
        Start = Math.Max(Start, End - _ring.Length);

        // Of data that is larger than the whole ring only the end is ever readable.
        ReadOnlySpan<byte> tail = data[^Math.Min(data.Length, _ring.Length)..];
        Store(_ring, End - tail.Length, tail);
    }

    /// <summary>
    /// The retained bytes from <paramref name="position"/> on, as far as they lie in one piece; empty at the end. Valid until
    /// the next <see cref="Append"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not between <see cref="Start"/> and <see cref="End"/>.</exception>
    public ReadOnlySpan<byte> Read(long position)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(position, Start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, End);
        if (position == End)
        {
            return [];
        }

        int index = (int)(position % _ring.Length);
        return _ring.AsSpan(index, (int)Math.Min(End - position, _ring.Length - index));
    }

    private void Grow(int needed)
    {
        long capacity = Math.Max(FirstCapacity, _ring.Length);
        while (capacity < needed)
        {
            capacity *= 2;
        }

        byte[] larger = new byte[Math.Min(capacity, Limit)];
        for (long position = Start; position < End;)
        {
            ReadOnlySpan<byte> piece = Read(position);
            Store(larger, position, piece);
            position += piece.Length;
        }

        _ring = larger;
    }

    private static void Store(byte[] ring, long position, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
        {
            return;
        }

        int index = (int)(position % ring.Length);
        int first = Math.Min(data.Length, ring.Length - index);
        data[..first].CopyTo(ring.AsSpan(index));
        data[first..].CopyTo(ring);
    }
}
