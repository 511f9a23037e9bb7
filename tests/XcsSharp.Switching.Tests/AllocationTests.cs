using System.Net.Sockets;

using XcsSharp.Rings;

namespace XcsSharp.Switching.Tests;

public sealed class AllocationTests : IDisposable
{
    private const int Guests = 16;
    private const int Rounds = 1000;
    private const int Parts = 4;

    private readonly SwitchRig _rig = new();
    private readonly FakeGuest[] _guests;
    private readonly byte[] _buffer = new byte[Guests * ProtocolLimits.RingSlots * ProtocolLimits.RecordSize];

    public AllocationTests()
        => _guests = [.. Enumerable.Range(1, Guests).Select(domid => _rig.AddGuest((uint)domid))];

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_message_through_a_session_allocates_nothing()
    {
        SessionClient session = _rig.OpenSession();
        session.BindAll();
        Assert.Equal(0, Allocated(() => RoundThrough(session.Data)));
        Assert.Equal((ulong)(2 * Rounds * Guests * ProtocolLimits.RingSlots), _rig.Switch.Counters.Responses);
    }

    [Fact]
    public void A_message_through_a_subscriber_in_the_daemon_allocates_nothing()
    {
        CountingSubscriber subscriber = new();
        _rig.Switch.Attach(subscriber);
        _rig.Switch.Bind(subscriber, ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard);
        Assert.Equal(0, Allocated(RoundOfTheDaemons));
        Assert.Equal(2 * Rounds * Guests * ProtocolLimits.RingSlots, subscriber.Requests);
    }

    [Fact]
    public void A_request_to_a_guest_and_its_response_allocate_nothing()
    {
        SessionClient session = _rig.OpenSession();
        session.BindAll();
        Assert.Equal(0, Allocated(() => RoundToGuests(session.Data)));
        Assert.Equal((ulong)(2 * Rounds * Guests * ProtocolLimits.RingSlots), _rig.Switch.Counters.ResponsesReceived);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_extended_session_with_numbers_and_credit_allocates_nothing(bool fromGuests)
    {
        const uint Window = Guests * ProtocolLimits.RingSlots;
        ExtendedClient client = _rig.OpenExtended(Extensions.All & ~Extensions.News, Window);
        client.BindAll();
        XcsRecord credit = new() { Type = RecordType.Credit, Credit = Window };
        Assert.Equal(0, Allocated(() =>
        {
            if (fromGuests)
            {
                RoundThrough(client.Data);
            }
            else
            {
                RoundToGuests(client.Data);
            }

            client.Data.Socket.Send(XcsRecord.Bytes(in credit));
        }));
        SwitchCounters counters = _rig.Switch.Counters;
        Assert.Equal(2ul * Rounds * Window, fromGuests ? counters.Responses : counters.ResponsesReceived);
        Assert.Equal(0ul, counters.SessionsPaused);
    }

    private static long Allocated(Action round)
    {
        // The same again before it is measured: buffers grow to what they need, methods are compiled.
        for (int i = 0; i < Rounds; i++)
        {
            round();
        }

        // In parts, and the least of them: the runtime allocates now and then, what a round allocates is in each part.
        long least = long.MaxValue;
        for (int part = 0; part < Parts; part++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < Rounds / Parts; i++)
            {
                round();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private void RoundThrough(RecordClient data)
    {
        SendFromGuests();
        _rig.Settle();
        int count = Receive(data);
        for (int at = 0; at < count; at += ProtocolLimits.RecordSize)
        {
            _buffer[at] = (byte)RecordType.Response;
        }

        data.Socket.Send(_buffer.AsSpan(0, count));
        _rig.Settle();
        TakeAnswers();
    }

    private void RoundOfTheDaemons()
    {
        SendFromGuests();
        _rig.Settle();
        TakeAnswers();
    }

    private void RoundToGuests(RecordClient data)
    {
        int count = 0;
        for (int slot = 0; slot < ProtocolLimits.RingSlots; slot++)
        {
            foreach (FakeGuest guest in _guests)
            {
                XcsRecord record = XcsRecord.ForMessage(RecordType.Request, guest.Domid, 0, default);
                XcsRecord.Bytes(in record).CopyTo(_buffer.AsSpan(count));
                count += ProtocolLimits.RecordSize;
            }
        }

        data.Socket.Send(_buffer.AsSpan(0, count));
        _rig.Settle();
        foreach (FakeGuest guest in _guests)
        {
            while (guest.Page.Receive.TryTakeRequest(out ControlMessage request) == RingRead.Message)
            {
                guest.Page.Receive.PutResponse(0, request);
            }

            guest.Kick();
        }

        _rig.Settle();
        Assert.True(Receive(data) == count);
    }

    private void SendFromGuests()
    {
        ControlMessage message = default;
        message.Length = 60;
        foreach (FakeGuest guest in _guests)
        {
            for (byte id = 0; id < ProtocolLimits.RingSlots; id++)
            {
                message.Id = id;
                guest.Page.Transmit.TryPutRequest(message);
            }

            guest.Kick();
        }
    }

    private void TakeAnswers()
    {
        foreach (FakeGuest guest in _guests)
        {
            int answers = 0;
            while (guest.Page.Transmit.TryTakeResponse(out _) == RingRead.Message)
            {
                answers++;
            }

            Assert.True(answers == ProtocolLimits.RingSlots);
        }
    }

    private int Receive(RecordClient data)
    {
        int count = 0;
        while (count < _buffer.Length)
        {
            count += data.Socket.Receive(_buffer.AsSpan(count), SocketFlags.None, out SocketError error);
            Assert.True(error == SocketError.Success);
        }

        return count;
    }

    private sealed class CountingSubscriber : ISubscriber
    {
        public string Name => "counter";

        public int Requests { get; private set; }

        public void OnRequest(ControlChannel channel, in ControlMessage request, RequestTicket ticket)
        {
            Requests++;
            channel.Answer(this, ticket, request);
        }

        public void OnDomainAppeared(GuestDomain domain)
        {
        }

        public void OnDomainGone(GuestDomain domain)
        {
        }

        public void OnChannelOpened(ControlChannel channel)
        {
        }

        public void OnChannelClosed(ControlChannel channel, string reason)
        {
        }

        public void OnResponse(ControlChannel channel, in ControlMessage response)
        {
        }

        public void OnVirq(int port)
        {
        }

        public void OnRequestRoom(ControlChannel channel)
        {
        }
    }
}
