using XcsSharp.Protocol;
using XcsSharp.Reactor;

namespace XcsSharp.Switching;

/// <summary>
/// A remote client: one subscriber with two connections. Either may drop and come back while the other stays; the session
/// ends when both are away for <see cref="SwitchOptions.SessionWindow"/>, or when its client does not read.
/// </summary>
/// <remarks>
/// Without a data connection it is suspended at the switch: nothing is queued for a reader that may never come, and
/// requests that nobody else got are offered to it again when it comes back in time.
/// </remarks>
internal sealed partial class ClientSession : ISubscriber
{
    private readonly ClientListener _listener;
    private readonly ControlSwitch _switch;
    private readonly TimeSpan _windowLength;
    private readonly LoopTimer _window;
    private readonly DeliveryTable _delivered = new();
    private ControlConnection? _control;
    private DataConnection? _data;
    private bool _isClosed;

    public ClientSession(
        ClientListener listener, ControlSwitch controlSwitch, EventLoop loop, TimeSpan window, uint id, int pid, uint uid, ulong number)
    {
        _listener = listener;
        _switch = controlSwitch;
        _windowLength = window;
        _window = loop.CreateTimer(OnWindowOver);
        Id = id;
        Name = $"Session {id:x8} of process {pid}";
        Pid = pid;
        Uid = uid;
        Number = number;
        _switch.Attach(this);
        _switch.Suspend(this);
    }

    public uint Id { get; }

    /// <summary>The user that began it.</summary>
    public uint Uid { get; }

    public string Name { get; }

    public bool IsClient => true;

    public bool HasControl => _control is not null;

    /// <summary>False also when the client of the data connection has left and only its requests wait.</summary>
    public bool HasData => _data is { IsAbandoned: false };

    public void TakeControl(UnixStream stream, in XcsRecord reply, ReadOnlySpan<byte> rest)
    {
        _window.Cancel();
        ControlConnection control = _control = new ControlConnection(this, _switch, stream);
        control.Reply(reply);
        if (rest.Length > 0 && !_isClosed)
        {
            control.OnReceived(stream, rest);
        }
    }

    public void TakeData(UnixStream stream, in XcsRecord reply, ReadOnlySpan<byte> rest)
    {
        _window.Cancel();

        // The client starts over: requests of its last connection that found no room would come as a surprise now.
        CloseData();
        DataConnection data = _data = new DataConnection(this, stream);
        data.TryPush(reply);
        BeginExtendedData(data);
        _switch.Resume(this);
        if (rest.Length > 0)
        {
            data.OnReceived(stream, rest);
        }
    }

    public void OnControlEnded()
    {
        _control = null;
        WatchWindow();
    }

    public void OnDataEnded(DataConnection ended)
    {
        if (_data != ended)
        {
            return;
        }

        _data = null;
        StopDelivery();
    }

    /// <summary>
    /// The data connection is away for good, but requests that came on it wait for a guest that has no room. They
    /// wait as long as the session lives.
    /// </summary>
    public void OnDataAbandoned() => StopDelivery();

    public void CloseAsSlow(int unread)
    {
        if (!_isClosed)
        {
            _switch.Counters.SlowSessionsClosed++;
            _listener.OnSlow(this, unread);
            Close("its client does not read");
        }
    }

    public void Close(string reason)
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        _window.Cancel();
        _control?.Close();
        CloseData();
        _control = null;
        _delivered.Clear();
        _switch.Detach(this);
        _listener.OnSessionClosed(this, reason);
    }

    /// <summary>Does what a record on the data connection says. What makes no sense there is ignored.</summary>
    /// <returns>False when the guest <paramref name="full"/> has no room for the request: try again later.</returns>
    public bool TryForward(in XcsRecord record, out ControlChannel? full)
    {
        full = null;
        switch (record.Type)
        {
            case RecordType.Request:
                return TryForwardRequest(record, out full);
            case RecordType.Response:
                ForwardResponse(record);
                return true;
            case RecordType.Virq:
                _switch.NotifyVirq(record.LocalPort);
                return true;
            case RecordType.Credit:
                TakeCredit(record);
                return true;
            default:
                return true;
        }
    }

    // The protocol of 2005 has no record for these.
    void ISubscriber.OnDomainAppeared(GuestDomain domain) => TellNews(domain, DomainNewsKind.Exists);

    void ISubscriber.OnDomainGone(GuestDomain domain)
    {
        _extended?.Domains.OnDomainGone(domain);
        TellNews(domain, DomainNewsKind.Gone);
    }

    void ISubscriber.OnChannelOpened(ControlChannel channel)
    {
        _extended?.Domains.OnChannelOpened(channel);
        TellNews(channel.Domain, DomainNewsKind.Exists);
    }

    void ISubscriber.OnChannelClosed(ControlChannel channel, string reason)
    {
        _delivered.Remove(channel);
        _extended?.Domains.OnChannelClosed(channel);
        SayUnanswered(channel);
        TellNews(channel.Domain, DomainNewsKind.Exists);
        _data?.OnMayContinue(channel);
    }

    void ISubscriber.OnRequest(ControlChannel channel, in ControlMessage request, RequestTicket ticket)
    {
        uint correlation = _extended?.NextCorrelation() ?? 0;
        uint shown = _extended?.Marked(correlation, channel.MayBeRepeated) ?? 0;
        if (!TryPush(RecordType.Request, channel, request, shown))
        {
            channel.Renounce(this, ticket);
            return;
        }

        if (!_delivered.Of(channel).Append(ticket, request, correlation))
        {
            _switch.Counters.DeliveriesForgotten++;
        }
    }

    void ISubscriber.OnResponse(ControlChannel channel, in ControlMessage response)
        => TryPush(RecordType.Response, channel, response, channel.CorrelationFor(this));

    void ISubscriber.OnVirq(int port)
    {
        XcsRecord record = default;
        record.Type = RecordType.Virq;
        record.LocalPort = port;
        TryPush(record);
    }

    void ISubscriber.OnRequestRoom(ControlChannel channel) => _data?.OnMayContinue(channel);

    private bool TryPush(RecordType type, ControlChannel channel, in ControlMessage message, uint correlation)
    {
        XcsRecord record = XcsRecord.ForMessage(type, channel.Domain.Domid, channel.LocalPort, message);
        record.Correlation = correlation;
        return TryPush(record);
    }

    private bool TryPush(in XcsRecord record)
    {
        if (_data is null)
        {
            return false;
        }

        if (_extended is not null)
        {
            return Counted(TryPushExtended(_extended, _data, record));
        }

        if (!_data.TryPush(record))
        {
            CloseAsSlow(_data.Queued);
            return false;
        }

        return Counted(true);
    }

    private bool TryForwardRequest(in XcsRecord record, out ControlChannel? full)
    {
        full = FindOpenChannel(record);
        if (full is not null && full.IsLockedAgainst(this, record.Message.Type))
        {
            _switch.Counters.RequestsLockedOut++;
            SayUndelivered(UndeliveredReason.LockedOut, record);
            return true;
        }

        return full is null || full.TrySendRequest(this, Clamped(record.Message), CorrelationOf(record));
    }

    private void ForwardResponse(in XcsRecord record)
    {
        if (FindOpenChannel(record) is not { } channel)
        {
            return;
        }

        if (_delivered.Find(channel) is not { } delivered
            || !delivered.TryTake(record.Message, _extended?.Unmarked(CorrelationOf(record)) ?? 0, out RequestTicket ticket))
        {
            _switch.Counters.AnswersDropped++;
            SayUndelivered(UndeliveredReason.NotGiven, record);
            return;
        }

        AnswerOutcome outcome = record.Message.Length <= ProtocolLimits.MaxPayload
            ? channel.Answer(this, ticket, record.Message)
            : channel.Answer(this, ticket, Clamped(record.Message));
        switch (outcome)
        {
            case AnswerOutcome.AlreadyAnswered:
                SayUndelivered(UndeliveredReason.AlreadyAnswered, record);
                break;
            case AnswerOutcome.LockedOut:
                SayUndelivered(UndeliveredReason.LockedOut, record);
                break;
            case AnswerOutcome.Unknown:
                SayUndelivered(UndeliveredReason.NotGiven, record);
                break;
        }
    }

    private ControlChannel? FindOpenChannel(in XcsRecord record)
    {
        GuestDomain? domain = _switch.FindByDomid(record.RemoteDomain);
        if (domain?.Channel is { State: ChannelState.Open } channel)
        {
            return channel;
        }

        _switch.Counters.MessagesToNobody++;
        SayUndelivered(
            domain is null ? UndeliveredReason.NoSuchDomain
            : domain.Channel is null ? UndeliveredReason.NoChannel
            : UndeliveredReason.ChannelOutOfOrder,
            record);
        return null;
    }

    private static ControlMessage Clamped(ControlMessage message)
    {
        message.Length = Math.Min(message.Length, (byte)ProtocolLimits.MaxPayload);
        return message;
    }

    private void CloseData()
    {
        _switch.Counters.MessagesAbandoned += (ulong)(_data?.Close() ?? 0);
        _data = null;
    }

    private void StopDelivery()
    {
        // What was delivered on the lost connection is not answered on the next one.
        _delivered.Clear();
        _switch.Suspend(this);
        WatchWindow();
    }

    private void WatchWindow()
    {
        if (!_isClosed && !_window.IsScheduled && _control is null && _data is null or { IsAbandoned: true })
        {
            _window.Schedule(_windowLength);
        }
    }

    private void OnWindowOver() => Close("its client is gone");
}
