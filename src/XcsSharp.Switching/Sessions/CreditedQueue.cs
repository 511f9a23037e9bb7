using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>
/// Records for an extended session's client, in order, until it is ready for them: each that leaves takes one off its credit.
/// </summary>
/// <param name="limit">The most that wait.</param>
internal sealed class CreditedQueue(int limit)
{
    private XcsRecord[] _records = [];
    private int _first;

    public int Count { get; private set; }

    /// <summary>How many may leave now.</summary>
    public uint Credit { get; private set; }

    public bool IsHalfEmpty => Count <= limit / 2;

    /// <summary>A new connection: nothing waits, and this is its credit.</summary>
    public void Reset(uint credit)
    {
        Credit = credit;
        Count = 0;
        _first = 0;
    }

    /// <summary>More than can be counted is as much as can be counted.</summary>
    public void AddCredit(uint count) => Credit += Math.Min(count, uint.MaxValue - Credit);

    /// <returns>False when as many wait as may.</returns>
    public bool TryAppend(in XcsRecord record)
    {
        if (Count == limit)
        {
            return false;
        }

        if (Count == _records.Length)
        {
            Grow();
        }

        _records[(_first + Count++) % _records.Length] = record;
        return true;
    }

    /// <summary>Sends what the credit and the socket's queue allow.</summary>
    public void Flush(DataConnection data)
    {
        while (Count > 0 && Credit > 0 && data.TryPush(_records[_first]))
        {
            _first = (_first + 1) % _records.Length;
            Count--;
            Credit--;
        }
    }

    private void Grow()
    {
        XcsRecord[] larger = new XcsRecord[Math.Min(limit, Math.Max(16, _records.Length * 2))];
        for (int i = 0; i < Count; i++)
        {
            larger[i] = _records[(_first + i) % _records.Length];
        }

        _records = larger;
        _first = 0;
    }
}
