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
    private const int Mask = ProtocolLimits.RingSlots - 1;

    // A ring: nearly always it is the oldest that is answered first, and then nothing moves.
    // Made with the first request: of a thousand guests most send none for days.
    private Entry[]? _entries;
    private int _first;

    public int Count { get; private set; }

    public void Append(in ControlMessage request, RequestTicket ticket, ISubscriber[] holders, long deadline)
    {
        _entries ??= new Entry[ProtocolLimits.RingSlots];
        Debug.Assert(Count < _entries.Length, "the ring bounds what can be owed");
        ref Entry entry = ref At(Count++);
        entry.Key = SentRequest.KeyOf(request);
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
            if (At(i).Ticket == ticket.Value)
            {
                return i;
            }
        }

        return -1;
    }

    public bool IsHeldBy(int position, ISubscriber subscriber)
        => Holds(At(position).Holders, subscriber);

    public MessageType TypeAt(int position) => SentRequest.TypeOf(At(position).Key);

    /// <summary>An answer was dropped for the sake of <paramref name="lockHolder"/>: it will not come again.</summary>
    public void SetSilenced(int position, ISubscriber lockHolder) => At(position).SilencedFor = lockHolder;

    public void RemoveAt(int position)
    {
        for (int i = position; i > 0; i--)
        {
            At(i) = At(i - 1);
        }

        // What it held is not to be kept alive by it; the message is only overwritten.
        ref Entry removed = ref At(0);
        removed.Holders = [];
        removed.SilencedFor = null;
        _first = (_first + 1) & Mask;
        Count--;
    }

    public void Clear()
    {
        _entries.AsSpan().Clear();
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
            ref Entry entry = ref At(i);
            if (!Holds(entry.Holders, subscriber))
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

        ref Entry entry = ref At(position);
        entry.Holders = entry.Holders.Length == 1 ? [] : [.. entry.Holders.Where(other => other != subscriber)];
        if (entry.Holders.Length == 0)
        {
            entry.Deadline = deadline;
        }
    }

    /// <summary>The position of the oldest request without holders that was taken after <paramref name="after"/>, or -1.</summary>
    public int FindUnheld(RequestTicket after, out RequestTicket ticket)
    {
        for (int i = 0; i < Count; i++)
        {
            if (At(i).Ticket > after.Value && At(i).Holders.Length == 0)
            {
                ticket = new RequestTicket(At(i).Ticket);
                return i;
            }
        }

        ticket = default;
        return -1;
    }

    /// <summary>The request at this position is given to others, as it is now.</summary>
    public void SetHolders(int position, in ControlMessage request, ISubscriber[] holders, long deadline)
    {
        ref Entry entry = ref At(position);
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
            if (At(i).Deadline <= now)
            {
                answer = SentRequest.HeadOf(At(i).Key);
                wasHeld = At(i).Holders.Length > 0;
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
            earliest = Math.Min(earliest, At(i).Deadline);
        }

        return earliest;
    }

    private static bool Holds(ISubscriber[] holders, ISubscriber subscriber)
    {
        foreach (ISubscriber holder in holders)
        {
            if (ReferenceEquals(holder, subscriber))
            {
                return true;
            }
        }

        return false;
    }

    private ref Entry At(int position) => ref _entries![(_first + position) & Mask];

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
