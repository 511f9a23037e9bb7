namespace XcsSharp.Consoles;

/// <summary>
/// The newest output of one console, at most <see cref="Limit"/> bytes of it. Every byte has an absolute position, counted from
/// the console's first byte, so that any number of readers (<see cref="BacklogCursor"/>) can follow at their own speed.
/// </summary>
/// <remarks>
/// Lives on the loop's thread. Memory starts at nothing and doubles up to one chunk, then comes chunk by chunk: most of thousands of
/// guests print little, and for one that prints much nothing is copied to larger memory. Appending never waits for a reader and never
/// fails; the oldest bytes give way, and each reader finds out for itself what it has missed.
/// Invariants
/// 1. <c>Start &lt;= End</c>, and both only grow.
/// 2. The byte at position p (<c>Start &lt;= p &lt; End</c>) is at index <c>p % Limit</c> of the chunks put together: nothing gives
///    way before all of them are there, so no byte ever has to move.
/// </remarks>
public sealed class Backlog
{
    private const int FirstCapacity = 1024;

    /// <summary>Two batches for a terminal, so that most are written in one piece.</summary>
    private const int ChunkSize = 32 * 1024;

    private readonly List<byte[]> _chunks = [];

    /// <param name="limit">The most bytes retained; at least 1.</param>
    public Backlog(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        Limit = limit;
    }

    /// <summary>The most bytes that are ever retained.</summary>
    public int Limit { get; }

    /// <summary>Bytes of memory taken now: 0..<see cref="Limit"/>.</summary>
    public int Capacity { get; private set; }

    /// <summary>Position of the oldest byte that is retained.</summary>
    public long Start { get; private set; }

    /// <summary>Position that the next byte will get; so many bytes were ever appended.</summary>
    public long End { get; private set; }

    /// <summary>Adds output at the end, and forgets the oldest bytes where there is no room for both.</summary>
    public void Append(ReadOnlySpan<byte> data)
    {
        int keep = (int)Math.Min(Limit, End - Start + data.Length);
        while (Capacity < keep)
        {
            Grow(keep);
        }

        End += data.Length;
        Start = Math.Max(Start, End - Limit);

        // Of data that is larger than all there may be only the end is ever readable.
        ReadOnlySpan<byte> tail = data[^Math.Min(data.Length, Limit)..];
        for (long position = End - tail.Length; !tail.IsEmpty;)
        {
            Span<byte> room = At(position);
            int count = Math.Min(room.Length, tail.Length);
            tail[..count].CopyTo(room);
            tail = tail[count..];
            position += count;
        }
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

        Span<byte> piece = At(position);
        return piece[..(int)Math.Min(End - position, piece.Length)];
    }

    private Span<byte> At(long position)
    {
        int index = (int)(position % Limit);
        return _chunks[index / ChunkSize].AsSpan(index % ChunkSize);
    }

    private void Grow(int needed)
    {
        if (Capacity >= ChunkSize)
        {
            // Pinned: the collector never copies it.
            byte[] chunk = GC.AllocateUninitializedArray<byte>(Math.Min(ChunkSize, Limit - Capacity), pinned: true);
            _chunks.Add(chunk);
            Capacity += chunk.Length;
            return;
        }

        int size = Math.Max(FirstCapacity, Capacity * 2);
        while (size < Math.Min(needed, ChunkSize))
        {
            size *= 2;
        }

        byte[] first = GC.AllocateUninitializedArray<byte>(Math.Min(size, Limit), pinned: size == ChunkSize);
        if (_chunks.Count > 0)
        {
            _chunks[0].CopyTo(first, 0);
            _chunks[0] = first;
        }
        else
        {
            _chunks.Add(first);
        }

        Capacity = first.Length;
    }
}
