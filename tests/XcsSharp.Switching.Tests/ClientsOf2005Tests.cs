namespace XcsSharp.Switching.Tests;

/// <summary>The programs of the era, record by record (spec section 6).</summary>
public sealed class ClientsOf2005Tests : IDisposable
{
    private readonly SwitchRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Xcsdump_connects_with_one_reused_record_and_sees_everything()
    {
        FakeGuest guest = _rig.AddGuest(1);
        using RecordClient control = _rig.Connect();
        XcsRecord record = control.Ask(default);
        using RecordClient data = _rig.Connect();
        record.Type = RecordType.ConnectData;
        record = data.Ask(record);
        Assert.Equal(RecordResult.Ok, record.Result);

        // Reused once more: where the id was there is now the port, and what the bind does not fill stays.
        record.Type = RecordType.Bind;
        record.BindPort = ProtocolLimits.PortWildcard;
        record.BindType = ProtocolLimits.TypeWildcard;
        Assert.Equal(RecordResult.Ok, control.Ask(record).Result);

        guest.Send(MessageType.Console, 255, "hello"u8.ToArray());
        guest.Send(MessageType.NetFrontEnd, 1, 1, 2);
        _rig.Settle();
        List<XcsRecord> seen = data.TakeAll();
        Assert.Equal([MessageType.Console, MessageType.NetFrontEnd], seen.Select(each => each.Message.Type));
        Assert.All(seen, each => Assert.Equal((RecordType.Request, 1u, guest.LocalPort), (each.Type, each.RemoteDomain, each.LocalPort)));
    }

    [Fact]
    public void Xend_opens_binds_answers_each_request_once_and_gets_its_own_answered()
    {
        FakeGuest guest = _rig.AddDomain(1);
        SessionClient xend = _rig.OpenSession();
        Assert.Equal(RecordResult.Ok, xend.Control.Ask(Records.BindVirq(3)).Result);
        XcsRecord opened = xend.Control.Ask(Records.Open(1));
        Assert.Equal((RecordResult.Ok, 1), (opened.Result, opened.InterfaceRemotePort));
        Assert.Equal(RecordResult.Ok, xend.Bind(opened.InterfaceLocalPort, ProtocolLimits.TypeWildcard));

        // Sends a virtual interrupt on the control connection, and relies on some reply to it.
        Assert.Equal(RecordType.Virq, xend.Control.Ask(new XcsRecord { Type = RecordType.Virq }).Type);

        for (int round = 0; round < 50; round++)
        {
            for (byte id = 0; id < 8; id++)
            {
                guest.Send(MessageType.BlockFrontEnd, id, (byte)round);
            }

            _rig.Settle();
            foreach (XcsRecord request in xend.Data.TakeAll())
            {
                xend.Data.Send(request with { Type = RecordType.Response });
            }

            xend.Data.Send(Records.Request(1, MessageType.NetFrontEnd, (byte)round, 7));
            _rig.Settle();
            Assert.Equal(Enumerable.Range(0, 8).Select(id => (byte)id), guest.TakeAnswers().Select(answer => answer.Id));
            guest.AnswerOldest(Assert.Single(guest.TakeRequests()));
            _rig.Settle();
            XcsRecord response = Assert.Single(xend.Data.TakeAll());
            Assert.Equal((RecordType.Response, round), (response.Type, response.Message.Id));
        }

        Assert.Equal(RecordResult.Ok, xend.Control.Ask(Records.Close(1, opened.InterfaceLocalPort)).Result);
        Assert.True(guest.Transport.IsDisposed);
        Assert.Equal(0ul, _rig.Switch.Counters.AnsweredByDaemon);
        Assert.Equal(0ul, _rig.Switch.Counters.AnswersDropped);
    }

    [Fact]
    public void Xend_that_restarts_finds_its_channel_again_with_the_saved_ports()
    {
        FakeGuest guest = _rig.AddDomain(1);
        SessionClient xend = _rig.OpenSession();
        XcsRecord opened = xend.Control.Ask(Records.Open(1));
        xend.Bind(opened.InterfaceLocalPort, ProtocolLimits.TypeWildcard);
        guest.Send(MessageType.BlockFrontEnd, 1);
        _rig.Settle();
        xend.Dispose();
        _rig.Settle();
        _rig.Advance(_rig.Options.SessionWindow);
        guest.Page.Transmit.TryPutRequest(ControlMessage.Create(MessageType.BlockFrontEnd, 0, 2, []));

        SessionClient next = _rig.OpenSession();
        XcsRecord again = next.Control.Ask(Records.Open(1, opened.InterfaceLocalPort, 1));
        Assert.Equal(RecordResult.Ok, again.Result);
        next.Bind(again.InterfaceLocalPort, ProtocolLimits.TypeWildcard);
        _rig.Settle();

        // The first was answered by the daemon after the grace; the second waited in the ring.
        Assert.Equal([2], next.Data.TakeAll().Select(record => record.Message.Id));
        Assert.Equal([1], guest.TakeAnswers().Select(answer => answer.Id));
    }

    [Fact]
    public void Xenconsoled_that_never_responds_is_harmless_beside_one_that_does()
    {
        FakeGuest guest = _rig.AddGuest(1);
        SessionClient consoled = _rig.OpenSession();
        consoled.BindAll();
        _rig.Attach(new RecordingSubscriber().Answering());
        for (int i = 0; i < 2000; i++)
        {
            guest.Send(MessageType.Console, 255, (byte)i);
            _rig.Settle();
            Assert.Single(guest.TakeAnswers());
            Assert.Equal((byte)i, consoled.Data.Take().Message.Data[0]);
        }

        // What it types: id 1, and rubbish where it fills nothing.
        XcsRecord typed = Records.Request(1, MessageType.Console, 1, 0x1b) with
        {
            LocalPort = -559038737,
            Result = (RecordResult)0x7fff1234,
        };
        consoled.Data.Send(typed);
        _rig.Settle();
        Assert.Equal([0x1b], Assert.Single(guest.TakeRequests()).Data.ToArray());
    }

    [Fact]
    public void Xenconsoled_alone_costs_a_guest_its_patience_and_no_more()
    {
        FakeGuest guest = _rig.AddGuest(1);
        SessionClient consoled = _rig.OpenSession();
        consoled.BindAll();
        for (int round = 0; round < 3; round++)
        {
            for (byte id = 0; id < 8; id++)
            {
                guest.Send(MessageType.Console, id);
            }

            _rig.Settle();
            Assert.Equal(8, consoled.Data.TakeAll().Count);
            _rig.Advance(_rig.Options.ResponseTimeout + TimeSpan.FromMilliseconds(1));
            Assert.Equal(8, guest.TakeAnswers().Count);
        }
    }

    [Fact]
    public void Pdb_answers_a_request_with_a_request()
    {
        FakeGuest guest = _rig.AddGuest(1);
        SessionClient pdb = _rig.OpenSession();
        pdb.Bind(ProtocolLimits.PortWildcard, (ushort)MessageType.Debug);
        guest.Send(MessageType.Console, 1);
        guest.Send(MessageType.Debug, 2);
        _rig.Settle();
        XcsRecord request = Assert.Single(pdb.Data.TakeAll());
        Assert.Equal(MessageType.Debug, request.Message.Type);
        pdb.Data.Send(Records.Request(request.RemoteDomain, MessageType.Debug, 0, 4));
        _rig.Settle();
        Assert.Equal(MessageType.Debug, Assert.Single(guest.TakeRequests()).Type);
    }
}
