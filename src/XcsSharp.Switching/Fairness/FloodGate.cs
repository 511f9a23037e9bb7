using XcsSharp.Reactor;

namespace XcsSharp.Switching;

/// <summary>
/// Where channels and consoles of guests wait whose <see cref="FloodBudget"/> is spent: their ports stay masked, and one
/// timer for all of them is all that wakes the loop. With nobody here there is no timer.
/// </summary>
internal sealed class FloodGate
{
    /// <summary>The longest that a port stays masked before its guest's budget is looked at again.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    private readonly LoopTimer _timer;
    private List<ITurnTaker> _waiting = [];
    private List<ITurnTaker> _leaving = [];

    public FloodGate(EventLoop loop)
    {
        _timer = loop.CreateTimer(OnStep);
    }

    /// <summary>The taker sees to it that it is in here once; it is called in at most <see cref="Step"/>.</summary>
    public void Wait(ITurnTaker taker)
    {
        _waiting.Add(taker);
        if (!_timer.IsScheduled)
        {
            _timer.Schedule(Step);
        }
    }

    private void OnStep()
    {
        // Swapped, because whoever has still nothing comes here again at once.
        (_waiting, _leaving) = (_leaving, _waiting);
        foreach (ITurnTaker taker in _leaving)
        {
            taker.OnBudget();
        }

        _leaving.Clear();
    }
}
