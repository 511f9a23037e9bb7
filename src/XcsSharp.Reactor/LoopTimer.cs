namespace XcsSharp.Reactor;

/// <summary>A one-shot timer of a loop; may be scheduled again and again without allocating. Loop thread only.</summary>
public sealed class LoopTimer
{
    private readonly TimerQueue _queue;

    internal LoopTimer(TimerQueue queue, Action callback)
    {
        _queue = queue;
        Callback = callback;
    }

    public bool IsScheduled => Index >= 0;

    internal Action Callback { get; }

    /// <summary>Place in the queue's heap, or -1.</summary>
    internal int Index { get; set; } = -1;

    /// <summary>Time stamp of the loop's clock.</summary>
    internal long Due { get; set; }

    /// <summary>Order among timers that are due at the same moment.</summary>
    internal ulong Sequence { get; set; }

    /// <summary>Runs the callback once, that long from now; what was scheduled before is forgotten.</summary>
    public void Schedule(TimeSpan after) => _queue.Schedule(this, after);

    public void Cancel() => _queue.Cancel(this);
}
