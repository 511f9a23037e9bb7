using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>
/// Who wants which messages: keys of port and type, either of them a wildcard, and under each key its subscribers in
/// the order in which they bound.
/// </summary>
/// <remarks>
/// The lists are immutable once made, so that a delivery can walk one while a subscriber changes the table.
/// How many keys there are is bounded by the caller, for each subscriber; it also knows who has which already.
/// </remarks>
internal sealed class BindingTable
{
    private readonly Dictionary<(int Port, ushort Type), ISubscriber[]> _byKey = [];
    private readonly HashSet<ISubscriber> _seen = new(ReferenceEqualityComparer.Instance);
    private readonly List<ISubscriber> _gathered = [];

    /// <summary>One that is not there yet.</summary>
    public void Add(ISubscriber subscriber, int port, ushort type)
        => _byKey[(port, type)] = [.. _byKey.GetValueOrDefault((port, type), []), subscriber];

    /// <summary>One that is there.</summary>
    public void Remove(ISubscriber subscriber, int port, ushort type)
    {
        ISubscriber[] left = [.. _byKey[(port, type)].Where(other => other != subscriber)];
        if (left.Length == 0)
        {
            _byKey.Remove((port, type));
        }
        else
        {
            _byKey[(port, type)] = left;
        }
    }

    /// <summary>
    /// Everybody who gets a message of this port and type, once each (the original sent a copy for every
    /// key that matched, bug B18), in the original's order: the exact key, the port, the type, then the rest.
    /// </summary>
    /// <param name="port">dom0's port of the channel or virtual interrupt.</param>
    /// <param name="type">The message's type, or <see cref="ProtocolLimits.TypeVirq"/>.</param>
    /// <param name="excluded">Subscribers that take no messages now.</param>
    public ISubscriber[] Resolve(int port, ushort type, HashSet<ISubscriber> excluded)
    {
        _seen.Clear();
        _gathered.Clear();
        Gather((port, type), excluded);
        Gather((port, ProtocolLimits.TypeWildcard), excluded);
        Gather((ProtocolLimits.PortWildcard, type), excluded);
        Gather((ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard), excluded);
        return [.. _gathered];
    }

    private void Gather((int Port, ushort Type) key, HashSet<ISubscriber> excluded)
    {
        if (!_byKey.TryGetValue(key, out ISubscriber[]? bound))
        {
            return;
        }

        foreach (ISubscriber subscriber in bound)
        {
            if (!excluded.Contains(subscriber) && _seen.Add(subscriber))
            {
                _gathered.Add(subscriber);
            }
        }
    }
}
