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

    private GrowingRing<Entry> _entries;

    public int Count => _entries.Count;

    /// <returns>False when the oldest had to be forgotten for it.</returns>
    public bool Append(RequestTicket ticket, in ControlMessage request, uint correlation)
    {
        bool forgotten = Count == Limit;
        if (forgotten)
        {
            _entries.RemoveAt(0);
        }

        _entries.Append() = new Entry { Ticket = ticket.Value, Key = SentRequest.KeyOf(request), Correlation = correlation };
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
            if (correlation != 0 ? _entries[i].Correlation == correlation : _entries[i].Key == key)
            {
                ticket = new RequestTicket(_entries[i].Ticket);
                _entries.RemoveAt(i);
                return true;
            }
        }

        ticket = default;
        return false;
    }

    private struct Entry
    {
        public ulong Ticket;
        public int Key;
        public uint Correlation;
    }
}
