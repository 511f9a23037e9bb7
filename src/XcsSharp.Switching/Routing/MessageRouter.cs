using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>
/// Knows the subscribers and what they bound, and calls them.
/// </summary>
/// <remarks>
/// Invariants
/// 1. Every walk is over an array that never changes; a callback may attach, detach, bind and unbind at will.
/// 2. Whoever is detached or suspended during a walk is not called by the rest of it.
/// 3. <see cref="Version"/> changes with everything that could change the outcome of <see cref="Resolve"/>.
/// </remarks>
internal sealed class MessageRouter
{
    private readonly BindingTable _bindings = new();
    private readonly Dictionary<ISubscriber, SubscriberRecord> _records = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<ISubscriber> _suspended = new(ReferenceEqualityComparer.Instance);
    private ISubscriber[] _all = [];

    /// <summary>Starts at 1, so that an unused <see cref="RouteCache"/> is void.</summary>
    public ulong Version { get; private set; } = 1;

    public IEnumerable<SubscriberRecord> Records => _records.Values;

    public SubscriberRecord? FindRecord(ISubscriber subscriber) => _records.GetValueOrDefault(subscriber);

    public bool IsAttached(ISubscriber subscriber) => _records.ContainsKey(subscriber);

    /// <exception cref="InvalidOperationException">Attached twice: a bug of ours.</exception>
    public void Add(ISubscriber subscriber)
    {
        if (!_records.TryAdd(subscriber, new SubscriberRecord()))
        {
            throw new InvalidOperationException($"{subscriber.Name} is attached already.");
        }

        _all = [.. _all, subscriber];
    }

    public void Remove(ISubscriber subscriber)
    {
        if (!_records.Remove(subscriber, out SubscriberRecord? record))
        {
            return;
        }

        foreach ((int port, ushort type) in record.Binds)
        {
            _bindings.Remove(subscriber, port, type);
        }

        _suspended.Remove(subscriber);
        _all = [.. _all.Where(other => other != subscriber)];
        Version++;
    }

    /// <returns>False when the subscriber has as many bindings as it may have.</returns>
    public bool TryBind(ISubscriber subscriber, int port, ushort type, int limit)
    {
        HashSet<(int, ushort)> binds = _records[subscriber].Binds;
        if (binds.Contains((port, type)))
        {
            return true;
        }

        if (binds.Count >= limit)
        {
            return false;
        }

        binds.Add((port, type));
        _bindings.Add(subscriber, port, type);
        Version++;
        return true;
    }

    public void Unbind(ISubscriber subscriber, int port, ushort type)
    {
        if (_records[subscriber].Binds.Remove((port, type)))
        {
            _bindings.Remove(subscriber, port, type);
            Version++;
        }
    }

    /// <returns>False when it was so already.</returns>
    public bool SetSuspended(ISubscriber subscriber, bool suspended)
    {
        bool changed = suspended ? _suspended.Add(subscriber) : _suspended.Remove(subscriber);
        if (changed)
        {
            Version++;
        }

        return changed;
    }

    public ISubscriber[] Resolve(int port, ushort type) => _bindings.Resolve(port, type, _suspended);

    public void DeliverRequest(
        ISubscriber[] receivers, ControlChannel channel, in ControlMessage request, RequestTicket ticket)
    {
        ulong version = Version;
        foreach (ISubscriber receiver in receivers)
        {
            if (version == Version || IsReceiving(receiver))
            {
                receiver.OnRequest(channel, request, ticket);
            }
        }
    }

    public void DeliverResponse(ISubscriber[] receivers, ControlChannel channel, in ControlMessage response)
    {
        ulong version = Version;
        foreach (ISubscriber receiver in receivers)
        {
            if (version == Version || IsReceiving(receiver))
            {
                receiver.OnResponse(channel, response);
            }
        }
    }

    public void DeliverVirq(int port)
    {
        ulong version = Version;
        foreach (ISubscriber receiver in Resolve(port, ProtocolLimits.TypeVirq))
        {
            if (version == Version || IsReceiving(receiver))
            {
                receiver.OnVirq(port);
            }
        }
    }

    public void AnnounceDomain(GuestDomain domain) => TellAll(domain, static (s, d) => s.OnDomainAppeared(d));

    public void AnnounceDomainGone(GuestDomain domain) => TellAll(domain, static (s, d) => s.OnDomainGone(d));

    public void AnnounceChannel(ControlChannel channel) => TellAll(channel, static (s, c) => s.OnChannelOpened(c));

    public void AnnounceChannelClosed(ControlChannel channel, string reason)
        => TellAll((channel, reason), static (s, told) => s.OnChannelClosed(told.channel, told.reason));

    private void TellAll<T>(T news, Action<ISubscriber, T> tell)
    {
        foreach (ISubscriber subscriber in _all)
        {
            if (IsAttached(subscriber))
            {
                tell(subscriber, news);
            }
        }
    }

    private bool IsReceiving(ISubscriber subscriber) => IsAttached(subscriber) && !_suspended.Contains(subscriber);
}
