using XcsSharp.Protocol;
using XcsSharp.Reactor;
using XcsSharp.Rings;

namespace XcsSharp.Switching;

/// <summary>
/// One guest's control rings, from attach to close: takes its requests to whoever is bound, sees to it that each is
/// answered exactly once, and carries subscribers' requests the other way.
/// </summary>
/// <remarks>
/// Loop thread only. Owns its transport.
/// Invariants
/// 1. The answers owed are the requests that the back ring counts as unanswered, in the same order.
/// 2. Once the state is not <see cref="ChannelState.Open"/> the page is never looked at again.
/// 3. Messages are delivered only from the drain, the turn's end and the close: never from inside a subscriber's call.
/// 4. The guest is notified once for all that a drain or a turn moved.
/// </remarks>
public sealed partial class ControlChannel : IPortHandler, ITurnTaker
{
    private readonly ChannelContext _context;
    private readonly IChannelTransport _transport;
    private readonly BackRing _transmit;
    private readonly FrontRing _receive;
    private readonly AnswersOwed _owed = new();
    private readonly RequestQueue _queue;
    private readonly LoopTimer _deadlineTimer;
    private RouteCache _routes = new();
    private long _deadlineTimerDue;
    private ulong _lastTicket;
    private bool _isMasked;
    private bool _hasEvent;
    private bool _isThrottled;
    private bool _isDraining;
    private bool _isInTurn;
    private bool _hasMore;
    private bool _hasNewTakers;
    private bool _hasMoved;
    private bool _isEnding;

    internal ControlChannel(ChannelContext context, GuestDomain domain, IChannelTransport transport, bool announced)
    {
        _context = context;
        _transport = transport;
        _transmit = transport.Page.Transmit;
        _receive = transport.Page.Receive;
        _queue = new RequestQueue(context.RequestQueueLimit);

        // A daemon that was killed between an answer and its signal leaves a guest that waits for the signal for ever.
        _hasMoved = _transmit.WasUsed || _receive.WasUsed;
        _deadlineTimer = context.Loop.CreateTimer(OnDeadline);
        Domain = domain;
        Kind = transport.Kind;
        LocalPort = transport.LocalPort;
        RemotePort = transport.RemotePort;
        IsAnnounced = announced;
    }

    public GuestDomain Domain { get; }

    public TransportKind Kind { get; }

    /// <summary>dom0's end of the event channel: the port that subscribers bind to.</summary>
    public int LocalPort { get; }

    /// <summary>The guest's end.</summary>
    public int RemotePort { get; }

    public ChannelState State { get; private set; }

    /// <summary>What the guest did, while the state is <see cref="ChannelState.Quarantined"/>.</summary>
    public string? Problem { get; private set; }

    public ChannelCounters Counters { get; } = new();

    /// <inheritdoc cref="BackRing.RequestIndex"/>
    public uint RequestIndex => _transmit.RequestIndex;

    /// <summary>
    /// While a request is delivered: somebody may have had it before, a subscriber of a daemon before this one, or one that left without an answer.
    /// </summary>
    public bool MayBeRepeated { get; private set; }

    /// <summary>Requests that hold a slot of the guest's ring now: 0..8.</summary>
    public int Unanswered => _owed.Count;

    /// <summary>True when the adapter found it by itself: then it stays open without anybody's reference.</summary>
    internal bool IsAnnounced { get; }

    /// <summary>How many times subscribers have opened it and not closed it yet.</summary>
    internal int References { get; set; }

    /// <summary>
    /// Answers a request. The first answer counts; all 64 bytes are copied to the guest.
    /// </summary>
    /// <param name="who">A subscriber that was given the request.</param>
    /// <param name="ticket">Which request.</param>
    /// <param name="response">Repeat the request's type, subtype and id: guests of 2005 rely on it.</param>
    public AnswerOutcome Answer(ISubscriber who, RequestTicket ticket, in ControlMessage response)
    {
        if (State != ChannelState.Open || _isEnding)
        {
            return AnswerOutcome.Unknown;
        }

        int position = _owed.Find(ticket);
        bool isHeld = position >= 0 && _owed.IsHeldBy(position, who);
        if (isHeld && !IsSilenced(who, position))
        {
            PutResponse(position, response);
            return AnswerOutcome.Written;
        }

        _context.Counters.AnswersDropped++;
        if (isHeld)
        {
            return AnswerOutcome.LockedOut;
        }

        bool wasAnswered = position < 0 && ticket.Value != 0 && ticket.Value <= _lastTicket;
        return wasAnswered ? AnswerOutcome.AlreadyAnswered : AnswerOutcome.Unknown;
    }

    /// <summary>
    /// Sends a request to the guest, behind those that wait already. Its response goes to whoever is bound to it.
    /// </summary>
    /// <returns>
    /// False when too many wait: try again from <see cref="ISubscriber.OnRequestRoom"/>. False for ever on a channel
    /// that is not open.
    /// </returns>
    public bool TrySendRequest(ISubscriber from, in ControlMessage request) => TrySendRequest(from, request, 0);

    public override string ToString() => $"{Domain} port {LocalPort}";

    void IPortHandler.OnPortEvent(int port)
    {
        if (State != ChannelState.Open)
        {
            // Not unmasked again: the port of a quarantined guest wakes nobody any more.
            return;
        }

        _isMasked = true;
        _hasEvent = true;
        if (MayDrain())
        {
            Drain();
        }
    }

    /// <summary>Begins to listen. The subscribers know of the channel by now.</summary>
    internal void Start() => _transport.Start(this);

    /// <summary>Bindings changed: requests that nobody has may have a taker now.</summary>
    internal void OfferUnheldAgain()
    {
        if (State == ChannelState.Open && _owed.FindUnheld(default, out _) >= 0)
        {
            _hasNewTakers = true;
            AskForTurn();
        }
    }

    /// <summary>A subscriber is gone and is not to be called.</summary>
    internal void Forget(ISubscriber subscriber)
    {
        _queue.RemoveWaiting(subscriber);
        _locks.ReleaseAll(subscriber);
        _sent.Forget(subscriber);
        ExpectNoAnswerOf(subscriber);
    }

    /// <summary>A subscriber takes no more messages: what only it was given is offered to the others.</summary>
    internal void ExpectNoAnswerOf(ISubscriber subscriber)
    {
        if (_owed.RemoveHolder(subscriber, _context.Now + _context.UnboundGrace))
        {
            WatchDeadlines(_context.Now);
            OfferUnheldAgain();
        }
    }

    /// <summary>The turn's end: what a drain left over, and one signal for all that was written since.</summary>
    void ITurnTaker.OnTurn()
    {
        _isInTurn = false;
        if (State != ChannelState.Open)
        {
            return;
        }

        if (_hasMore && MayDrain())
        {
            Drain();
            return;
        }

        if (_hasNewTakers)
        {
            _isDraining = true;
            OfferUnheld(_context.Now);
            _isDraining = false;
            WatchDeadlines(_context.Now);
        }

        NotifyIfMoved();
    }

    void ITurnTaker.OnBudget()
    {
        _isThrottled = false;
        if (State == ChannelState.Open && MayDrain())
        {
            Drain();
        }
    }

    /// <summary>
    /// The guest or its program is gone: delivers what it said last. Nothing is answered, because the page may be
    /// its successor's already.
    /// </summary>
    internal void TakeLastMessages()
    {
        if (State == ChannelState.Open && !_isDraining)
        {
            _isEnding = true;
            Drain();
        }
    }

    /// <summary>
    /// Unbinds and unmaps. What was not answered stays in the ring for whoever attaches next. The caller has taken the
    /// channel out of its lists.
    /// </summary>
    internal void Close(string reason)
    {
        ChannelState before = State;
        if (before == ChannelState.Closed)
        {
            return;
        }

        State = ChannelState.Closed;
        StopServing();
        _transport.Dispose();
        if (before == ChannelState.Open)
        {
            _context.Router.AnnounceChannelClosed(this, reason);
        }
    }

    private bool TryPutRequest(in ControlMessage request)
    {
        if (!_receive.TryPutRequest(request))
        {
            return false;
        }

        Counters.RequestsSent++;
        _context.Counters.RequestsSent++;
        OnMoved();
        return true;
    }

    private void PutResponse(int position, in ControlMessage response)
    {
        _transmit.PutResponse(position, response);
        _owed.RemoveAt(position);
        Counters.Responses++;
        _context.Counters.Responses++;
        OnMoved();
    }

    private void OnMoved()
    {
        _hasMoved = true;
        if (!_isDraining)
        {
            AskForTurn();
        }
    }

    private void NotifyIfMoved()
    {
        if (!_hasMoved || State != ChannelState.Open)
        {
            return;
        }

        _hasMoved = false;
        Counters.Notifies++;

        // The other end may be gone; if it is, the adapter will say so.
        _transport.Notify();
    }

    private void AskForTurn()
    {
        if (!_isInTurn)
        {
            _isInTurn = true;
            _context.Turn.Add(this);
        }
    }

    /// <summary>
    /// One timer for all that is owed, and no work for what is answered in time: it is not taken back, but finds
    /// nothing to do.
    /// </summary>
    private void WatchDeadlines(long now)
    {
        if (_owed.Count == 0 || State != ChannelState.Open)
        {
            return;
        }

        long earliest = _owed.EarliestDeadline();
        if (!_deadlineTimer.IsScheduled || earliest < _deadlineTimerDue)
        {
            _deadlineTimerDue = earliest;
            _deadlineTimer.Schedule(_context.Until(earliest, now));
        }
    }

    private void OnDeadline()
    {
        long now = _context.Now;
        while (_owed.FindExpired(now, out ControlMessage answer, out bool wasHeld) is int position and >= 0)
        {
            Counters.AnsweredByDaemon++;
            _context.Counters.AnsweredByDaemon++;
            _context.Log.AnsweredForSubscriber(Domain, answer.Type, wasHeld);
            PutResponse(position, answer);
        }

        WatchDeadlines(now);
    }

    private void PutAside(string problem)
    {
        if (_isEnding)
        {
            // It goes anyway.
            return;
        }

        State = ChannelState.Quarantined;
        Problem = problem;
        _context.Counters.Quarantines++;
        StopServing();
        _context.Lives.ChannelPutAside(this, problem);
        _context.Router.AnnounceChannelClosed(this, problem);
    }

    private void StopServing()
    {
        _deadlineTimer.Cancel();
        _owed.Clear();
        _queue.Clear();
    }
}
