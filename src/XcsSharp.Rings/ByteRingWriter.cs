namespace XcsSharp.Rings;

/// <summary>The putting end of one direction of a console ring. Not thread-safe: one thread owns it.</summary>
/// <remarks>Our index lives here and is only published in the page; corrupt is final.</remarks>
internal sealed class ByteRingWriter
{
    private readonly ByteRingMemory _memory;
    private uint _producer;
    private bool _corrupt;

    /// <summary>Attaches behind what an earlier life of this end has put there.</summary>
    internal ByteRingWriter(ByteRingMemory memory)
    {
        _memory = memory;
        _producer = memory.Producer;
    }

    /// <summary>True once the peer has claimed to have taken what was never put: looks at its index. Nothing is put any more.</summary>
    internal bool IsCorrupt => !TryReadUntaken(out _);

    /// <summary>Puts as much as there is room for.</summary>
    /// <returns>How many bytes; 0 when the ring is full, or corrupt.</returns>
    internal int Put(ReadOnlySpan<byte> data)
    {
        if (!TryReadUntaken(out uint untaken))
        {
            return 0;
        }

        int count = (int)Math.Min(_memory.Size - untaken, (uint)data.Length);
        if (count > 0)
        {
            _memory.CopyIn(_producer, data[..count]);
            _producer += (uint)count;
            _memory.Producer = _producer;
        }

        return count;
    }

    private bool TryReadUntaken(out uint untaken)
    {
        untaken = _producer - _memory.Consumer;
        _corrupt |= untaken > _memory.Size;
        return !_corrupt;
    }
}
