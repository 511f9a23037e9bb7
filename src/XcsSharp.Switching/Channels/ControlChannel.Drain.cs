using XcsSharp.Protocol;
using XcsSharp.Rings;

namespace XcsSharp.Switching;

/// <content>The drain: what comes out of the guest's rings, and where it goes.</content>
public sealed partial class ControlChannel
{
    // A drain is at most 32 messages, then it is the next guest's turn. A quarter is kept for responses, so that a
    // guest that never stops asking still gets its own input through: ^C at a flooding console.
    private const int RequestsADrain = 24;
    private const int ResponsesADrain = 8;

    /// <summary>False while the guest has used up its budget: the port stays masked, and the gate calls again.</summary>
    private bool MayDrain()
    {
        if (_isThrottled || Domain.Budget.HasRoom(_context.Now))
        {
            return !_isThrottled;
        }

        _isThrottled = true;
        Domain.Budget.Wait(_context.Now);
        _context.Gate.Wait(this);
        return false;
    }

    private void Drain()
    {
        long now = _context.Now;
        ulong before = Counters.Requests + Counters.ResponsesReceived;
        if (_isMasked)
        {
            // Before the look at the rings: what the guest publishes after the look signals the port again.
            _isMasked = false;
            _transport.Unmask();
        }

        _isDraining = true;
        _hasMore = false;
        OfferUnheld(now);
        if (TakeRequests(now) && TakeResponses() && !_isEnding)
        {
            MoveQueuedRequests();
        }

        _isDraining = false;
        ulong taken = Counters.Requests + Counters.ResponsesReceived - before;
        _context.Counters.MessagesADrain.Add((long)taken);
        if (State != ChannelState.Open || _isEnding)
        {
            return;
        }

        Pay(taken);
        WatchDeadlines(now);
        NotifyIfMoved();
        if (_hasMore)
        {
            AskForTurn();
        }
    }

    private void Pay(ulong messages)
    {
        Domain.Budget.Pay(
            messages == 0 && _hasEvent ? FloodBudget.EventBytes : (int)messages * FloodBudget.MessageBytes);
        _hasEvent = false;
    }

    /// <returns>False when the channel is not open any more.</returns>
    private bool TakeRequests(long now)
    {
        for (int left = RequestsADrain; State == ChannelState.Open; left--)
        {
            if (left == 0)
            {
                _hasMore = true;
                return true;
            }

            switch (_transmit.TryTakeRequest(out ControlMessage request))
            {
                case RingRead.Empty:
                    return true;
                case RingRead.Corrupt:
                    PutAside("its request index is impossible");
                    return false;
                default:
                    Deliver(request, now);
                    break;
            }
        }

        return false;
    }

    private void Deliver(in ControlMessage request, long now)
    {
        Counters.Requests++;
        _context.Counters.Requests++;
        ISubscriber[] receivers = _routes.Find(_context.Router, LocalPort, request.Type);
        RequestTicket ticket = new(++_lastTicket);
        long patience = receivers.Length > 0 ? _context.ResponseTimeout : _context.UnboundGrace;

        MayBeRepeated = _transmit.WasThereAtAttach;

        // Owed before it is delivered, so that it can be answered from inside the delivery.
        _owed.Append(request, ticket, receivers, now + patience);
        _context.Router.DeliverRequest(receivers, this, request, ticket);
    }

    /// <summary>Offers, in order, what nobody has to those that are bound now.</summary>
    private void OfferUnheld(long now)
    {
        if (!_hasNewTakers)
        {
            return;
        }

        _hasNewTakers = false;
        MayBeRepeated = true;
        RequestTicket last = default;
        while (State == ChannelState.Open && _owed.FindUnheld(last, out RequestTicket ticket) is int position and >= 0)
        {
            last = ticket;
            _transmit.CopyUnanswered(position, out ControlMessage request);
            ISubscriber[] receivers = _routes.Find(_context.Router, LocalPort, request.Type);
            if (receivers.Length > 0)
            {
                _owed.SetHolders(position, request, receivers, now + _context.ResponseTimeout);
                _context.Router.DeliverRequest(receivers, this, request, ticket);
            }
        }
    }

    /// <returns>False when the channel is not open any more.</returns>
    private bool TakeResponses()
    {
        for (int left = ResponsesADrain; State == ChannelState.Open; left--)
        {
            if (left == 0)
            {
                _hasMore = true;
                return true;
            }

            switch (_receive.TryTakeResponse(out ControlMessage response))
            {
                case RingRead.Empty:
                    return true;
                case RingRead.Corrupt:
                    PutAside("its response index is impossible");
                    return false;
                default:
                    Counters.ResponsesReceived++;
                    _context.Counters.ResponsesReceived++;
                    DeliverResponse(response);
                    break;
            }
        }

        return false;
    }

    private void MoveQueuedRequests()
    {
        while (_queue.Count > 0 && TryPutRequest(_queue.Peek()))
        {
            _queue.RemoveFirst();
        }

        // Ends: each of them leaves the line, and can only come back by filling the queue.
        while (State == ChannelState.Open && _queue.TryTakeWaiting(out ISubscriber? waiting))
        {
            waiting!.OnRequestRoom(this);
        }
    }
}
