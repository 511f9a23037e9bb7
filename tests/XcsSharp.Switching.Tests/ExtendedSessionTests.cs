namespace XcsSharp.Switching.Tests;

/// <summary>Opting in, reasons, correlation and bindings by domain.</summary>
public sealed class ExtendedSessionTests : IDisposable
{
    private readonly SwitchRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(1u, Extensions.Reasons, 1u, Extensions.Reasons)]
    [InlineData(7u, (Extensions)uint.MaxValue, 1u, Extensions.All)]
    [InlineData(1u, Extensions.None, 1u, Extensions.None)]
    public void What_is_agreed_is_the_less_of_both(uint version, Extensions wanted, uint agreed, Extensions granted)
    {
        using RecordClient control = _rig.Connect();
        XcsRecord reply = control.Ask(ExtendedClient.Hello(wanted, 9, version: version));
        Assert.Equal(
            (RecordType.ConnectExtended, RecordResult.Ok, agreed, granted),
            (reply.Type, reply.Result, reply.ExtensionVersion, reply.Extensions));
        Assert.Equal(granted.HasFlag(Extensions.Credit) ? 9u : uint.MaxValue, reply.Credit);
        Assert.NotEqual(0u, reply.ShortSessionId);
    }

    [Fact]
    public void Version_0_is_refused_and_the_connection_closed()
    {
        using RecordClient control = _rig.Connect();
        Assert.Equal(RecordResult.BadRequest, control.Ask(ExtendedClient.Hello(Extensions.All, version: 0)).Result);
        _rig.Settle();
        Assert.False(control.TryTake(out _));
        Assert.True(control.IsEnded);
        Assert.Equal(0, _rig.Listener.SessionCount);
    }

    [Fact]
    public void A_session_is_come_back_to_as_what_it_is()
    {
        ExtendedClient extended = _rig.OpenExtended(Extensions.All, 5);
        SessionClient plain = _rig.OpenSession();
        extended.Control.Dispose();
        plain.Control.Dispose();
        _rig.Settle();

        Assert.Equal(RecordResult.BadSession, _rig.Connect().Ask(Records.ConnectControl(extended.Id)).Result);
        Assert.Equal(RecordResult.BadSession, _rig.Connect().Ask(ExtendedClient.Hello(Extensions.All, 5, plain.Id)).Result);
        XcsRecord again = _rig.Connect().Ask(ExtendedClient.Hello(Extensions.None, 7, extended.Id));
        Assert.Equal((RecordResult.Ok, Extensions.All, 7u), (again.Result, again.Extensions, again.Credit));
        Assert.Equal(RecordResult.ConnectionInUse, _rig.Connect().Ask(ExtendedClient.Hello(Extensions.All, 5, extended.Id)).Result);
        Assert.Equal(RecordResult.Ok, _rig.Connect().Ask(Records.ConnectControl(plain.Id)).Result);
    }

    [Fact]
    public void A_plain_client_gets_nothing_of_it()
    {
        FakeGuest guest = _rig.AddGuest(5);
        SessionClient plain = _rig.OpenSession();
        plain.BindAll();
        foreach (RecordType type in (RecordType[])[RecordType.BindDomain, RecordType.UnbindDomain, RecordType.Credit])
        {
            XcsRecord sent = Records.Request(5, MessageType.Debug, 1) with { Type = type, Result = (RecordResult)77 };
            XcsRecord echo = plain.Control.Ask(sent);
            Assert.Equal(XcsRecord.Bytes(in sent), XcsRecord.Bytes(in echo));
        }

        _rig.AddGuest(6);
        plain.Data.Send(Records.Request(99, MessageType.Debug, 1));
        plain.Data.Send(Records.Request(5, MessageType.Debug, 1) with { Correlation = 44 });
        plain.Data.Send(new XcsRecord { Type = RecordType.Credit, Credit = 1 });
        _rig.Settle();
        guest.AnswerOldest(Assert.Single(guest.TakeRequests()));
        guest.Send(MessageType.Console, 1);
        _rig.Settle();

        List<XcsRecord> records = plain.Data.TakeAll();
        Assert.Equal([RecordType.Request, RecordType.Response], records.Select(record => record.Type).Order());
        Assert.All(records, record => Assert.Equal(RecordResult.Ok, record.Result));
    }

    [Fact]
    public void Each_request_that_goes_nowhere_comes_back_with_its_reason()
    {
        _rig.AddDomain(4);
        FakeGuest liar = _rig.AddGuest(5);
        FakeGuest guest = _rig.AddGuest(6);
        liar.Poke(Rings.ControlPageLayout.Transmit, Rings.ControlPageLayout.RequestProducer, 50);
        _rig.OpenSession().Lock(guest.LocalPort, MessageType.Debug);
        ExtendedClient client = _rig.OpenExtended(Extensions.Reasons | Extensions.Correlation);

        uint number = 100;
        foreach (uint domid in (uint[])[99, 4, 5, 6])
        {
            client.Data.Send(Records.Request(domid, MessageType.Debug, (byte)domid, 1, 2) with { Correlation = number++ });
        }

        _rig.Settle();
        List<XcsRecord> back = client.Data.TakeAll();
        Assert.All(back, record => Assert.Equal(RecordType.Undelivered, record.Type));
        Assert.Equal(
            [
                (99u, 100u, UndeliveredReason.NoSuchDomain),
                (4u, 101u, UndeliveredReason.NoChannel),
                (5u, 102u, UndeliveredReason.ChannelOutOfOrder),
                (6u, 103u, UndeliveredReason.LockedOut),
            ],
            back.Select(record => (record.RemoteDomain, record.Correlation, record.Reason)));
        Assert.All(back, record => Assert.Equal([1, 2], record.Message.Data.ToArray()));
        Assert.Equal(99, back[0].Message.Id);
    }

    [Fact]
    public void A_request_that_was_sent_and_will_not_be_answered_comes_back_when_that_is_known()
    {
        FakeGuest guest = _rig.AddGuest(5);
        FakeGuest liar = _rig.AddGuest(6);
        ExtendedClient client = _rig.OpenExtended(Extensions.Reasons | Extensions.Correlation);
        client.Send(Records.Request(5, MessageType.Debug, 1) with { Correlation = 10 });
        client.Send(Records.Request(6, MessageType.Debug, 2) with { Correlation = 20 });
        client.Send(Records.Request(5, MessageType.Debug, 3) with { Correlation = 30 });

        Assert.Equal(2, guest.TakeRequests().Count);

        // An answer to something that nobody asked: it took the slot of the oldest.
        guest.AnswerOldest(ControlMessage.Create(MessageType.Console, 0, 77, []));
        liar.Poke(Rings.ControlPageLayout.Receive, Rings.ControlPageLayout.ResponseProducer, 50);
        _rig.Settle();
        _rig.Switch.OnDomainGone(5);
        _rig.Settle();

        Assert.Equal(
            [
                (5u, 10u, 1, UndeliveredReason.NoAnswer),
                (6u, 20u, 2, UndeliveredReason.ChannelOutOfOrder),
                (5u, 30u, 3, UndeliveredReason.ChannelClosed),
            ],
            client.Data.TakeAll().Select(record =>
                (record.RemoteDomain, record.Correlation, (int)record.Message.Id, record.Reason)));
    }

    [Fact]
    public void An_answer_that_does_not_count_comes_back_with_its_reason()
    {
        FakeGuest guest = _rig.AddGuest(5);
        ExtendedClient client = _rig.OpenExtended(Extensions.Reasons | Extensions.Correlation);
        client.BindAll();
        SessionClient other = _rig.OpenSession();
        other.BindAll();
        guest.Send(MessageType.Debug, 1);
        guest.Send(MessageType.NetFrontEnd, 2);
        _rig.Settle();
        other.Data.Send(Records.Response(other.Data.Take()));
        _rig.Settle();
        other.Lock(guest.LocalPort, MessageType.NetFrontEnd);
        List<XcsRecord> requests = client.Data.TakeAll();

        client.Send(Records.Response(requests[0]) with { Correlation = requests[0].Correlation });
        client.Send(Records.Response(requests[1]) with { Correlation = requests[1].Correlation });
        client.Send(Records.Response(requests[1]) with { Correlation = requests[1].Correlation });
        client.Send(Records.Response(requests[1]) with { Correlation = 4711 });

        Assert.Equal(
            [
                (requests[0].Correlation, UndeliveredReason.AlreadyAnswered),
                (requests[1].Correlation, UndeliveredReason.LockedOut),
                (requests[1].Correlation, UndeliveredReason.NotGiven),
                (4711u, UndeliveredReason.NotGiven),
            ],
            client.Data.TakeAll().Select(record => (record.Correlation, record.Reason)));
    }

    [Fact]
    public void Without_reasons_nothing_comes_back()
    {
        ExtendedClient client = _rig.OpenExtended(Extensions.Correlation);
        client.Send(Records.Request(99, MessageType.Debug, 1) with { Correlation = 1 });
        Assert.Empty(client.Data.TakeAll());
    }

    [Fact]
    public void An_answer_names_its_request_by_number_where_all_else_is_the_same()
    {
        FakeGuest guest = _rig.AddGuest(5);
        ExtendedClient client = _rig.OpenExtended(Extensions.Correlation);
        client.BindAll();
        for (byte i = 0; i < 3; i++)
        {
            guest.Send(MessageType.Console, 255, i);
        }

        _rig.Settle();
        List<XcsRecord> requests = client.Data.TakeAll();
        Assert.Equal(3, requests.Select(record => record.Correlation).Where(number => number != 0).Distinct().Count());

        // Newest first: each answer has the byte of its own request.
        foreach (XcsRecord request in requests.AsEnumerable().Reverse())
        {
            client.Data.Send(request with { Type = RecordType.Response });
        }

        _rig.Settle();
        Assert.Equal([2, 1, 0], guest.TakeAnswers().Select(answer => (int)answer.Data[0]));
        Assert.Equal(0ul, _rig.Switch.Counters.AnswersDropped);
    }

    [Fact]
    public void An_answer_to_the_second_of_two_like_requests_is_not_taken_for_the_first()
    {
        FakeGuest guest = _rig.AddGuest(5);
        ExtendedClient client = _rig.OpenExtended(Extensions.Correlation);
        client.BindAll();
        SessionClient other = _rig.OpenSession();
        other.BindAll();
        guest.Send(MessageType.Console, 255, 0);
        guest.Send(MessageType.Console, 255, 1);
        _rig.Settle();
        other.Data.Send(Records.Response(other.Data.Take(), 10));
        _rig.Settle();

        XcsRecord second = client.Data.TakeAll()[1];
        client.Send(second with { Type = RecordType.Response });

        Assert.Equal([10, 1], guest.TakeAnswers().Select(answer => (int)answer.Data[0]));
    }

    [Fact]
    public void A_guests_answer_comes_to_the_asker_under_its_number_and_to_others_under_none()
    {
        FakeGuest guest = _rig.AddGuest(5);
        ExtendedClient asker = _rig.OpenExtended(Extensions.Correlation);
        ExtendedClient other = _rig.OpenExtended(Extensions.Correlation);
        other.BindAll();

        // The same message from both: the first of them is answered first.
        other.Send(Records.Request(5, MessageType.Debug, 1) with { Correlation = 7 });
        asker.Send(Records.Request(5, MessageType.Debug, 1) with { Correlation = 8 });
        foreach (ControlMessage request in guest.TakeRequests())
        {
            guest.AnswerOldest(request);
            _rig.Settle();
        }

        Assert.Equal([7u, 0u], other.Data.TakeAll().Select(record => record.Correlation));

        // The asker has bound nothing, and is told all the same.
        Assert.Equal(8u, Assert.Single(asker.Data.TakeAll()).Correlation);
    }

    [Fact]
    public void Answers_out_of_turn_keep_their_numbers_and_those_of_a_session_that_is_gone_go_to_nobody()
    {
        FakeGuest guest = _rig.AddGuest(5);
        ExtendedClient client = _rig.OpenExtended(Extensions.Correlation);
        ExtendedClient gone = _rig.OpenExtended(Extensions.Correlation);
        client.Send(Records.Request(5, MessageType.Debug, 1) with { Correlation = 1 });
        gone.Send(Records.Request(5, MessageType.Debug, 2) with { Correlation = 2 });
        client.Send(Records.Request(5, MessageType.Debug, 3) with { Correlation = 3 });
        gone.Dispose();
        _rig.Settle();
        _rig.Advance(_rig.Options.SessionWindow);
        List<ControlMessage> requests = guest.TakeRequests();
        foreach (int index in (int[])[2, 1, 0])
        {
            guest.Page.Receive.PutResponse(index == 2 ? 2 : 0, ControlMessage.EmptyAnswerTo(requests[index]));
        }

        guest.Kick();
        _rig.Settle();
        Assert.Equal([3u, 1u], client.Data.TakeAll().Select(record => record.Correlation));
    }

    [Fact]
    public void A_domains_binding_follows_its_channel_and_ends_with_the_domain()
    {
        FakeGuest guest = _rig.AddDomain(5);
        FakeGuest other = _rig.AddGuest(6);
        ExtendedClient client = _rig.OpenExtended(Extensions.None);
        Assert.Equal(RecordResult.Ok, client.BindDomain(5, (ushort)MessageType.Debug));
        guest.Publish();
        int port = guest.LocalPort;
        guest.Send(MessageType.Debug, 1);
        guest.Send(MessageType.Console, 2);
        other.Send(MessageType.Debug, 3);
        _rig.Settle();
        Assert.Equal([1], client.Data.TakeAll().Select(record => (int)record.Message.Id));

        // Another program of the guest, under another port; the old port becomes somebody else's.
        _rig.Switch.OnTransportWithdrawn(5, "gone");
        FakeGuest heir = _rig.AddDomain(7);
        heir.Publish(port);
        guest.ReplaceProgram();
        guest.Publish();
        heir.Send(MessageType.Debug, 4);
        guest.Send(MessageType.Debug, 5);
        _rig.Settle();
        Assert.Equal([5], client.Data.TakeAll().Select(record => (int)record.Message.Id));

        // Its successor is another domain.
        _rig.Switch.OnDomainGone(5);
        _rig.Switch.OnDomainAppeared(5, "next", Guid.Empty);
        guest.ReplaceProgram();
        guest.Publish();
        guest.Send(MessageType.Debug, 6);
        _rig.Settle();
        Assert.Empty(client.Data.TakeAll());
    }

    [Fact]
    public void A_domains_binding_and_the_ports_own_are_two()
    {
        FakeGuest guest = _rig.AddGuest(5);
        ExtendedClient client = _rig.OpenExtended(Extensions.None);
        client.BindDomain(5);
        client.Control.Ask(Records.Bind(guest.LocalPort, ProtocolLimits.TypeWildcard));
        Assert.Equal(RecordResult.Ok, client.BindDomain(5, record: RecordType.UnbindDomain));
        guest.Send(MessageType.Debug, 1);
        _rig.Settle();
        Assert.Single(client.Data.TakeAll());

        client.Control.Ask(Records.Unbind(guest.LocalPort, ProtocolLimits.TypeWildcard));
        client.BindDomain(5);
        client.BindDomain(5, record: RecordType.UnbindDomain);
        guest.Send(MessageType.Debug, 2);
        _rig.Settle();
        Assert.Empty(client.Data.TakeAll());
    }

    [Fact]
    public void Bindings_by_domain_are_validated_and_have_a_limit()
    {
        _rig.Options.MaxBindsPerSubscriber = 2;
        _rig.AddDomain(5);
        ExtendedClient client = _rig.OpenExtended(Extensions.None);
        Assert.Equal(RecordResult.Failed, client.BindDomain(99));
        Assert.Equal(RecordResult.BadRequest, client.BindDomain(5, ProtocolLimits.TypeVirq));
        Assert.Equal(RecordResult.BadRequest, client.BindDomain(5, 256));
        Assert.Equal(RecordResult.BadRequest, client.BindDomain(5, 256, RecordType.UnbindDomain));
        Assert.Equal(RecordResult.Ok, client.BindDomain(99, record: RecordType.UnbindDomain));
        Assert.Equal(RecordResult.Ok, client.BindDomain(5, 1));
        Assert.Equal(RecordResult.Ok, client.BindDomain(5, 1));
        Assert.Equal(RecordResult.Ok, client.BindDomain(5, 2));
        Assert.Equal(RecordResult.Failed, client.BindDomain(5, 3));

        // Those of a domain that is gone do not count.
        _rig.Switch.OnDomainGone(5);
        _rig.AddDomain(6);
        Assert.Equal(RecordResult.Ok, client.BindDomain(6, 1));
        Assert.Equal(RecordResult.Ok, client.BindDomain(6, 2));
    }
}
