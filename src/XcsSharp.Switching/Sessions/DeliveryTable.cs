namespace XcsSharp.Switching;

/// <summary>
/// What one client was given and has not answered, by channel. Messages come in runs of one guest, in both directions, so the
/// channel of the last one is looked at before the table.
/// </summary>
internal sealed class DeliveryTable
{
    private readonly Dictionary<ControlChannel, DeliveredRequests> _lists = new(ReferenceEqualityComparer.Instance);
    private ControlChannel? _lastChannel;
    private DeliveredRequests? _last;

    /// <summary>Requests of all channels.</summary>
    public int Count => _lists.Values.Sum(static list => list.Count);

    /// <summary>Null when the client was given nothing of this channel.</summary>
    public DeliveredRequests? Find(ControlChannel channel)
    {
        if (ReferenceEquals(_lastChannel, channel))
        {
            return _last;
        }

        if (!_lists.TryGetValue(channel, out DeliveredRequests? found))
        {
            return null;
        }

        _lastChannel = channel;
        return _last = found;
    }

    /// <summary>The list of this channel, a new one if there is none.</summary>
    public DeliveredRequests Of(ControlChannel channel)
    {
        if (Find(channel) is { } known)
        {
            return known;
        }

        DeliveredRequests added = new();
        _lists.Add(channel, added);
        _lastChannel = channel;
        return _last = added;
    }

    /// <summary>The channel is gone.</summary>
    public void Remove(ControlChannel channel)
    {
        Forget();
        _ = _lists.Remove(channel);
    }

    public void Clear()
    {
        Forget();
        _lists.Clear();
    }

    private void Forget() => (_lastChannel, _last) = (null, null);
}
