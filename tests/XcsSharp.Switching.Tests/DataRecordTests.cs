namespace XcsSharp.Switching.Tests;

public sealed class DataRecordTests : IDisposable
{
    private readonly SwitchRig _rig = new(options => options.RequestQueue = 4);
    private readonly SessionClient _session;

    public DataRecordTests()
    {
        _session = _rig.OpenSession();
        _session.BindAll();
    }

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void B07_A_pushed_record_has_the_message_and_no_byte_of_our_memory()
    {
        FakeGuest guest = _rig.AddGuest(5);
        ControlMessage message = ControlMessage.Create(MessageType.NetFrontEnd, 3, 200, [1, 2, 3]);
        guest.Send(message);
        _rig.Settle();

        XcsRecord expected = XcsRecord.ForMessage(RecordType.Request, 5, guest.LocalPort, message);
        XcsRecord record = _session.Data.Take();
        Assert.Equal(XcsRecord.Bytes(in expected), XcsRecord.Bytes(in record));
    }

    [Fact]
    public void B15_Domains_above_1024_are_served_in_both_directions()
    {
        FakeGuest guest = _rig.AddGuest(30_000);
        guest.Send(MessageType.Console, 1);
        _rig.Settle();
        _session.Data.Send(Records.Response(_session.Data.Take(), 5));
        _session.Data.Send(Records.Request(30_000, MessageType.Console, 6));
        _rig.Settle();
        Assert.Equal([5], Assert.Single(guest.TakeAnswers()).Data.ToArray());
        Assert.Equal(6, Assert.Single(guest.TakeRequests()).Id);
    }

    [Fact]
    public void B17_A_second_responder_cannot_take_the_slot_of_another_request()
    {
        // Requests of one guest that look alike; both clients answer all of them, at their own pace.
        SessionClient slow = _rig.OpenSession();
        slow.BindAll();
        FakeGuest guest = _rig.AddGuest(5);
        guest.Send(MessageType.Console, 255, 1);
        guest.Send(MessageType.Console, 255, 2);
        _rig.Settle();
        List<XcsRecord> fast = _session.Data.TakeAll();
        List<XcsRecord> late = slow.Data.TakeAll();
        _session.Data.Send(Records.Response(fast[0], 101));
        _rig.Settle();
        slow.Data.Send(Records.Response(late[0], 201));
        _rig.Settle();
        Assert.Equal([101], guest.TakeAnswers().Select(answer => answer.Data[0]));

        guest.Send(MessageType.Console, 255, 3);
        _rig.Settle();
        _session.Data.Send(Records.Response(fast[1], 102));
        _rig.Settle();
        slow.Data.Send(Records.Response(late[1], 202));
        _rig.Settle();
        slow.Data.Send(Records.Response(slow.Data.Take(), 203));
        _rig.Settle();
        _session.Data.Send(Records.Response(_session.Data.Take(), 103));
        _rig.Settle();

        Assert.Equal([102, 203], guest.TakeAnswers().Select(answer => answer.Data[0]));
        Assert.Equal(3ul, _rig.Switch.Counters.AnswersDropped);
    }

    [Fact]
    public void A_response_to_nothing_is_dropped_and_counted()
    {
        FakeGuest guest = _rig.AddGuest(5);
        guest.Send(MessageType.Console, 1);
        _rig.Settle();
        XcsRecord request = _session.Data.Take();
        XcsRecord other = request;
        other.Message.Id = 2;
        _session.Data.Send(Records.Response(other));
        other = request;
        other.Message.Type = MessageType.Debug;
        _session.Data.Send(Records.Response(other));
        other = request;
        other.Message.Subtype = 9;
        _session.Data.Send(Records.Response(other));
        _rig.Settle();
        Assert.Empty(guest.TakeAnswers());
        Assert.Equal(3ul, _rig.Switch.Counters.AnswersDropped);

        _session.Data.Send(Records.Response(request));
        _session.Data.Send(Records.Response(request));
        _rig.Settle();
        Assert.Single(guest.TakeAnswers());
        Assert.Equal(4ul, _rig.Switch.Counters.AnswersDropped);
    }

    [Fact]
    public void Messages_for_nobody_and_records_that_make_no_sense_are_ignored()
    {
        FakeGuest guest = _rig.AddGuest(5);
        _rig.AddDomain(6);
        _session.Data.Send(Records.Request(99, MessageType.Console, 1));
        _session.Data.Send(Records.Request(6, MessageType.Console, 1));
        _session.Data.Send(Records.Response(Records.Request(0xffffffff, MessageType.Console, 1)));
        foreach (uint type in (uint[])[0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 0xffffffff])
        {
            _session.Data.Send(new XcsRecord { Type = (RecordType)type });
        }

        _session.Data.Send(Records.Request(5, MessageType.Console, 7));
        _rig.Settle();

        Assert.Equal(7, Assert.Single(guest.TakeRequests()).Id);
        Assert.Empty(_session.Data.TakeAll());
        Assert.Equal(3ul, _rig.Switch.Counters.MessagesToNobody);
    }

    [Fact]
    public void A_length_above_60_is_clamped()
    {
        FakeGuest guest = _rig.AddGuest(5);
        XcsRecord request = Records.Request(5, MessageType.Console, 1, 1, 2, 3);
        request.Message.Length = 200;
        _session.Data.Send(request);
        guest.Send(MessageType.Console, 2);
        _rig.Settle();
        XcsRecord response = Records.Response(_session.Data.Take());
        response.Message.Length = 255;
        _session.Data.Send(response);
        _rig.Settle();

        // Looked at in the slot itself: the guest's own ring would clamp it again.
        Assert.Equal(60, guest.RawLength(Rings.ControlPageLayout.Receive, 0));
        Assert.Equal(60, guest.RawLength(Rings.ControlPageLayout.Transmit, 0));
    }

    [Fact]
    public void B14_A_full_ring_makes_the_client_wait_and_drops_nothing()
    {
        // Far more than the ring and the queue hold, and than the daemon reads at once.
        const int Total = 5000;
        FakeGuest guest = _rig.AddGuest(5);
        List<int> arrived = [];
        int responses = 0;
        int sent = 0;
        int before;
        do
        {
            before = sent;
            SendWhatGoes();
            _rig.Settle();
        }
        while (sent > before);

        // The guest answers nothing: the daemon holds what it has, and the rest is the client's.
        Assert.InRange(sent, 13, Total / 2);
        for (int round = 0; arrived.Count < Total; round++)
        {
            Assert.InRange(round, 0, 20_000);
            SendWhatGoes();
            _rig.Settle();
            responses += _session.Data.TakeAll().Count;
            foreach (ControlMessage request in guest.TakeRequests())
            {
                arrived.Add(BitConverter.ToInt32(request.Data));
                guest.AnswerOldest(request);
            }
        }

        _rig.Settle();
        Assert.Equal(Enumerable.Range(0, Total), arrived);
        Assert.Equal(Total, responses + _session.Data.TakeAll().Count);

        void SendWhatGoes()
        {
            while (sent < Total && TrySend(sent))
            {
                sent++;
            }
        }

        bool TrySend(int number)
        {
            XcsRecord record = Records.Request(5, MessageType.Console, 1, BitConverter.GetBytes(number));
            int count = _session.Data.Socket.Send(
                XcsRecord.Bytes(in record), System.Net.Sockets.SocketFlags.None, out System.Net.Sockets.SocketError error);
            Assert.True(count is 80 || error == System.Net.Sockets.SocketError.WouldBlock);
            return count == 80;
        }
    }

    [Fact]
    public void A_client_that_waits_for_one_guest_still_gets_what_the_others_say()
    {
        FakeGuest stuck = _rig.AddGuest(5);
        FakeGuest other = _rig.AddGuest(6);
        for (int i = 0; i < 100; i++)
        {
            _session.Data.Send(Records.Request(5, MessageType.Console, 1));
        }

        _rig.Settle();
        other.Send(MessageType.Console, 3);
        _rig.Settle();
        Assert.Equal(6u, Assert.Single(_session.Data.TakeAll()).RemoteDomain);
        Assert.Equal(8, stuck.TakeRequests().Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_client_that_waits_for_a_guest_goes_on_when_that_is_gone_or_put_aside(bool gone)
    {
        FakeGuest stuck = _rig.AddGuest(5);
        FakeGuest other = _rig.AddGuest(6);
        for (int i = 0; i < 100; i++)
        {
            _session.Data.Send(Records.Request(5, MessageType.Console, 1));
        }

        _session.Data.Send(Records.Request(6, MessageType.Console, 2));
        _rig.Settle();
        Assert.Empty(other.TakeRequests());
        if (gone)
        {
            _rig.Hypervisor.Remove(stuck);
        }
        else
        {
            stuck.Poke(Rings.ControlPageLayout.Receive, Rings.ControlPageLayout.ResponseProducer, 99);
        }

        _rig.Settle();
        Assert.Equal(2, Assert.Single(other.TakeRequests()).Id);
        _session.Data.Send(Records.Request(6, MessageType.Console, 3));
        _rig.Settle();
        Assert.Equal(3, Assert.Single(other.TakeRequests()).Id);
    }

    [Fact]
    public void What_a_client_sent_before_it_left_reaches_a_guest_that_was_slow()
    {
        FakeGuest guest = _rig.AddGuest(5);
        for (byte id = 0; id < 100; id++)
        {
            _session.Data.Send(Records.Request(5, MessageType.Console, id));
        }

        _rig.Settle();
        _session.Dispose();
        List<byte> arrived = [];
        for (int round = 0; round < 120; round++)
        {
            _rig.Settle();
            foreach (ControlMessage request in guest.TakeRequests())
            {
                arrived.Add(request.Id);
                guest.AnswerOldest(request);
            }
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(id => (byte)id), arrived);
        _rig.Advance(_rig.Options.SessionWindow);
        Assert.Equal(0, _rig.Listener.SessionCount);
    }

    [Fact]
    public void A_client_that_left_while_it_waited_for_a_guest_does_not_stay_for_ever()
    {
        FakeGuest stuck = _rig.AddGuest(5);
        for (byte id = 0; id < 100; id++)
        {
            _session.Data.Send(Records.Request(5, MessageType.Console, id));
        }

        stuck.Send(MessageType.Debug, 1);
        _rig.Settle();
        _session.Dispose();
        _rig.Settle();
        _rig.Advance(_rig.Options.UnboundGrace + TimeSpan.FromMilliseconds(1));
        Assert.Single(stuck.TakeAnswers());
        _rig.Advance(_rig.Options.SessionWindow);
        Assert.Equal(0, _rig.Listener.SessionCount);
    }

    [Fact]
    public void A_client_that_left_while_it_waited_for_a_guest_can_come_back()
    {
        FakeGuest stuck = _rig.AddGuest(5);
        for (byte id = 0; id < 100; id++)
        {
            _session.Data.Send(Records.Request(5, MessageType.Console, id));
        }

        _rig.Settle();
        _session.Data.Dispose();
        _rig.Settle();
        stuck.Send(MessageType.Debug, 1);
        _rig.Settle();

        Assert.Equal(RecordResult.Ok, _session.ReconnectData());
        _rig.Settle();

        Assert.Equal(1, Assert.Single(_session.Data.TakeAll()).Message.Id);
        Assert.Equal(88ul, _rig.Switch.Counters.MessagesAbandoned);
    }

    [Fact]
    public void A_virtual_interrupt_can_be_sent_to_and_other_ports_cannot()
    {
        FakeGuest guest = _rig.AddGuest(5);
        int port = _session.Control.Ask(Records.BindVirq(3)).VirqPort;
        foreach (int target in (int[])[port, guest.LocalPort, 99, -1, ProtocolLimits.PortWildcard])
        {
            _session.Data.Send(new XcsRecord { Type = RecordType.Virq, LocalPort = target });
        }

        _rig.Settle();
        Assert.Equal([port], _rig.Hypervisor.NotifiedPorts);
        Assert.Equal(0, guest.Transport.Notifications);
    }

    [Fact]
    public void A_client_that_never_answers_is_remembered_1024_requests_far()
    {
        RecordingSubscriber answering = _rig.Attach(new RecordingSubscriber().Answering());
        FakeGuest guest = _rig.AddGuest(5);
        for (int i = 0; i < 1030; i++)
        {
            guest.Send(MessageType.Console, (byte)i);
            _rig.Settle();
            guest.TakeAnswers();
            _session.Data.TakeAll();
        }

        Assert.Equal(1030, answering.Requests.Count);
        Assert.Equal(6ul, _rig.Switch.Counters.DeliveriesForgotten);
    }

    [Fact]
    public void Responses_after_a_domain_was_replaced_do_not_reach_its_successor()
    {
        FakeGuest dead = _rig.AddGuest(5);
        dead.Send(MessageType.Console, 1);
        _rig.Settle();
        XcsRecord late = _session.Data.Take();
        _rig.Hypervisor.Remove(dead);
        FakeGuest next = _rig.AddGuest(5);
        next.Send(MessageType.Console, 1);
        _rig.Settle();

        // What was delivered for the dead one is forgotten with its channel: the late answer has nothing to match.
        _session.Data.Send(Records.Response(_session.Data.Take(), 2));
        _session.Data.Send(Records.Response(late, 1));
        _rig.Settle();
        Assert.Equal([2], Assert.Single(next.TakeAnswers()).Data.ToArray());
        Assert.Equal(1ul, _rig.Switch.Counters.AnswersDropped);
    }
}
