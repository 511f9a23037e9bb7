using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>
/// Records for an extended session's client, in order, until it is ready for them: each that leaves takes one off its credit.
/// </summary>
/// <param name="limit">The most that wait.</param>
internal sealed class CreditedQueue(int limit)
{
    private GrowingRing<XcsRecord> _records;

    public int Count => _records.Count;

    /// <summary>How many may leave now.</summary>
    public uint Credit { get; private set; }

    public bool IsHalfEmpty => Count <= limit / 2;

    /// <summary>A new connection: nothing waits, and this is its credit.</summary>
    public void Reset(uint credit)
    {
        Credit = credit;
        _records = default;
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

        _records.Append() = record;
        return true;
    }

    /// <summary>Sends what the credit and the socket's queue allow.</summary>
    public void Flush(DataConnection data)
    {
        while (Count > 0 && Credit > 0 && data.TryPush(_records[0]))
        {
            _records.RemoveAt(0);
            Credit--;
        }
    }
}
