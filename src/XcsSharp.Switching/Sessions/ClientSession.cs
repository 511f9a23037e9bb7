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
internal sealed class ClientSession : ISubscriber
{
    private readonly ClientListener _listener;
    private readonly ControlSwitch _switch;
    private readonly TimeSpan _windowLength;
    private readonly LoopTimer _window;
    private readonly Dictionary<ControlChannel, DeliveredRequests> _delivered = [];
    private ControlConnection? _control;
    private DataConnection? _data;
    private bool _isClosed;

    public ClientSession(
        ClientListener listener, ControlSwitch controlSwitch, EventLoop loop, TimeSpan window, uint id, int pid)
    {
        _listener = listener;
        _switch = controlSwitch;
        _windowLength = window;
        _window = loop.CreateTimer(OnWindowOver);
        Id = id;
        Name = $"Session {id:x8} of process {pid}";
        _switch.Attach(this);
        _switch.Suspend(this);
    }

    public uint Id { get; }

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
            default:
                return true;
        }
    }

    void ISubscriber.OnDomainAppeared(GuestDomain domain)
    {
        // The protocol has no record for it.
    }

    void ISubscriber.OnDomainGone(GuestDomain domain)
    {
    }

    void ISubscriber.OnChannelOpened(ControlChannel channel)
    {
    }

    void ISubscriber.OnChannelClosed(ControlChannel channel, string reason)
    {
        _delivered.Remove(channel);
        _data?.OnMayContinue(channel);
    }

    void ISubscriber.OnRequest(ControlChannel channel, in ControlMessage request, RequestTicket ticket)
    {
        if (!TryPush(RecordType.Request, channel, request))
        {
            return;
        }

        if (!_delivered.TryGetValue(channel, out DeliveredRequests? delivered))
        {
            delivered = new DeliveredRequests();
            _delivered.Add(channel, delivered);
        }

        if (!delivered.Append(ticket, request))
        {
            _switch.Counters.DeliveriesForgotten++;
        }
    }

    void ISubscriber.OnResponse(ControlChannel channel, in ControlMessage response)
        => TryPush(RecordType.Response, channel, response);

    void ISubscriber.OnVirq(int port)
    {
        XcsRecord record = default;
        record.Type = RecordType.Virq;
        record.LocalPort = port;
        TryPush(record);
    }

    void ISubscriber.OnRequestRoom(ControlChannel channel) => _data?.OnMayContinue(channel);

    private bool TryPush(RecordType type, ControlChannel channel, in ControlMessage message)
        => TryPush(XcsRecord.ForMessage(type, channel.Domain.Domid, channel.LocalPort, message));

    private bool TryPush(in XcsRecord record)
    {
        if (_data is null)
        {
            return false;
        }

        if (!_data.TryPush(record))
        {
            CloseAsSlow(_data.Queued);
            return false;
        }

        return true;
    }

    private bool TryForwardRequest(in XcsRecord record, out ControlChannel? full)
    {
        full = FindOpenChannel(record.RemoteDomain);
        if (full is not null && full.IsLockedAgainst(this, record.Message.Type))
        {
            _switch.Counters.RequestsLockedOut++;
            return true;
        }

        return full is null || full.TrySendRequest(this, Clamped(record.Message));
    }

    private void ForwardResponse(in XcsRecord record)
    {
        if (FindOpenChannel(record.RemoteDomain) is not { } channel)
        {
            return;
        }

        if (_delivered.TryGetValue(channel, out DeliveredRequests? delivered)
            && delivered.TryTake(record.Message, out RequestTicket ticket))
        {
            channel.Answer(this, ticket, Clamped(record.Message));
        }
        else
        {
            _switch.Counters.AnswersDropped++;
        }
    }

    private ControlChannel? FindOpenChannel(uint domid)
    {
        if (_switch.FindByDomid(domid)?.Channel is { State: ChannelState.Open } channel)
        {
            return channel;
        }

        _switch.Counters.MessagesToNobody++;
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
