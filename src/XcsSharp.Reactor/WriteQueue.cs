using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop;
using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>
/// Bytes waiting to be sent: a ring, so that a queue that is never quite empty is never copied, and one system call takes
/// it all.
/// </summary>
/// <remarks>
/// 1. At most the limit is held; memory grows as needed, from a pool that all queues share, and returns to it when the
///    queue is empty, but for a small piece: an idle queue costs next to nothing, and a busy one allocates nothing.
/// 2. What is rented next is as large as the last fill was, so a burst a turn is not copied from size to size.
/// </remarks>
internal sealed class WriteQueue(int limit, BufferPool buffers)
{
    private const int KeptSize = 4 * 1024;

    private byte[] _bytes = [];
    private int _start;
    private int _lastFill;
    private int _fill;

    public int Limit { get; } = limit;

    public int Count { get; private set; }

    public int Room => Limit - Count;

    /// <summary>Memory held now.</summary>
    public int Capacity => _bytes.Length;

    private ReadOnlySpan<byte> First => _bytes.AsSpan(_start, Math.Min(Count, _bytes.Length - _start));

    private ReadOnlySpan<byte> Second => _bytes.AsSpan(0, Count - First.Length);

    /// <summary>All of the bytes, or none.</summary>
    public bool TryAppend(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Room)
        {
            return false;
        }

        if (Count + bytes.Length > _bytes.Length)
        {
            Grow(Count + bytes.Length);
        }

        int end = _start + Count;
        if (end >= _bytes.Length)
        {
            end -= _bytes.Length;
        }

        int atEnd = Math.Min(bytes.Length, _bytes.Length - end);
        bytes[..atEnd].CopyTo(_bytes.AsSpan(end));
        bytes[atEnd..].CopyTo(_bytes);
        Count += bytes.Length;
        _fill = Math.Max(_fill, Count);
        return true;
    }

    /// <summary>One system call; what the kernel took is removed.</summary>
    /// <returns>How much it took, or why nothing.</returns>
    public SysResult SendTo(SafeFileHandle socket)
    {
        SysResult sent = Sockets.Send(socket, First, Second);
        if (sent.IsOk)
        {
            Remove(sent.Value);
        }

        return sent;
    }

    /// <summary>A copy of what waits.</summary>
    public byte[] ToArray() => [.. First, .. Second];

    public void Clear() => Remove(Count);

    private void Remove(int count)
    {
        Count -= count;
        if (Count > 0)
        {
            _start += count;
            if (_start >= _bytes.Length)
            {
                _start -= _bytes.Length;
            }

            return;
        }

        _start = 0;
        _lastFill = _fill;
        _fill = 0;
        if (_bytes.Length > KeptSize)
        {
            buffers.Return(_bytes);
            _bytes = [];
        }
    }

    private void Grow(int needed)
    {
        // Doubling as long as that stays within the limit; the pool's pieces may be larger than asked for.
        int size = (int)Math.Min(Math.Max(KeptSize, Math.Max(_bytes.Length * 2L, _lastFill)), Limit);
        byte[] larger = buffers.Rent(Math.Max(size, needed));
        First.CopyTo(larger);
        Second.CopyTo(larger.AsSpan(First.Length));
        if (_bytes.Length > 0)
        {
            buffers.Return(_bytes);
        }

        _bytes = larger;
        _start = 0;
    }
}
