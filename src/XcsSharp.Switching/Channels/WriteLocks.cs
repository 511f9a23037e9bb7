using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>
/// The write locks of one channel: at most one for each of the 256 types. Nearly every channel never had one, and then a look
/// costs one comparison. A mutable struct: keep it in a field, never copy it.
/// </summary>
internal struct WriteLocks
{
    private (MessageType Type, ISubscriber Holder)[]? _held;

    public readonly ISubscriber? Find(MessageType type)
    {
        if (_held is null)
        {
            return null;
        }

        foreach ((MessageType held, ISubscriber holder) in _held)
        {
            if (held == type)
            {
                return holder;
            }
        }

        return null;
    }

    /// <returns>False when another holds it. Taken twice by one it is one lock.</returns>
    public bool TryTake(MessageType type, ISubscriber subscriber)
    {
        if (Find(type) is { } holder)
        {
            return holder == subscriber;
        }

        _held = [.. _held ?? [], (type, subscriber)];
        return true;
    }

    /// <summary>Without effect unless the subscriber holds it.</summary>
    public void Release(MessageType type, ISubscriber subscriber)
        => Keep(held => held.Type != type || held.Holder != subscriber);

    public void ReleaseAll(ISubscriber subscriber) => Keep(held => held.Holder != subscriber);

    private void Keep(Func<(MessageType Type, ISubscriber Holder), bool> isKept)
    {
        if (_held is not null)
        {
            _held = [.. _held.Where(isKept)];
        }
    }
}
