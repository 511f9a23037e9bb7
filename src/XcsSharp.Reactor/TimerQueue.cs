namespace XcsSharp.Reactor;

/// <summary>The loop's timers as a binary heap over (due, order of scheduling).</summary>
internal sealed class TimerQueue(TimeProvider clock)
{
    /// <summary>Far enough for ever (30 years), and not so far that adding it to a time stamp overflows.</summary>
    private const long MaxSeconds = 1_000_000_000;

    private readonly List<LoopTimer> _heap = [];
    private ulong _sequence;

    public void Schedule(LoopTimer timer, TimeSpan after)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(after, TimeSpan.Zero);
        Cancel(timer);
        timer.Due = clock.GetTimestamp() + Ticks(after);
        timer.Sequence = _sequence++;
        timer.Index = _heap.Count;
        _heap.Add(timer);
        Rise(timer.Index);
    }

    public void Cancel(LoopTimer timer)
    {
        int index = timer.Index;
        if (index < 0)
        {
            return;
        }

        LoopTimer last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        timer.Index = -1;
        if (last != timer)
        {
            Place(last, index);
            Rise(index);
            Sink(last.Index);
        }
    }

    /// <summary>Milliseconds until the first timer is due, rounded up so that it is due then; -1 when there is none.</summary>
    /// <param name="now">What the clock said; null when it was not looked at.</param>
    public int NextTimeoutMs(out long? now)
    {
        if (_heap.Count == 0)
        {
            now = null;
            return -1;
        }

        now = clock.GetTimestamp();
        long ticks = _heap[0].Due - now.Value;
        double ms = Math.Ceiling(ticks * 1000.0 / clock.TimestampFrequency);
        return (int)Math.Clamp(ms, 0, int.MaxValue);
    }

    /// <summary>Runs what is due at a time stamp. A timer scheduled by one of the callbacks runs in a later turn.</summary>
    public bool RunDue(long now)
    {
        if (_heap.Count == 0)
        {
            return false;
        }

        ulong newest = _sequence;
        bool ran = false;
        while (_heap.Count > 0 && _heap[0] is { } first && first.Due <= now && first.Sequence < newest)
        {
            Cancel(first);
            first.Callback();
            ran = true;
        }

        return ran;
    }

    /// <summary>In units of the clock, rounded up. In whole numbers: a rounding error would swap two timers.</summary>
    private long Ticks(TimeSpan after)
    {
        long seconds = Math.Min(after.Ticks / TimeSpan.TicksPerSecond, MaxSeconds);
        long rest = after.Ticks % TimeSpan.TicksPerSecond * clock.TimestampFrequency;
        return (seconds * clock.TimestampFrequency) + ((rest + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond);
    }

    private static bool Before(LoopTimer a, LoopTimer b)
        => a.Due != b.Due ? a.Due < b.Due : a.Sequence < b.Sequence;

    private void Rise(int index)
    {
        LoopTimer timer = _heap[index];
        while (index > 0 && _heap[(index - 1) / 2] is { } parent && Before(timer, parent))
        {
            Place(parent, index);
            index = (index - 1) / 2;
        }

        Place(timer, index);
    }

    private void Sink(int index)
    {
        LoopTimer timer = _heap[index];
        while ((2 * index) + 1 < _heap.Count)
        {
            int child = (2 * index) + 1;
            if (child + 1 < _heap.Count && Before(_heap[child + 1], _heap[child]))
            {
                child++;
            }

            if (!Before(_heap[child], timer))
            {
                break;
            }

            Place(_heap[child], index);
            index = child;
        }

        Place(timer, index);
    }

    private void Place(LoopTimer timer, int index)
    {
        _heap[index] = timer;
        timer.Index = index;
    }
}
