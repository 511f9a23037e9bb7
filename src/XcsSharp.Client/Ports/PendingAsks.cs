using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>
/// Requests of ours whose answers are awaited. An answer finds its request by number where there are numbers, otherwise by
/// domain, type, subtype and id, the oldest first. Any thread.
/// </summary>
/// <remarks>Without numbers, a request that nobody waits for any more keeps its place for a while: its late answer must not
/// be taken for the answer to the next one that looks the same.</remarks>
internal sealed class PendingAsks(TimeProvider time, TimeSpan lateness, int maxAbandoned)
{
    /// <summary>The daemon numbers its own messages from 1; ours begin where those never come.</summary>
    private const uint OurNumbers = 0x8000_0000;

    private readonly Lock _gate = new();
    private readonly Dictionary<uint, Ask> _numbered = [];
    private readonly List<Ask> _lined = [];
    private uint _lastNumber;
    private int _abandoned;

    /// <summary>In the order in which they are sent.</summary>
    public Ask Begin(uint domid, in ControlMessage request, bool numbered)
    {
        lock (_gate)
        {
            if (!numbered)
            {
                Ask lined = new(domid, request, 0);
                _lined.Add(lined);
                return lined;
            }

            Ask ask;
            do
            {
                ask = new Ask(domid, request, OurNumbers | ++_lastNumber);
            }
            while (!_numbered.TryAdd(ask.Number, ask));
            return ask;
        }
    }

    /// <summary>It was never sent, or has ended.</summary>
    public void Remove(Ask ask)
    {
        lock (_gate)
        {
            RemoveLocked(ask);
        }
    }

    /// <summary>Nobody waits for it any more.</summary>
    public void Abandon(Ask ask)
    {
        lock (_gate)
        {
            if (ask.Number != 0)
            {
                _numbered.Remove(ask.Number);
            }
            else if (_lined.Contains(ask))
            {
                ask.AbandonedAt = time.GetTimestamp();
                if (++_abandoned > maxAbandoned)
                {
                    RemoveLocked(_lined.First(static lined => lined.AbandonedAt is not null));
                }
            }
        }
    }

    /// <summary>An answer has come.</summary>
    /// <returns>False when it is not to one of these.</returns>
    public bool TryAnswer(in XcsRecord response, bool numbered)
    {
        Ask? ask;
        lock (_gate)
        {
            if (numbered && response.Correlation != 0)
            {
                // Of one who gave up, it is nobody's.
                _numbered.Remove(response.Correlation, out ask);
            }
            else
            {
                ask = TakeLine(response);
                if (ask is null)
                {
                    return false;
                }
            }
        }

        ask?.TrySetResult(response.Message);
        return true;
    }

    /// <summary>The daemon says that none will come.</summary>
    /// <returns>False when it is not about one of these.</returns>
    public bool TryFail(in XcsRecord undelivered)
    {
        Ask? ask;
        lock (_gate)
        {
            if (undelivered.Correlation == 0)
            {
                ask = TakeLine(undelivered);
            }
            else
            {
                _numbered.Remove(undelivered.Correlation, out ask);
            }
        }

        ask?.TrySetException(new XcsUndeliveredException(undelivered.RemoteDomain, undelivered.Reason));
        return ask is not null || undelivered.Correlation >= OurNumbers;
    }

    /// <summary>All of them end so; or those of one domain.</summary>
    public void FailAll(Func<Ask, Exception> why, uint? domid = null)
    {
        List<Ask> failed = [];
        lock (_gate)
        {
            failed.AddRange(_numbered.Values.Concat(_lined).Where(ask => domid is null || ask.Domid == domid));
            failed.ForEach(RemoveLocked);
        }

        foreach (Ask ask in failed)
        {
            ask.TrySetException(why(ask));
        }
    }

    private Ask? TakeLine(in XcsRecord record)
    {
        for (int i = 0; i < _lined.Count; i++)
        {
            Ask ask = _lined[i];
            if (ask.AbandonedAt is { } since && time.GetElapsedTime(since) > lateness)
            {
                RemoveLocked(ask);
                i--;
            }
            else if (ask.Fits(record))
            {
                RemoveLocked(ask);
                return ask;
            }
        }

        return null;
    }

    private void RemoveLocked(Ask ask)
    {
        if (ask.Number != 0)
        {
            _numbered.Remove(ask.Number);
        }
        else if (_lined.Remove(ask) && ask.AbandonedAt is not null)
        {
            _abandoned--;
        }
    }

    /// <summary>One of them.</summary>
    internal sealed class Ask(uint domid, in ControlMessage request, uint number)
        : TaskCompletionSource<ControlMessage>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        private readonly (MessageType, byte, byte) _head = (request.Type, request.Subtype, request.Id);

        public uint Domid { get; } = domid;

        public uint Number { get; } = number;

        public long? AbandonedAt { get; set; }

        public bool Fits(in XcsRecord record)
            => record.RemoteDomain == Domid
                && (record.Message.Type, record.Message.Subtype, record.Message.Id) == _head;
    }
}
