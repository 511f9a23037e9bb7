namespace XcsSharp.Reactor;

/// <summary>
/// Bytes waiting to be sent, in one piece of memory, so that one system call can take them all. Grows as needed up to
/// its limit, gives large memory back when empty, and allocates nothing in between.
/// </summary>
internal sealed class WriteQueue(int limit)
{
    private const int FirstSize = 4 * 1024;
    private const int KeptSize = 64 * 1024;

    private byte[] _bytes = [];
    private int _start;

    public int Limit { get; } = limit;

    public int Count { get; private set; }

    public int Room => Limit - Count;

    public ReadOnlySpan<byte> Front => _bytes.AsSpan(_start, Count);

    public bool TryAppend(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Room)
        {
            return false;
        }

        MakeRoom(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_start + Count));
        Count += bytes.Length;
        return true;
    }

    public void Remove(int count)
    {
        Count -= count;
        _start = Count == 0 ? 0 : _start + count;
        if (Count == 0 && _bytes.Length > KeptSize)
        {
            _bytes = [];
        }
    }

    public void Clear() => Remove(Count);

    private void MakeRoom(int more)
    {
        if (_start + Count + more <= _bytes.Length)
        {
            return;
        }

        // Moving pays only when it frees a good part; otherwise a long queue would be copied for every append.
        if (Count + more <= _bytes.Length / 2)
        {
            Front.CopyTo(_bytes);
        }
        else
        {
            long size = Math.Max(FirstSize, _bytes.Length * 2L);
            byte[] larger = new byte[Math.Max(Count + more, Math.Min(size, Limit))];
            Front.CopyTo(larger);
            _bytes = larger;
        }

        _start = 0;
    }
}
