using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>
/// The requests of one channel that one client was given and has not answered, oldest first. A response on the wire
/// names no request: it is matched, by type, subtype and id, to the oldest one that this client was given.
/// </summary>
/// <remarks>
/// A request stays in here when somebody else answers it, because this client's own answer is still to come and must
/// not be taken for the answer to a later request (the original did, bug B17). A client that never answers
/// fills the list; then the oldest is forgotten. That one was answered long ago: a ring has eight.
/// </remarks>
internal sealed class DeliveredRequests
{
    public const int Limit = 1024;

    private Entry[] _entries = new Entry[16];
    private int _first;

    public int Count { get; private set; }

    /// <returns>False when the oldest had to be forgotten for it.</returns>
    public bool Append(RequestTicket ticket, in ControlMessage request, uint correlation)
    {
        bool forgotten = Count == Limit;
        if (forgotten)
        {
            RemoveFirst();
        }
        else if (Count == _entries.Length)
        {
            Grow();
        }

        ref Entry entry = ref At(Count++);
        entry.Ticket = ticket.Value;
        entry.Key = SentRequest.KeyOf(request);
        entry.Correlation = correlation;
        return !forgotten;
    }

    /// <summary>Takes the oldest request that <paramref name="response"/> can answer.</summary>
    /// <param name="response">Its type, subtype and id count.</param>
    /// <param name="correlation">Names the request alone, unless it is 0.</param>
    /// <param name="ticket">The request.</param>
    public bool TryTake(in ControlMessage response, uint correlation, out RequestTicket ticket)
    {
        int key = SentRequest.KeyOf(response);
        for (int i = 0; i < Count; i++)
        {
            if (correlation != 0 ? At(i).Correlation == correlation : At(i).Key == key)
            {
                ticket = new RequestTicket(At(i).Ticket);
                RemoveAt(i);
                return true;
            }
        }

        ticket = default;
        return false;
    }

    // The length is a power of two.
    private ref Entry At(int index) => ref _entries[(_first + index) & (_entries.Length - 1)];

    private void RemoveAt(int index)
    {
        for (int i = index; i > 0; i--)
        {
            At(i) = At(i - 1);
        }

        RemoveFirst();
    }

    private void RemoveFirst()
    {
        _first = (_first + 1) & (_entries.Length - 1);
        Count--;
    }

    private void Grow()
    {
        Entry[] larger = new Entry[_entries.Length * 2];
        for (int i = 0; i < Count; i++)
        {
            larger[i] = At(i);
        }

        _entries = larger;
        _first = 0;
    }

    private struct Entry
    {
        public ulong Ticket;
        public int Key;
        public uint Correlation;
    }
}
