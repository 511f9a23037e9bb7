using XcsSharp.Reactor;

namespace XcsSharp.Switching;

/// <summary>A guest's channel or console, as far as it shares the loop with the others.</summary>
internal interface ITurnTaker
{
    /// <summary>Its turn: it takes one share and, if there is more, comes again behind all others.</summary>
    void OnTurn();

    /// <summary>It had found its guest's budget spent, and may look again.</summary>
    void OnBudget();
}

/// <summary>
/// Channels and consoles that have something left to do when the current batch of events is done. They take turns: a
/// guest that refills its ring while it is read comes behind all others.
/// </summary>
/// <remarks>
/// A deficit round-robin in which nothing is owed: a channel stops after so many messages and a console after exactly so
/// many bytes, so there is no deficit to carry over. Between two rounds the loop serves what else has asked for the turn's
/// end, the readers of consoles among them, and after a few rounds new events come first.
/// </remarks>
internal sealed class TurnQueue(EventLoop loop) : ITurnEndWork
{
    private readonly Queue<ITurnTaker> _takers = new();
    private bool _queued;

    /// <summary>The taker sees to it that it is in here once.</summary>
    public void Add(ITurnTaker taker)
    {
        _takers.Enqueue(taker);
        if (!_queued)
        {
            _queued = true;
            loop.AtTurnEnd(this);
        }
    }

    public void OnTurnEnd()
    {
        _queued = false;
        for (int left = _takers.Count; left > 0; left--)
        {
            _takers.Dequeue().OnTurn();
        }
    }
}
