using System.Diagnostics;

using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <content>Whose request a guest's answer belongs to.</content>
public sealed partial class ControlChannel
{
    private readonly SentRequests _sent = new();
    private SentRequest _answered;

    /// <summary>
    /// As <see cref="TrySendRequest(ISubscriber, in ControlMessage)"/>, under a number by which the sender tells the answer from
    /// others: it gets <see cref="ISubscriber.OnResponse"/>, where <see cref="CorrelationFor"/> gives the number, or
    /// <see cref="ISubscriber.OnNoAnswer"/>, or the channel is closed first. How long that takes nobody bounds: a guest may
    /// hold a slot for ever.
    /// </summary>
    /// <param name="from">Attached. Gets the answer also when it is not bound, if there is a number.</param>
    /// <param name="request">All 64 bytes are copied.</param>
    /// <param name="correlation">The sender's number for it, or 0.</param>
    public bool TrySendRequest(ISubscriber from, in ControlMessage request, uint correlation)
    {
        if (State != ChannelState.Open || _isEnding)
        {
            return false;
        }

        if ((_queue.Count == 0 && TryPutRequest(request)) || _queue.TryAppend(request))
        {
            _sent.Append(request, from, correlation);
            return true;
        }

        _queue.AddWaiting(from);
        return false;
    }

    /// <summary>
    /// Inside <see cref="ISubscriber.OnResponse"/>: the number under which this subscriber asked for it; 0 when it is the answer to
    /// another's request, or had no number.
    /// </summary>
    public uint CorrelationFor(ISubscriber subscriber)
        => _answered.Asker == subscriber ? _answered.Correlation : 0;

    /// <summary>Requests to the guest that wait for room in its ring.</summary>
    public IEnumerable<ControlMessage> WaitingRequests => _queue.All;

    /// <summary>After the end: what the subscriber asked under a number and will not be answered.</summary>
    internal bool TryTakeUnanswered(ISubscriber subscriber, out SentRequest request)
        => _sent.TryTakeOf(subscriber, out request);

    /// <summary>
    /// Inside <see cref="ISubscriber.OnRequest"/>: the subscriber could not take this request after all; the others that got it still can.
    /// </summary>
    internal void Renounce(ISubscriber subscriber, RequestTicket ticket)
        => _owed.RemoveHolderOf(ticket, subscriber, _context.Now + _context.UnboundGrace);

    private void DeliverResponse(in ControlMessage response)
    {
        ISubscriber[] receivers = _routes.Find(_context.Router, LocalPort, response.Type);
        _answered = _sent.Take(response);
        _context.Router.DeliverResponse(receivers, this, response);
        if (_answered is { Correlation: not 0, Asker: { } asker }
            && Array.IndexOf(receivers, asker) < 0
            && _context.Router.IsAttached(asker))
        {
            asker.OnResponse(this, response);
        }

        _answered = default;
        DropUnanswerable();
    }

    /// <summary>A slot that came back without its request's answer: the guest answers in no other way any more.</summary>
    private void DropUnanswerable()
    {
        while (State == ChannelState.Open && _sent.Count > _receive.Unanswered + _queue.Count)
        {
            SentRequest dropped = _sent.TakeOldest();
            if (dropped is { Correlation: not 0, Asker: { } asker })
            {
                asker.OnNoAnswer(this, dropped);
            }
        }

        Debug.Assert(State != ChannelState.Open || _sent.Count <= ProtocolLimits.RingSlots + _context.RequestQueueLimit, "bounded");
    }
}
