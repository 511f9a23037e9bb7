namespace XcsSharp.Rings;

/// <summary>The taking end of one direction of a console ring. Not thread-safe: one thread owns it.</summary>
/// <remarks>
/// Invariants
/// 1. Our index lives here and is only published in the page: what the peer writes over it there cannot move it.
/// 2. Corrupt is final.
/// </remarks>
internal sealed class ByteRingReader
{
    private readonly ByteRingMemory _memory;
    private uint _consumer;
    private bool _corrupt;

    /// <summary>Attaches where an earlier life of this end has stopped: what it had not taken is taken now.</summary>
    internal ByteRingReader(ByteRingMemory memory)
    {
        _memory = memory;
        _consumer = memory.Consumer;
    }

    /// <summary>Takes what there is, at most as much as fits, and gives its room back to the peer.</summary>
    internal RingRead TryTake(Span<byte> to, out int count)
    {
        // Unsigned: an index that ran ahead and one that ran backwards both come out above the ring's size.
        uint published = _memory.Producer - _consumer;
        if (_corrupt || published > _memory.Size)
        {
            _corrupt = true;
            count = 0;
            return RingRead.Corrupt;
        }

        count = (int)Math.Min(published, (uint)to.Length);
        if (count == 0)
        {
            return RingRead.Empty;
        }

        _memory.CopyOut(_consumer, to[..count]);
        _consumer += (uint)count;
        _memory.Consumer = _consumer;
        return RingRead.Message;
    }
}
