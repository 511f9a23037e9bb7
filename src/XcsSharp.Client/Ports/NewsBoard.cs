using System.Runtime.CompilerServices;

using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>
/// News of domains that wait for their reader: the latest of each domain, so there are never more than domains. It also
/// notices what nobody says: of a domain that is not told again after a new beginning, that it is gone.
/// </summary>
internal sealed class NewsBoard
{
    // No domain has it. The marker that all were told waits among the domains.
    private const uint CompleteKey = uint.MaxValue;

    private readonly Lock _gate = new();
    private readonly ReaderSignal _arrived;
    private readonly Dictionary<uint, Entry> _known = [];
    private readonly LinkedList<uint> _waiting = new();
    private int _round;
    private bool _ended;
    private Exception? _failure;

    public NewsBoard() => _arrived = new ReaderSignal(_gate);

    /// <summary>From here on all that exists is told anew.</summary>
    public void BeginRound()
    {
        lock (_gate)
        {
            _round++;
        }
    }

    /// <returns>Domains that are gone by this: the one that it says so of, or those that were not told.</returns>
    public IReadOnlyList<uint> Put(in DomainNews news)
    {
        lock (_gate)
        {
            List<uint> gone = [];
            if (news.Kind == DomainNewsKind.Complete)
            {
                gone.AddRange(_known
                    .Where(known => known.Key != CompleteKey && known.Value.Round != _round)
                    .Where(static known => known.Value.Latest.Kind == DomainNewsKind.Exists)
                    .Select(static known => known.Key));
                foreach (uint domid in gone)
                {
                    PutLocked(domid, _known[domid].Latest with { Kind = DomainNewsKind.Gone, Ports = default });
                }

                // Behind all that were told, also where the one of a round before was not read yet.
                _waiting.Remove(CompleteKey);
                _known.Remove(CompleteKey);
                PutLocked(CompleteKey, news);
            }
            else
            {
                PutLocked(news.Domid, news);
                if (news.Kind == DomainNewsKind.Gone)
                {
                    gone.Add(news.Domid);
                }
            }

            _arrived.Wake();
            return gone;
        }
    }

    public void End(Exception? failure)
    {
        lock (_gate)
        {
            if (!_ended)
            {
                _ended = true;
                _failure = failure;
                _arrived.Wake();
            }
        }
    }

    public async IAsyncEnumerable<DomainNews> ReadAllAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        while (true)
        {
            ValueTask arrival = default;
            DomainNews? news;
            lock (_gate)
            {
                news = Take();
                if (news is null)
                {
                    if (_ended)
                    {
                        if (_failure is not null)
                        {
                            throw _failure;
                        }

                        yield break;
                    }

                    arrival = _arrived.Wait(cancel);
                }
            }

            if (news is { } told)
            {
                yield return told;
            }
            else
            {
                await arrival.ConfigureAwait(false);
            }
        }
    }

    private void PutLocked(uint key, in DomainNews news)
    {
        if (!_known.TryGetValue(key, out Entry? entry))
        {
            _known.Add(key, entry = new Entry());
        }

        entry.Latest = news;
        entry.Round = _round;
        if (!entry.IsWaiting)
        {
            entry.IsWaiting = true;
            _waiting.AddLast(key);
        }
    }

    private DomainNews? Take()
    {
        if (_waiting.First is not { } first)
        {
            return null;
        }

        _waiting.RemoveFirst();
        Entry entry = _known[first.Value];
        entry.IsWaiting = false;
        if (entry.Latest.Kind != DomainNewsKind.Exists)
        {
            _known.Remove(first.Value);
        }

        return entry.Latest;
    }

    private sealed class Entry
    {
        public DomainNews Latest;
        public int Round;
        public bool IsWaiting;
    }
}
