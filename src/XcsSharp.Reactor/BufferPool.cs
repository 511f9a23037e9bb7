using System.Numerics;

namespace XcsSharp.Reactor;

/// <summary>
/// Memory for the queues of one loop: rented while there is something to send, and given back. What a busy turn needs is there for
/// the next one; what was not needed for a while is left to the collector.
/// </summary>
/// <remarks>
/// Loop thread only. Not <c>ArrayPool.Shared</c>: that keeps 32 buffers of a size for each processor, and a message for a hundred
/// subscribers needs a hundred at once.
/// 1. At most <see cref="MostHeld"/> is held; what comes back beyond it is dropped.
/// 2. An idle loop holds nothing and is not woken for it.
/// </remarks>
internal sealed class BufferPool
{
    internal const int MostHeld = 16 << 20;
    internal const int Smallest = 4 * 1024;
    internal const int Largest = 1 << 20;

    /// <summary>How long a buffer that nobody needed is held, and at most as long again.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly int s_sizes = BitOperations.Log2(Largest / Smallest) + 1;

    private readonly Stack<byte[]>[] _free = [.. Enumerable.Range(0, s_sizes).Select(static _ => new Stack<byte[]>())];

    // By size: how many of the free ones were never needed since the last look.
    private readonly int[] _unneeded = new int[s_sizes];
    private readonly LoopTimer _look;

    public BufferPool(EventLoop loop) => _look = loop.CreateTimer(DropUnneeded);

    /// <summary>Bytes held for later.</summary>
    public int Held { get; private set; }

    /// <summary>A buffer of that size or more; its content is anything.</summary>
    public byte[] Rent(int size)
    {
        if (size > Largest)
        {
            return GC.AllocateUninitializedArray<byte>(size);
        }

        int index = IndexOf(size);
        if (!_free[index].TryPop(out byte[]? buffer))
        {
            return GC.AllocateUninitializedArray<byte>(Smallest << index);
        }

        Held -= buffer.Length;
        _unneeded[index] = Math.Min(_unneeded[index], _free[index].Count);
        return buffer;
    }

    /// <summary>Gives back what was rented; it is not to be used any more.</summary>
    public void Return(byte[] buffer)
    {
        if (buffer.Length > Largest || Held + buffer.Length > MostHeld)
        {
            return;
        }

        Held += buffer.Length;
        _free[IndexOf(buffer.Length)].Push(buffer);
        if (!_look.IsScheduled)
        {
            _look.Schedule(Patience);
        }
    }

    private static int IndexOf(int size)
        => size <= Smallest ? 0 : BitOperations.Log2((uint)(size - 1)) + 1 - BitOperations.Log2(Smallest);

    private void DropUnneeded()
    {
        for (int index = 0; index < s_sizes; index++)
        {
            for (; _unneeded[index] > 0; _unneeded[index]--)
            {
                Held -= _free[index].Pop().Length;
            }

            _unneeded[index] = _free[index].Count;
        }

        if (Held > 0)
        {
            _look.Schedule(Patience);
        }
    }
}
