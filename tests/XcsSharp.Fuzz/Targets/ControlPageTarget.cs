using Microsoft.Extensions.Logging.Abstractions;

using XcsSharp.Fuzz.Engine;
using XcsSharp.Fuzz.Targets.ControlPages;
using XcsSharp.Fuzz.Targets.Played;
using XcsSharp.Protocol;
using XcsSharp.Reactor;
using XcsSharp.Rings;
using XcsSharp.Switching;

namespace XcsSharp.Fuzz.Targets;

/// <summary>
/// A control page as a guest writes it, honest or not, both rings and both transports, under a real switch with a subscriber that binds,
/// answers and asks at any time. <see cref="PageModel"/> says what must come of it.
/// </summary>
internal sealed class ControlPageTarget : IFuzzTarget
{
    /// <summary>Small, so that it is full now and then.</summary>
    public const int RequestQueue = 3;

    private const uint Domid = 5;
    private const int MostSteps = 60;

    private readonly SteppedClock _clock = new();
    private readonly EventLoop _loop;
    private readonly PlayedXen _xen = new();
    private readonly ControlSwitch _switch;
    private readonly AnonymousPage _page = new();
    private readonly byte[] _expected = new byte[MappedPage.Size];
    private readonly PageSubscriber _subscriber;
    private PlayedChannel? _transport;
    private ControlChannel? _channel;
    private PageModel? _model;
    private uint _lastCorrelation;
    private int _notifies;

    public ControlPageTarget()
    {
        _loop = new EventLoop(_clock);
        SwitchOptions options = new() { GuestBytesPerSecond = 0, RequestQueue = RequestQueue };
        _switch = new ControlSwitch(_loop, _xen, options, NullLogger<ControlSwitch>.Instance);
        _switch.Start();
        _subscriber = new PageSubscriber(this);
        _xen.Classic = (_, localPort, _) => _transport = new PlayedChannel(_page, TransportKind.Classic, localPort);
    }

    private enum Step
    {
        Poke,
        Ask,
        MoveRequests,
        SetRequests,
        AnswerNext,
        MoveResponses,
        Signal,
        Settle,
        Answer,
        Send,
        Bind,
        Unbind,
        Wait,
        Restart,
        Policy,
        End,
    }

    public int MaxLength => 320;

    public IEnumerable<byte[]> Seeds =>
    [
        [0, (byte)Step.Bind, 255, (byte)Step.Ask, 0, 1, 2, 3, (byte)Step.Settle, (byte)Step.Answer, 1, 7, (byte)Step.Settle],
        [1, (byte)Step.Bind, 0, (byte)Step.Policy, 1, (byte)Step.Ask, 0, 1, 2, 3, (byte)Step.Ask, 0, 1, 3, 3, (byte)Step.Settle],
        [0, (byte)Step.Send, 1, 2, 3, 1, (byte)Step.Send, 1, 2, 4, 0, (byte)Step.AnswerNext, 0, (byte)Step.Settle, (byte)Step.AnswerNext, 1, (byte)Step.Settle],
        [0, (byte)Step.Ask, 0, 1, 2, 3, (byte)Step.Settle, (byte)Step.Bind, 255, (byte)Step.Settle, (byte)Step.Wait, 1],
        [0, (byte)Step.MoveRequests, 9, (byte)Step.Settle],
        [1, (byte)Step.MoveRequests, 8, (byte)Step.Settle, (byte)Step.MoveRequests, 255, (byte)Step.Settle],
        [0, (byte)Step.MoveResponses, 1, (byte)Step.Settle],
        [0, (byte)Step.MoveRequests, 3, (byte)Step.Settle, (byte)Step.Restart, 1, (byte)Step.Settle, (byte)Step.Wait, 1, (byte)Step.Restart, 0],
    ];

    public IReadOnlyList<byte[]> Words =>
    [
        [(byte)Step.Poke, 0, 8, 4, 0, 0, 0, 0], [(byte)Step.Poke, 4, 8, 4, 8, 0, 0, 0], [(byte)Step.Poke, 8, 10, 4, 9, 0, 0, 0],
        [(byte)Step.Poke, 12, 10, 4, 1, 0, 0, 0], [(byte)Step.Poke, 11, 8, 1, 255], [(byte)Step.SetRequests, 255, 255, 255, 255],
        [(byte)Step.Ask, 0, 1, 2, 3], [(byte)Step.Settle], [(byte)Step.Signal, (byte)Step.Settle], [(byte)Step.AnswerNext, 0],
    ];

    public void Run(ReadOnlySpan<byte> bytes)
    {
        FuzzInput input = new(bytes);
        _page.Bytes.Clear();
        _expected.AsSpan().Clear();
        _lastCorrelation = 0;
        _subscriber.AnswersAtOnce = false;
        _switch.OnDomainAppeared(Domid, "guest", Guid.Empty);
        _switch.Attach(_subscriber);
        Open((input.Byte() & 1) == 0 ? TransportKind.Granted : TransportKind.Classic);
        for (int left = MostSteps; left > 0 && !input.IsEmpty; left--)
        {
            Do((Step)(input.Byte() % (byte)Step.End), ref input);
            ExpectPage();
        }

        Signal();
        Settle();
        Close();
        _switch.Detach(_subscriber);
        _switch.OnDomainGone(Domid);
        Turn();
    }

    public void Dispose()
    {
        _switch.Dispose();
        _loop.Dispose();
        _page.Dispose();
    }

    internal void OnRequest(in ControlMessage request, RequestTicket ticket)
    {
        // Not what is offered again: that comes before the look at the guest's index, and would change what is a lie.
        if (_model!.OnRequest(request, ticket) && _subscriber.AnswersAtOnce)
        {
            Answer(ticket, 0x77);
        }
    }

    internal void OnResponse(ControlChannel channel, in ControlMessage response)
        => _model!.OnResponse(response, channel.CorrelationFor(_subscriber));

    internal void OnNoAnswer(uint correlation) => _model!.OnNoAnswer(correlation);

    internal void OnRoom()
    {
        Expect.That(_model!.IsWaiting, "somebody is told of room who does not wait");
        _model.IsWaiting = false;
    }

    private void Do(Step step, ref FuzzInput input)
    {
        switch (step)
        {
            case Step.Poke:
                int at = input.U16() % MappedPage.Size;
                ReadOnlySpan<byte> poked = input.Take(Math.Min(input.Byte() % 16, MappedPage.Size - at));
                poked.CopyTo(_page.Bytes[at..]);
                poked.CopyTo(_expected.AsSpan(at));
                break;
            case Step.Ask:
                Ask(Message(ref input));
                break;
            case Step.MoveRequests:
                SetRequests(RingWords.Transmit(_expected).RequestProducer + (uint)(sbyte)input.Byte());
                break;
            case Step.SetRequests:
                SetRequests(input.U32());
                break;
            case Step.AnswerNext:
                AnswerNext(input.Byte());
                break;
            case Step.MoveResponses:
                SetResponses(RingWords.Receive(_expected).ResponseProducer + (uint)(sbyte)input.Byte());
                break;
            default:
                DoInDom0(step, ref input);
                break;
        }
    }

    private void DoInDom0(Step step, ref FuzzInput input)
    {
        switch (step)
        {
            case Step.Signal:
                Signal();
                break;
            case Step.Settle:
                Settle();
                break;
            case Step.Answer:
                byte back = input.Byte();
                Answer(new RequestTicket(_model!.NewestTicket - (ulong)(back % 12)), input.Byte());
                break;
            case Step.Send:
                ControlMessage request = Message(ref input);
                uint correlation = (request.Payload[0] & 1) == 0 ? 0 : ++_lastCorrelation;
                _model!.Send(request, correlation, _channel!.TrySendRequest(_subscriber, request, correlation), _channel.State);
                break;
            case Step.Bind:
                _ = _switch.Bind(_subscriber, ProtocolLimits.PortWildcard, TypeOf(input.Byte()));
                break;
            case Step.Unbind:
                _switch.Unbind(_subscriber, ProtocolLimits.PortWildcard, TypeOf(input.Byte()));
                break;
            case Step.Wait:
                Wait(isForEver: (input.Byte() & 1) != 0);
                break;
            case Step.Restart:
                Settle();
                Close();
                Open((input.Byte() & 1) == 0 ? TransportKind.Granted : TransportKind.Classic);
                break;
            default:
                _subscriber.AnswersAtOnce = (input.Byte() & 1) != 0;
                break;
        }
    }

    private static ushort TypeOf(byte type) => type == 255 ? ProtocolLimits.TypeWildcard : type;

    private static ControlMessage Message(ref FuzzInput input)
    {
        ControlMessage message = ControlMessage.Create((MessageType)input.Byte(), input.Byte(), input.Byte(), [input.Byte()]);
        message.Length = message.Payload[0];
        return message;
    }

    private void Ask(in ControlMessage message)
    {
        uint index = RingWords.Transmit(_expected).RequestProducer;
        RingWords.Transmit(_expected).Write(index, message);
        RingWords.Transmit(_page.Bytes).Write(index, message);
        SetRequests(index + 1);
    }

    private void AnswerNext(byte change)
    {
        uint index = RingWords.Receive(_expected).ResponseProducer;
        ControlMessage answer = RingWords.Receive(_expected).Read(index);
        answer.Payload[1] ^= change;
        answer.Id ^= (byte)(change >> 6);
        RingWords.Receive(_expected).Write(index, answer);
        RingWords.Receive(_page.Bytes).Write(index, answer);
        SetResponses(index + 1);
    }

    private void SetRequests(uint index)
    {
        RingWords expected = RingWords.Transmit(_expected);
        RingWords actual = RingWords.Transmit(_page.Bytes);
        expected.RequestProducer = actual.RequestProducer = index;
        Signal();
    }

    private void SetResponses(uint index)
    {
        RingWords expected = RingWords.Receive(_expected);
        RingWords actual = RingWords.Receive(_page.Bytes);
        expected.ResponseProducer = actual.ResponseProducer = index;
        Signal();
    }

    private void Signal() => _transport!.Port.Raise();

    private void Answer(RequestTicket ticket, byte payload)
    {
        ControlMessage response = ControlMessage.Create(MessageType.Console, payload, (byte)ticket.Value, [payload]);
        AnswerOutcome outcome = _channel!.Answer(_subscriber, ticket, response);
        AnswerOutcome expected = _model!.Answer(ticket, response);
        Expect.That(expected == outcome, $"an answer is {expected}, not {outcome}");
    }

    private void Wait(bool isForEver)
    {
        Settle();
        if (isForEver)
        {
            _clock.Advance(TimeSpan.FromHours(1));
            Turn();
            if (_channel!.State == ChannelState.Open)
            {
                _model!.AnswerAll();
            }
        }

        Settle();
    }

    private void Open(TransportKind kind)
    {
        _subscriber.Opened = null;
        _notifies = 0;
        if (kind == TransportKind.Granted)
        {
            _transport = new PlayedChannel(_page, kind, 16);
            _switch.OnTransportOffered(Domid, _transport);
        }
        else
        {
            OpenFailure failure = _switch.OpenInterface(_subscriber, Domid, 17, 1, out _);
            Expect.That(failure == OpenFailure.None, $"a classic channel opens: {failure}");
        }

        _channel = _subscriber.Opened;
        Expect.That(_channel is not null, "an open channel is announced");
        _model = new PageModel(_expected, _channel);
    }

    private void Close()
    {
        _model!.IsEnding = true;
        if (_channel!.Kind == TransportKind.Granted)
        {
            _switch.OnTransportWithdrawn(Domid, "fuzzed");
        }
        else
        {
            _switch.CloseInterface(_subscriber, Domid);
        }

        Expect.That(_channel.State == ChannelState.Closed && _transport!.IsDisposed, "a closed channel has let go of its page");
        _model.Settle(hasLooked: false);
        ExpectPage();
    }

    private void Settle()
    {
        bool willLook = _channel!.State == ChannelState.Open && _transport!.Port.IsDeliverable;
        bool isLie = willLook && _model!.IsLie();
        ChannelState before = _channel.State;
        Turn();
        _model!.Settle(willLook);
        ExpectPage();
        ChannelState expected = isLie ? ChannelState.Quarantined : before;
        Expect.That(_channel.State == expected, $"the channel is {expected}, not {_channel.State}");
        if (_channel.State == ChannelState.Open)
        {
            Expect.That(_model.HasMoved == (_transport!.Notifies > _notifies), "the guest is signalled if, and only if, something moved");
            _model.HasMoved = false;
            _notifies = _transport.Notifies;
        }
    }

    private void Turn()
    {
        do
        {
            _ = _transport?.Port.Deliver();
        }
        while (_loop.RunOnce(TimeSpan.Zero) || _transport is { Port.IsDeliverable: true });
    }

    private void ExpectPage() => Expect.Same(_expected, _page.Bytes, "the page has what both ends wrote, and nothing else");
}
