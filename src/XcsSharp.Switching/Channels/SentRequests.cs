using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>A request to a guest: who asked, and under what number. The default is nobody.</summary>
public readonly record struct SentRequest
{
    internal SentRequest(ISubscriber? asker, uint correlation, int key)
    {
        Asker = asker;
        Correlation = correlation;
        Key = key;
    }

    /// <summary>The number that the asker gave it; 0: none.</summary>
    public uint Correlation { get; internal init; }

    /// <summary>Type, subtype and id, with no payload: what is known of it when it comes back undelivered.</summary>
    public ControlMessage Head => HeadOf(Key);

    internal ISubscriber? Asker { get; init; }

    internal int Key { get; }

    internal static MessageType TypeOf(int key) => (MessageType)(byte)(key >> 16);

    /// <summary>The message with this type, subtype and id and no payload: also the answer that says "nobody understood this" (spec section 7).</summary>
    internal static ControlMessage HeadOf(int key)
        => ControlMessage.Create(TypeOf(key), (byte)(key >> 8), (byte)key, []);

    internal static int KeyOf(in ControlMessage message)
        => ((byte)message.Type << 16) | (message.Subtype << 8) | message.Id;
}

/// <summary>
/// The requests of subscribers that the guest has not answered, oldest first. An answer in the ring names no request: it is
/// taken for that to the oldest one of its type, subtype and id.
/// </summary>
/// <remarks>Never more than the ring and the queue before it hold: whoever frees a slot otherwise has the oldest dropped.</remarks>
internal sealed class SentRequests
{
    private GrowingRing<SentRequest> _entries;

    public int Count => _entries.Count;

    public void Append(in ControlMessage request, ISubscriber asker, uint correlation)
        => _entries.Append() = new SentRequest(asker, correlation, SentRequest.KeyOf(request));

    /// <returns>The request that this answers, or the default.</returns>
    public SentRequest Take(in ControlMessage response)
    {
        int key = SentRequest.KeyOf(response);
        for (int i = 0; i < Count; i++)
        {
            if (_entries[i].Key == key)
            {
                return RemoveAt(i);
            }
        }

        return default;
    }

    /// <summary>Only while <see cref="Count"/> is not 0.</summary>
    public SentRequest TakeOldest() => RemoveAt(0);

    /// <summary>Takes a subscriber's oldest one that has a number.</summary>
    public bool TryTakeOf(ISubscriber asker, out SentRequest request)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_entries[i].Asker == asker && _entries[i].Correlation != 0)
            {
                request = RemoveAt(i);
                return true;
            }
        }

        request = default;
        return false;
    }

    /// <summary>The subscriber is gone. What it asked is still matched, for nobody.</summary>
    public void Forget(ISubscriber asker)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_entries[i].Asker == asker)
            {
                _entries[i] = _entries[i] with { Asker = null, Correlation = 0 };
            }
        }
    }

    private SentRequest RemoveAt(int position)
    {
        SentRequest removed = _entries[position];
        _entries.RemoveAt(position);
        return removed;
    }
}
