namespace XcsSharp.Rings;

/// <summary>The taking end of one direction of a console ring. Not thread-safe: one thread owns it.</summary>
/// <remarks>
/// Invariants
/// 1. Our index lives here and is only published in the page: what the peer writes over it there cannot move it.
/// 2. Corrupt is final.
/// 3. What was taken stays in the ring until <see cref="GiveRoom"/>: a life of this end that is killed before finds it again.
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

    /// <summary>Index behind the last byte that was taken.</summary>
    internal uint Index => _consumer;

    /// <summary>Takes what there is, at most as much as fits. The peer gets its room with <see cref="GiveRoom"/>.</summary>
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
        return RingRead.Message;
    }

    /// <summary>All that was taken is the peer's room again.</summary>
    internal void GiveRoom() => _memory.Consumer = _consumer;

    /// <summary>
    /// An earlier life of this end has taken up to there, and ended before it gave the room. Without effect when that can not be: what
    /// it says lies not in what there is to take.
    /// </summary>
    internal void GoOnFrom(uint index)
    {
        uint published = _memory.Producer - _consumer;
        if (!_corrupt && published <= _memory.Size && index - _consumer <= published)
        {
            _consumer = index;
            GiveRoom();
        }
    }
}
