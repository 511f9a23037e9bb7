using System.Runtime.InteropServices;

using XcsSharp.Fuzz.Engine;
using XcsSharp.Protocol;
using XcsSharp.Switching;

namespace XcsSharp.Fuzz.Targets.ControlPages;

/// <summary>
/// What one attachment of dom0 to a page must do with it: a second, slow and plain account of both rings. It keeps a copy of the page, in
/// which it does what dom0 should have done; the two must be the same after each step.
/// </summary>
internal sealed class PageModel
{
    private readonly byte[] _expected;
    private readonly ControlChannel _channel;
    private readonly List<(ulong Ticket, int Key)> _unanswered = [];
    private readonly HashSet<ulong> _held = [];
    private readonly Queue<ControlMessage> _queued = new();
    private readonly Dictionary<uint, int> _awaited = [];
    private readonly uint _firstResponse;
    private readonly bool _wasReceiveCorrupt;
    private ulong _taken;
    private uint _answered;
    private uint _sent;
    private uint _received;

    /// <param name="expected">The copy of the page, shared with the guest's side.</param>
    /// <param name="channel">Opened on the page just now.</param>
    public PageModel(byte[] expected, ControlChannel channel)
    {
        _expected = expected;
        _channel = channel;
        _firstResponse = _answered = Transmit.ResponseProducer;
        _sent = Receive.RequestProducer;
        _received = Receive.ResponseProducer;
        HasMoved = _firstResponse != 0 || _sent != 0;
        _wasReceiveCorrupt = _sent - _received > 8;
        _received = _wasReceiveCorrupt ? _sent : _received;
    }

    /// <summary>Dom0 has written something that the guest was not told of yet.</summary>
    public bool HasMoved { get; set; }

    /// <summary>The channel is being closed: what comes last is delivered and nothing is written.</summary>
    public bool IsEnding { get; set; }

    /// <summary>A request was refused, and whoever sent it waits for room.</summary>
    public bool IsWaiting { get; set; }

    /// <summary>The ticket of the newest request.</summary>
    public ulong NewestTicket => _taken;

    public int Unanswered => _unanswered.Count;

    private RingWords Transmit => RingWords.Transmit(_expected);

    private RingWords Receive => RingWords.Receive(_expected);

    private uint Room => _wasReceiveCorrupt ? 0 : 8 - (_sent - _received);

    /// <summary>Must dom0 put the guest aside when it looks at the page as it is now?</summary>
    public bool IsLie()
    {
        uint published = Transmit.RequestProducer - _answered;
        uint answers = Receive.ResponseProducer - _received;
        return published > 8 || published < _unanswered.Count || _wasReceiveCorrupt || answers > _sent - _received;
    }

    /// <summary>A subscriber was given a request, for the first time or again.</summary>
    /// <returns>True when it is the first time.</returns>
    public bool OnRequest(in ControlMessage request, RequestTicket ticket)
    {
        bool isNew = ticket.Value > _taken;
        CountTaken();
        int position = Find(ticket);
        Expect.That(position >= 0, "a request is delivered that was answered, or never taken");
        Expect.That(_held.Add(ticket.Value), "a request is delivered twice to the same subscriber");
        ExpectSame(Transmit.Read(_answered + (uint)position), request, "the request that is delivered is the one in its slot");

        // Given again it may be another one by now: the guest can write to its slot.
        _unanswered[position] = (ticket.Value, KeyOf(request));
        return isNew;
    }

    /// <summary>A subscriber was given a response.</summary>
    public void OnResponse(in ControlMessage response, uint correlation)
    {
        // The slot holds it until another request takes its place, and that cannot come before this one was taken.
        uint index = _received + (uint)(_channel.Counters.ResponsesReceived - ReceivedSoFar) - 1;
        ExpectSame(Receive.Read(index), response, "the response that is delivered is the one in its slot");
        if (correlation != 0)
        {
            Expect.That(_awaited.Remove(correlation, out int key), "an answer has the number of nothing that is awaited");
            Expect.Equal(key, KeyOf(response), "an answer has the number of another kind of request");
        }
    }

    public void OnNoAnswer(uint correlation)
        => Expect.That(_awaited.Remove(correlation), "what was not awaited is said to be unanswered");

    /// <summary>A subscriber answers.</summary>
    public AnswerOutcome Answer(RequestTicket ticket, in ControlMessage response)
    {
        CountTaken();
        if (_channel.State != ChannelState.Open || IsEnding)
        {
            return AnswerOutcome.Unknown;
        }

        int position = Find(ticket);
        if (position >= 0 && _held.Contains(ticket.Value))
        {
            PutAnswer(position, response);
            return AnswerOutcome.Written;
        }

        return position < 0 && ticket.Value != 0 && ticket.Value <= _taken ? AnswerOutcome.AlreadyAnswered : AnswerOutcome.Unknown;
    }

    /// <summary>Nobody answered for longer than anybody waits: the daemon has.</summary>
    public void AnswerAll()
    {
        while (_unanswered.Count > 0)
        {
            int key = _unanswered[0].Key;
            PutAnswer(0, ControlMessage.Create((MessageType)(byte)(key >> 16), (byte)(key >> 8), (byte)key, []));
        }
    }

    /// <summary>A subscriber sends a request.</summary>
    public void Send(in ControlMessage request, uint correlation, bool isTaken, ChannelState state)
    {
        if (state != ChannelState.Open)
        {
            Expect.That(!isTaken, "a request is taken by a channel that is not open");
            return;
        }

        bool isPut = _queued.Count == 0 && Room > 0;
        Expect.Equal(isPut || _queued.Count < ControlPageTarget.RequestQueue, isTaken, "a request is taken while there is room in the ring or the queue");
        if (isTaken && correlation != 0)
        {
            _awaited.Add(correlation, KeyOf(request));
        }

        if (isPut)
        {
            Put(request);
        }
        else if (isTaken)
        {
            _queued.Enqueue(request);
        }
        else
        {
            IsWaiting = true;
        }
    }

    /// <summary>Takes over what dom0 says it has taken and sent, and whether that can be.</summary>
    public void Settle(bool hasLooked)
    {
        CountTaken();
        _received += (uint)(_channel.Counters.ResponsesReceived - ReceivedSoFar);
        ReceivedSoFar = _channel.Counters.ResponsesReceived;
        Expect.That(_sent - _received <= 8, "more responses are taken than requests were sent");
        while (SentSoFar < _channel.Counters.RequestsSent)
        {
            Expect.That(_queued.Count > 0 && Room > 0, "a request is put that nobody sent, or without room");
            Put(_queued.Dequeue());
        }

        if (hasLooked && _channel.State == ChannelState.Open)
        {
            Expect.Equal(Transmit.RequestProducer, _firstResponse + (uint)_taken, "after a look every published request is taken");
            Expect.Equal(Receive.ResponseProducer, _received, "after a look every response is taken");
            Expect.That(_queued.Count == 0 || Room == 0, "after a look no request waits beside room");
            Expect.That(!IsWaiting || _queued.Count == ControlPageTarget.RequestQueue, "after a look nobody waits beside room in the queue");
        }

        Expect.Equal(_unanswered.Count, _channel.State == ChannelState.Open ? _channel.Unanswered : _unanswered.Count, "requests unanswered");
    }

    private ulong ReceivedSoFar { get; set; }

    private ulong SentSoFar { get; set; }

    private static int KeyOf(in ControlMessage message) => ((int)message.Type << 16) | (message.Subtype << 8) | message.Id;

    private static void ExpectSame(ControlMessage expected, in ControlMessage actual, string rule)
        => Expect.Same(
            MemoryMarshal.AsBytes(new ReadOnlySpan<ControlMessage>(in expected)),
            MemoryMarshal.AsBytes(new ReadOnlySpan<ControlMessage>(in actual)),
            rule);

    private int Find(RequestTicket ticket) => _unanswered.FindIndex(entry => entry.Ticket == ticket.Value);

    /// <summary>Requests that nobody was given count too.</summary>
    private void CountTaken()
    {
        while (_taken < _channel.Counters.Requests)
        {
            _unanswered.Add((++_taken, KeyOf(Transmit.Read(_answered + (uint)_unanswered.Count))));
            Expect.That(_unanswered.Count <= 8, "more than eight requests are taken and not answered");
        }
    }

    private void Put(in ControlMessage request)
    {
        Receive.Write(_sent, request);
        _sent++;
        SentSoFar++;
        RingWords receive = Receive;
        receive.RequestProducer = _sent;
        HasMoved = true;
    }

    /// <summary>An answer takes the oldest slot; requests that were older move up by one.</summary>
    private void PutAnswer(int position, in ControlMessage response)
    {
        for (uint older = (uint)position; older > 0; older--)
        {
            Transmit.Write(_answered + older, Transmit.Read(_answered + older - 1));
        }

        Transmit.Write(_answered, response);
        _answered++;
        RingWords transmit = Transmit;
        transmit.ResponseProducer = _answered;
        _unanswered.RemoveAt(position);
        HasMoved = true;
    }
}
