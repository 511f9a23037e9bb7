using System.Diagnostics;

using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <content>Whose request a guest's answer belongs to.</content>
public sealed partial class ControlChannel
{
    private readonly SentRequests _sent = new();
    private SentRequest _answered;

    /// <summary>As <see cref="TrySendRequest(ISubscriber, in ControlMessage)"/>.</summary>
    /// <param name="from">Gets the answer also when it is not bound, if there is a number.</param>
    /// <param name="request">All 64 bytes are copied.</param>
    /// <param name="correlation">The sender's number for it, or 0.</param>
    internal bool TrySendRequest(ISubscriber from, in ControlMessage request, uint correlation)
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

    /// <summary>While a response is delivered: the number under which this subscriber asked, or 0.</summary>
    internal uint CorrelationFor(ISubscriber subscriber)
        => _answered.Asker == subscriber ? _answered.Correlation : 0;

    /// <summary>After the end: what the subscriber asked under a number and will not be answered.</summary>
    internal bool TryTakeUnanswered(ISubscriber subscriber, out SentRequest request)
        => _sent.TryTakeOf(subscriber, out request);

    /// <summary>A subscriber could not take this request after all; the others that got it still can.</summary>
    internal void Renounce(ISubscriber subscriber, RequestTicket ticket)
    {
        _owed.RemoveHolderOf(ticket, subscriber, _context.Now + _context.UnboundGrace);
        WatchDeadlines(_context.Now);
    }

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
