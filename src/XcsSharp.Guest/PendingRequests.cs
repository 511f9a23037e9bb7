using XcsSharp.Protocol;

namespace XcsSharp.Guest;

/// <summary>
/// The requests that we have put and that are not answered, to check answers against: at most eight, in order of
/// sending. Answers may come in another order.
/// </summary>
internal struct PendingRequests
{
    private ulong _types;
    private ulong _ids;

    public int Count { get; private set; }

    public void Add(MessageType type, byte id)
    {
        int shift = Count * 8;
        _types = (_types & ~(0xFFUL << shift)) | ((ulong)type << shift);
        _ids = (_ids & ~(0xFFUL << shift)) | ((ulong)id << shift);
        Count++;
    }

    /// <summary>Whether a request with that id waits.</summary>
    public readonly bool HasId(byte id)
    {
        for (int i = 0; i < Count; i++)
        {
            if (At(_ids, i) == id)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes out the oldest request that such an answer can belong to.</summary>
    /// <returns>False when there is none: the answer is not to anything of ours.</returns>
    public bool TryRemove(MessageType type, byte id)
    {
        for (int i = 0; i < Count; i++)
        {
            if (At(_types, i) == (byte)type && At(_ids, i) == id)
            {
                RemoveAt(i);
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes out the oldest: a slot was answered with something else, and is free all the same.</summary>
    public void RemoveOldest()
    {
        if (Count > 0)
        {
            RemoveAt(0);
        }
    }

    private static byte At(ulong packed, int index) => (byte)(packed >> (index * 8));

    private static ulong Without(ulong packed, int index)
    {
        ulong below = (1UL << (index * 8)) - 1;
        return (packed & below) | ((packed >> 8) & ~below);
    }

    private void RemoveAt(int index)
    {
        _types = Without(_types, index);
        _ids = Without(_ids, index);
        Count--;
    }
}
