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
/// Of a request it has what an answer needs. All of it stays in its slot of the ring until then: copying it here, too, would be half of what a
/// message costs in memory.
/// </remarks>
internal sealed class AnswersOwed
{
    private GrowingRing<Entry> _entries;

    public int Count => _entries.Count;

    public void Append(in ControlMessage request, RequestTicket ticket, ISubscriber[] holders, long deadline)
    {
        Debug.Assert(Count < ProtocolLimits.RingSlots, "the ring bounds what can be owed");
        _entries.Append() = new Entry { Key = SentRequest.KeyOf(request), Ticket = ticket.Value, Holders = holders, Deadline = deadline };
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
    {
        foreach (ISubscriber holder in _entries[position].Holders)
        {
            if (ReferenceEquals(holder, subscriber))
            {
                return true;
            }
        }

        return false;
    }

    public MessageType TypeAt(int position) => SentRequest.TypeOf(_entries[position].Key);

    /// <summary>An answer was dropped for the sake of <paramref name="lockHolder"/>: it will not come again.</summary>
    public void SetSilenced(int position, ISubscriber lockHolder) => _entries[position].SilencedFor = lockHolder;

    public void RemoveAt(int position) => _entries.RemoveAt(position);

    public void Clear() => _entries = default;

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
            if (IsHeldBy(i, subscriber))
            {
                orphaned |= RemoveHolder(ref _entries[i], subscriber, deadline);
            }
        }

        return orphaned;
    }

    /// <summary>The subscriber will not answer this one; nothing happens when it does not hold it.</summary>
    public void RemoveHolderOf(RequestTicket ticket, ISubscriber subscriber, long deadline)
    {
        int position = Find(ticket);
        if (position >= 0 && IsHeldBy(position, subscriber))
        {
            RemoveHolder(ref _entries[position], subscriber, deadline);
        }
    }

    /// <summary>The position of the oldest request without holders that was taken after <paramref name="after"/>, or -1.</summary>
    public int FindUnheld(RequestTicket after, out RequestTicket ticket)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_entries[i].Ticket > after.Value && _entries[i].Holders.Length == 0)
            {
                ticket = new RequestTicket(_entries[i].Ticket);
                return i;
            }
        }

        ticket = default;
        return -1;
    }

    /// <summary>The request at this position is given to others, as it is now.</summary>
    public void SetHolders(int position, in ControlMessage request, ISubscriber[] holders, long deadline)
    {
        ref Entry entry = ref _entries[position];
        entry.Key = SentRequest.KeyOf(request);
        entry.Holders = holders;
        entry.SilencedFor = null;
        entry.Deadline = deadline;
    }

    /// <summary>The position of a request whose time is over, or -1.</summary>
    /// <param name="now">In the clock's timestamp ticks.</param>
    /// <param name="answer">What to say to it: that nobody understood it.</param>
    /// <param name="wasHeld">Whether somebody had it.</param>
    public int FindExpired(long now, out ControlMessage answer, out bool wasHeld)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_entries[i].Deadline <= now)
            {
                answer = SentRequest.HeadOf(_entries[i].Key);
                wasHeld = _entries[i].Holders.Length > 0;
                return i;
            }
        }

        answer = default;
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

    /// <returns>True when it was the last one.</returns>
    private static bool RemoveHolder(ref Entry entry, ISubscriber subscriber, long deadline)
    {
        // The others' answers may have been dropped for its sake: whoever is bound is asked anew.
        entry.Holders = entry.SilencedFor == subscriber ? [] : [.. entry.Holders.Where(other => other != subscriber)];
        if (entry.Holders.Length > 0)
        {
            return false;
        }

        entry.Deadline = deadline;
        return true;
    }

    private struct Entry
    {
        public ulong Ticket;

        /// <summary>Never changed in place: routes and other entries share the array.</summary>
        public ISubscriber[] Holders;

        /// <summary>The holder of the write lock for whom somebody's answer was dropped.</summary>
        public ISubscriber? SilencedFor;

        /// <summary>In the clock's timestamp ticks.</summary>
        public long Deadline;

        /// <summary>Type, subtype and id.</summary>
        public int Key;
    }
}
