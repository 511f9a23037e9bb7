using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>
/// Requests to one guest that wait for room in its ring, and the subscribers that wait for room in here. Nothing is
/// dropped: who finds it full is told when to come again (the original lost the request, bug B14).
/// </summary>
internal sealed class RequestQueue(int limit)
{
    private readonly List<ISubscriber> _waiting = [];
    private ControlMessage[]? _messages;
    private int _first;

    public int Count { get; private set; }

    public bool IsFull => Count >= limit;

    /// <returns>False when the queue is full.</returns>
    public bool TryAppend(in ControlMessage request)
    {
        if (IsFull)
        {
            return false;
        }

        // Most guests read their ring in time and never need this memory.
        _messages ??= new ControlMessage[limit];
        _messages[(_first + Count) % limit] = request;
        Count++;
        return true;
    }

    /// <summary>All of them, the oldest first.</summary>
    public IEnumerable<ControlMessage> All => Enumerable.Range(0, Count).Select(i => _messages![(_first + i) % limit]);

    /// <summary>The oldest. Only while <see cref="Count"/> is not 0.</summary>
    public ref readonly ControlMessage Peek() => ref _messages![_first];

    public void RemoveFirst()
    {
        _first = (_first + 1) % limit;
        Count--;
    }

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
        _messages = null;
        _first = 0;
        Count = 0;
    }
}
