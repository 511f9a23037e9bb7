using XcsSharp.Protocol;

namespace XcsSharp.Rings;

/// <summary>
/// The asking end of a ring: puts our requests, takes the peer's responses. The controller has it on rx, a
/// guest on tx. Not thread-safe: one thread owns it.
/// </summary>
/// <remarks>
/// Invariants
/// 1. Our two indexes live here, never in the page.
/// 2. <c>_responseConsumer &lt;= _requestProducer &lt;= _responseConsumer + 8</c> (free-running, modulo 2^32).
/// 3. At most as many responses are taken as requests are unanswered; the original's loop had no such bound,
///    and one store of a guest kept it busy for minutes (bug B13).
/// </remarks>
public sealed class FrontRing
{
    private readonly RingMemory _memory;
    private uint _requestProducer;
    private uint _responseConsumer;
    private bool _corrupt;

    /// <summary>
    /// Attaches behind what an earlier life of this end has put there: its requests that are still unanswered
    /// keep their slots until the peer answers them.
    /// </summary>
    internal FrontRing(RingMemory memory)
    {
        _memory = memory;
        _requestProducer = memory.RequestProducer;
        _responseConsumer = memory.ResponseProducer;
        if (_requestProducer - _responseConsumer > ProtocolLimits.RingSlots)
        {
            // Impossible indexes at attach: nothing to believe. Kept consistent so that no later sum goes wrong.
            _corrupt = true;
            _responseConsumer = _requestProducer;
        }

        WasUsed = _requestProducer != 0;
    }

    /// <summary>An earlier life of this end has asked something, and may have ended before it told the peer.</summary>
    public bool WasUsed { get; }

    /// <summary>Requests put and not yet answered: 0..8.</summary>
    public int Unanswered => (int)(_requestProducer - _responseConsumer);

    /// <summary>How many requests can be put now: 0..8; 0 on a corrupt ring.</summary>
    public int Room => _corrupt ? 0 : ProtocolLimits.RingSlots - Unanswered;

    /// <summary>
    /// Puts a request and publishes it. The peer is not notified: the caller does that once a batch.
    /// </summary>
    /// <returns>False when there is no room: take responses first.</returns>
    public bool TryPutRequest(in ControlMessage request)
    {
        if (Room == 0)
        {
            return false;
        }

        _memory.CopyIn(_requestProducer, request);
        _requestProducer++;
        _memory.RequestProducer = _requestProducer;
        return true;
    }

    /// <summary>Takes the next response, if there is one; its slot is then free again.</summary>
    /// <returns><see cref="RingRead.Corrupt"/> when the peer claims answers to requests never put.</returns>
    public RingRead TryTakeResponse(out ControlMessage response)
    {
        uint answered = _memory.ResponseProducer - _responseConsumer;
        if (_corrupt || answered > (uint)Unanswered)
        {
            _corrupt = true;
            response = default;
            return RingRead.Corrupt;
        }

        if (answered == 0)
        {
            response = default;
            return RingRead.Empty;
        }

        _memory.CopyOut(_responseConsumer, out response);
        _responseConsumer++;
        return RingRead.Message;
    }
}
