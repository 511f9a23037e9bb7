using System.Diagnostics;

using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>
/// The requests of one guest that were taken and not yet answered: at most eight, in ring order. Each knows who was
/// given it and until when these may be silent.
/// </summary>
/// <remarks>
/// Invariants
/// 1. Entry i is the request at position i of the channel's <see cref="Rings.BackRing"/>; tickets ascend.
/// 2. An entry without holders was given to nobody who could still answer it.
/// </remarks>
internal sealed class AnswersOwed
{
    private readonly Entry[] _entries = new Entry[ProtocolLimits.RingSlots];

    public int Count { get; private set; }

    public void Append(in ControlMessage request, RequestTicket ticket, ISubscriber[] holders, long deadline)
    {
        Debug.Assert(Count < _entries.Length, "the ring bounds what can be owed");
        ref Entry entry = ref _entries[Count++];
        entry.Request = request;
        entry.Ticket = ticket.Value;
        entry.Holders = holders;
        entry.SilencedFor = null;
        entry.Deadline = deadline;
    }

    /// <returns>The position in the ring, or -1.</returns>
    public int Find(RequestTicket ticket)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_entries[i].Ticket == ticket.Value)
            {
                return i;
            }
        }

        return -1;
    }

    public bool IsHeldBy(int position, ISubscriber subscriber)
        => Array.IndexOf(_entries[position].Holders, subscriber) >= 0;

    public MessageType TypeAt(int position) => _entries[position].Request.Type;

    /// <summary>An answer was dropped for the sake of <paramref name="lockHolder"/>: it will not come again.</summary>
    public void SetSilenced(int position, ISubscriber lockHolder) => _entries[position].SilencedFor = lockHolder;

    public void RemoveAt(int position)
    {
        Count--;
        _entries.AsSpan(position + 1, Count - position).CopyTo(_entries.AsSpan(position));
        _entries[Count] = default;
    }

    public void Clear()
    {
        Array.Clear(_entries);
        Count = 0;
    }

    /// <summary>
    /// The subscriber will answer nothing that it was given. What nobody else holds has no holder from now on
    /// and waits until <paramref name="deadline"/>.
    /// </summary>
    /// <returns>True when there is such a request.</returns>
    public bool RemoveHolder(ISubscriber subscriber, long deadline)
    {
        bool orphaned = false;
        for (int i = 0; i < Count; i++)
        {
            ref Entry entry = ref _entries[i];
            if (Array.IndexOf(entry.Holders, subscriber) < 0)
            {
                continue;
            }

            // The others' answers may have been dropped for its sake: whoever is bound is asked anew.
            entry.Holders = entry.SilencedFor == subscriber
                ? []
                : [.. entry.Holders.Where(other => other != subscriber)];
            if (entry.Holders.Length == 0)
            {
                entry.Deadline = deadline;
                orphaned = true;
            }
        }

        return orphaned;
    }

    /// <summary>The subscriber will not answer this one; nothing happens when it does not hold it.</summary>
    public void RemoveHolderOf(RequestTicket ticket, ISubscriber subscriber, long deadline)
    {
        int position = Find(ticket);
        if (position < 0 || !IsHeldBy(position, subscriber))
        {
            return;
        }

        ref Entry entry = ref _entries[position];
        entry.Holders = entry.Holders.Length == 1 ? [] : [.. entry.Holders.Where(other => other != subscriber)];
        if (entry.Holders.Length == 0)
        {
            entry.Deadline = deadline;
        }
    }

    /// <summary>The oldest request without holders that was taken after <paramref name="after"/>.</summary>
    public bool TryNextUnheld(RequestTicket after, out RequestTicket ticket, out ControlMessage request)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_entries[i].Ticket > after.Value && _entries[i].Holders.Length == 0)
            {
                ticket = new RequestTicket(_entries[i].Ticket);
                request = _entries[i].Request;
                return true;
            }
        }

        ticket = default;
        request = default;
        return false;
    }

    public void SetHolders(RequestTicket ticket, ISubscriber[] holders, long deadline)
    {
        ref Entry entry = ref _entries[Find(ticket)];
        entry.Holders = holders;
        entry.SilencedFor = null;
        entry.Deadline = deadline;
    }

    /// <summary>The position of a request whose time is over, or -1.</summary>
    public int FindExpired(long now, out ControlMessage request, out bool wasHeld)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_entries[i].Deadline <= now)
            {
                request = _entries[i].Request;
                wasHeld = _entries[i].Holders.Length > 0;
                return i;
            }
        }

        request = default;
        wasHeld = false;
        return -1;
    }

    /// <summary>When the first of them has to be answered. Only while something is owed.</summary>
    public long EarliestDeadline()
    {
        long earliest = long.MaxValue;
        for (int i = 0; i < Count; i++)
        {
            earliest = Math.Min(earliest, _entries[i].Deadline);
        }

        return earliest;
    }

    private struct Entry
    {
        public ControlMessage Request;
        public ulong Ticket;

        /// <summary>Never changed in place: routes and other entries share the array.</summary>
        public ISubscriber[] Holders;

        /// <summary>The holder of the write lock for whom somebody's answer was dropped.</summary>
        public ISubscriber? SilencedFor;

        /// <summary>In the clock's timestamp ticks.</summary>
        public long Deadline;
    }
}
