namespace XcsSharp.Consoles;

/// <summary>
/// A stretch of output, its newest <c>limit</c> bytes at most, in chunks that come when they are written to and may go, the oldest first.
/// </summary>
/// <remarks>
/// The byte at offset o is at index <c>o % limit</c> of the chunks put together, so no byte ever has to move. The first chunk
/// starts small and doubles: most of thousands of guests print little. Which offsets are still there its owner knows.
/// </remarks>
internal sealed class ChunkRing(Backlog owner, HistoryBudget budget, int limit)
{
    private const int FirstCapacity = 1024;
    private const int ChunkSize = HistoryBudget.ChunkSize;

    private byte[]?[] _chunks = [];

    /// <summary>Chunks that are there.</summary>
    public int Chunks { get; private set; }

    /// <summary>The memory from an offset on, as far as it lies in one piece; got if it is not there yet.</summary>
    /// <param name="offset">Where the stretch ends now.</param>
    /// <param name="wanted">At least 1.</param>
    /// <remarks>Asks the budget, which may have the owner give up anything that is here.</remarks>
    public Span<byte> Room(long offset, int wanted)
    {
        int index = (int)(offset % limit);
        int slot = index / ChunkSize;
        int within = index % ChunkSize;
        int most = Math.Min(ChunkSize, limit - (slot * ChunkSize));
        if (_chunks.Length <= slot)
        {
            int slots = (limit + ChunkSize - 1) / ChunkSize;
            Array.Resize(ref _chunks, Math.Min(slots, Math.Max(slot + 1, 2 * _chunks.Length)));
        }

        int needed = Math.Min(most, within + wanted);
        if (_chunks[slot] is not { } chunk || chunk.Length < needed)
        {
            // Only what is written for the first time may be small: a chunk that comes back is filled soon.
            chunk = Get(slot, offset < ChunkSize ? Doubled(_chunks[slot], needed, most) : most);
        }

        return chunk.AsSpan(within);
    }

    /// <summary>The bytes from an offset on, as far as they lie in one piece; they must be there.</summary>
    public ReadOnlySpan<byte> Read(long offset)
    {
        int index = (int)(offset % limit);
        return _chunks[index / ChunkSize].AsSpan(index % ChunkSize);
    }

    /// <summary>The bytes before an offset, as far as they lie in one piece; the last one must be there.</summary>
    public ReadOnlySpan<byte> ReadBefore(long offset)
    {
        int index = (int)((offset - 1) % limit);
        return _chunks[index / ChunkSize].AsSpan(0, (index % ChunkSize) + 1);
    }

    /// <summary>Gives up the chunk with the oldest bytes.</summary>
    /// <param name="start">Offset of the oldest byte.</param>
    /// <param name="end">Behind the newest one.</param>
    /// <returns>The offset of the oldest byte that is left; <paramref name="end"/> when none is.</returns>
    public long ReleaseOldest(long start, long end)
    {
        while (start < end)
        {
            int slot = SlotOf(start);
            start = Math.Min(end, EndOfSlot(start));

            // The newest bytes may have come round into the chunk of the oldest: that one stays, and the next goes too.
            if (start == end || SlotOf(end - 1) != slot)
            {
                Release(slot);
                return start;
            }
        }

        ReleaseAll();
        return end;
    }

    public void ReleaseAll()
    {
        for (int slot = 0; slot < _chunks.Length; slot++)
        {
            Release(slot);
        }
    }

    private int SlotOf(long offset) => (int)(offset % limit) / ChunkSize;

    private long EndOfSlot(long offset)
    {
        int index = (int)(offset % limit);
        return offset + Math.Min(limit, ((index / ChunkSize) + 1) * ChunkSize) - index;
    }

    private static int Doubled(byte[]? chunk, int needed, int most)
    {
        int size = Math.Max(FirstCapacity, 2 * chunk?.Length ?? 0);
        while (size < needed)
        {
            size *= 2;
        }

        return Math.Min(size, most);
    }

    private byte[] Get(int slot, int size)
    {
        byte[] chunk = budget.Rent(owner, size);

        // Looked at only now: the budget may just have taken it.
        if (_chunks[slot] is { } smaller)
        {
            smaller.CopyTo(chunk, 0);
            budget.Return(owner, smaller);
        }
        else
        {
            Chunks++;
        }

        _chunks[slot] = chunk;
        return chunk;
    }

    private void Release(int slot)
    {
        if (_chunks[slot] is { } chunk)
        {
            _chunks[slot] = null;
            Chunks--;
            budget.Return(owner, chunk);
        }
    }
}
