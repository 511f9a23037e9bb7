using XcsSharp.Reactor;

namespace XcsSharp.Switching;

/// <summary>
/// Channels that have something left to do when the current batch of events is done. They take turns: a guest
/// that refills its ring while it is read comes behind all others.
/// </summary>
internal sealed class TurnQueue(EventLoop loop) : ITurnEndWork
{
    private readonly Queue<ControlChannel> _channels = new();
    private bool _queued;

    /// <summary>The channel sees to it that it is in here once.</summary>
    public void Add(ControlChannel channel)
    {
        _channels.Enqueue(channel);
        AskForTurn();
    }

    public void OnTurnEnd()
    {
        _queued = false;
        for (int left = _channels.Count; left > 0; left--)
        {
            _channels.Dequeue().OnTurn();
        }
    }

    private void AskForTurn()
    {
        if (!_queued)
        {
            _queued = true;
            loop.AtTurnEnd(this);
        }
    }
}
