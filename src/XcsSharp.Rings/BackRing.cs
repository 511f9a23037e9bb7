using XcsSharp.Protocol;

namespace XcsSharp.Rings;

/// <summary>
/// The answering end of a ring: takes the peer's requests, puts our responses. The controller has it on tx,
/// a guest on rx. Not thread-safe: one thread owns it.
/// </summary>
/// <remarks>
/// Invariants
/// 1. Our two indexes live here, never in the page: what the peer does to the shared ones cannot move them.
/// 2. <c>_responseProducer &lt;= _requestConsumer &lt;= _responseProducer + 8</c> (free-running, modulo 2^32).
/// 3. The slots from the shared rsp_prod on hold, in ring order, the requests that were not answered. A crash
///    at any point between two answers therefore loses none: the next attach starts at rsp_prod and takes
///    them again (the original skipped them, bug B9).
/// </remarks>
public sealed class BackRing
{
    private readonly RingMemory _memory;
    private uint _requestConsumer;
    private uint _responseProducer;
    private readonly uint _attachedAt;
    private bool _corrupt;

    internal BackRing(RingMemory memory)
    {
        _memory = memory;
        _responseProducer = memory.ResponseProducer;
        _requestConsumer = _responseProducer;
        WasUsed = _responseProducer != 0;
        _attachedAt = memory.RequestProducer;
    }

    /// <summary>An earlier life of this end has answered something, and may have ended before it told the peer.</summary>
    public bool WasUsed { get; }

    /// <summary>Requests taken and not yet answered: 0..8.</summary>
    public int Unanswered => (int)(_requestConsumer - _responseProducer);

    /// <summary>Behind the request that was taken last: free-running, and the same for each life of this end, since the peer counts so too.</summary>
    public uint RequestIndex => _requestConsumer;

    /// <summary>The request that was taken last was there when this end attached: an earlier life of it may have taken it, too. A peer that lies about
    /// its index then says this of others.</summary>
    public bool WasThereAtAttach => (int)(_requestConsumer - _attachedAt) <= 0;

    /// <summary>Takes the next request, if there is one.</summary>
    /// <returns>
    /// <see cref="RingRead.Corrupt"/> when the peer claims more than 8 unanswered requests, or takes back ones
    /// that it had published.
    /// </returns>
    public RingRead TryTakeRequest(out ControlMessage request)
    {
        uint producer = _memory.RequestProducer;

        // Counted from our own response index, both an index that ran ahead and one that ran backwards
        // come out above what the ring can hold, or below what was already taken.
        uint published = producer - _responseProducer;
        uint taken = _requestConsumer - _responseProducer;
        if (_corrupt || published > ProtocolLimits.RingSlots || published < taken)
        {
            _corrupt = true;
            request = default;
            return RingRead.Corrupt;
        }

        if (published == taken)
        {
            request = default;
            return RingRead.Empty;
        }

        _memory.CopyOut(_requestConsumer, out request);
        _requestConsumer++;
        return RingRead.Message;
    }

    /// <summary>
    /// Copies the unanswered request at <paramref name="position"/> (0 is the oldest) once more. It is in the peer's memory: it may be another
    /// one by now, and is to be judged like one that has just come.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">No such request: a bug of ours.</exception>
    public void CopyUnanswered(int position, out ControlMessage request)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, Unanswered);
        _memory.CopyOut(_responseProducer + (uint)position, out request);
    }

    /// <summary>
    /// Answers the unanswered request at <paramref name="position"/> (0 is the oldest) and publishes the answer.
    /// The peer is not notified: the caller does that once a batch.
    /// </summary>
    /// <remarks>
    /// Answers fill slots in the order in which they come, so an answer out of turn lands on an older request
    /// that is still unanswered. Those older ones are moved up by one slot first, into the place of the request
    /// being answered, which keeps invariant 3. The peer does not look at these slots until they are published.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">No such request: a bug of ours.</exception>
    public void PutResponse(int position, in ControlMessage response)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, Unanswered);

        for (int older = position; older > 0; older--)
        {
            uint to = _responseProducer + (uint)older;
            _memory.CopyOut(to - 1, out ControlMessage kept);
            _memory.CopyIn(to, kept);
        }

        _memory.CopyIn(_responseProducer, response);
        _responseProducer++;
        _memory.ResponseProducer = _responseProducer;
    }
}
