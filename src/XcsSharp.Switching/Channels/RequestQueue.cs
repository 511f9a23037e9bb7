using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>
/// Requests to one guest that wait for room in its ring, and the subscribers that wait for room in here. Nothing is
/// dropped: who finds it full is told when to come again (the original lost the request, bug B14).
/// </summary>
internal sealed class RequestQueue(int limit)
{
    private readonly List<ISubscriber> _waiting = [];
    private GrowingRing<ControlMessage> _messages;

    public int Count => _messages.Count;

    public bool IsFull => Count >= limit;

    /// <returns>False when the queue is full.</returns>
    public bool TryAppend(in ControlMessage request)
    {
        if (IsFull)
        {
            return false;
        }

        _messages.Append() = request;
        return true;
    }

    /// <summary>All of them, the oldest first.</summary>
    public IEnumerable<ControlMessage> All => Enumerable.Range(0, Count).Select(i => _messages[i]);

    /// <summary>The oldest. Only while <see cref="Count"/> is not 0.</summary>
    public ref readonly ControlMessage Peek() => ref _messages[0];

    public void RemoveFirst() => _messages.RemoveAt(0);

    /// <summary>At most one place in the line for each subscriber.</summary>
    public void AddWaiting(ISubscriber subscriber)
    {
        if (!_waiting.Contains(subscriber))
        {
            _waiting.Add(subscriber);
        }
    }

    public void RemoveWaiting(ISubscriber subscriber) => _waiting.Remove(subscriber);

    /// <summary>Who waits longest, if there is room for it now.</summary>
    public bool TryTakeWaiting(out ISubscriber? subscriber)
    {
        if (_waiting.Count == 0 || IsFull)
        {
            subscriber = null;
            return false;
        }

        subscriber = _waiting[0];
        _waiting.RemoveAt(0);
        return true;
    }

    public void Clear()
    {
        _waiting.Clear();
        _messages = default;
    }
}
