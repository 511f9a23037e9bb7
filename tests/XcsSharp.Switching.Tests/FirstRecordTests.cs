namespace XcsSharp.Switching.Tests;

public sealed class FirstRecordTests : IDisposable
{
    private readonly SwitchRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void B21_A_new_session_gets_a_random_id_that_every_client_of_2005_can_keep()
    {
        HashSet<uint> ids = [];
        for (int i = 0; i < 20; i++)
        {
            XcsRecord reply = _rig.Connect().Ask(Records.ConnectControl(0));
            Assert.Equal((RecordType.ConnectControl, RecordResult.Ok), (reply.Type, reply.Result));
            Assert.InRange(reply.SessionId, 1ul, (ulong)int.MaxValue);
            Assert.True(ids.Add(reply.ShortSessionId));
        }

        Assert.Equal(20, _rig.Listener.SessionCount);
    }

    [Fact]
    public void Only_the_low_half_of_a_session_id_counts()
    {
        SessionClient session = _rig.OpenSession();
        session.Data.Dispose();
        _rig.Settle();

        // A 32-bit client fills four bytes; what follows is its stack.
        XcsRecord connect = Records.ConnectData(session.Id) with { SessionId = session.Id | 0xdeadbeef00000000 };
        XcsRecord reply = _rig.Connect().Ask(connect);

        Assert.Equal(RecordResult.Ok, reply.Result);
        Assert.Equal(session.Id, reply.SessionId);
    }

    [Theory]
    [InlineData(RecordType.ConnectControl)]
    [InlineData(RecordType.ConnectData)]
    public void An_unknown_session_is_refused_and_the_connection_closed(RecordType type)
    {
        RecordClient client = _rig.Connect();
        XcsRecord reply = client.Ask(new XcsRecord { Type = type, SessionId = 12345 });
        Assert.Equal((type, RecordResult.BadSession, 12345u), (reply.Type, reply.Result, reply.ShortSessionId));
        AssertClosed(client);
    }

    [Theory]
    [InlineData(RecordType.ConnectControl)]
    [InlineData(RecordType.ConnectData)]
    public void A_connection_that_is_attached_already_is_refused_and_the_first_one_stays(RecordType type)
    {
        SessionClient session = _rig.OpenSession();
        RecordClient second = _rig.Connect();
        XcsRecord reply = second.Ask(new XcsRecord { Type = type, SessionId = session.Id });
        Assert.Equal(RecordResult.ConnectionInUse, reply.Result);
        AssertClosed(second);

        Assert.Equal(RecordResult.Ok, session.BindAll());
        FakeGuest guest = _rig.AddGuest(5);
        guest.Send(MessageType.Console, 1);
        _rig.Settle();
        Assert.Single(session.Data.TakeAll());
    }

    [Fact]
    public void A_data_connection_without_a_session_is_refused()
        => Assert.Equal(RecordResult.BadSession, _rig.Connect().Ask(Records.ConnectData(0)).Result);

    [Fact]
    public void Goodbye_closes_without_a_reply()
    {
        RecordClient client = _rig.Connect();
        client.Send(new XcsRecord { Type = RecordType.Goodbye });
        _rig.Settle();
        AssertClosed(client);
    }

    [Theory]
    [InlineData(RecordType.Bind)]
    [InlineData(RecordType.Request)]
    [InlineData((RecordType)12)]
    [InlineData((RecordType)0xffffffff)]
    public void Any_other_record_is_echoed_as_it_is_and_the_connection_closed(RecordType type)
    {
        RecordClient client = _rig.Connect();
        XcsRecord sent = Records.Request(9, MessageType.Debug, 3, 1, 2, 3) with { Type = type, Result = (RecordResult)77 };
        XcsRecord reply = client.Ask(sent);
        Assert.Equal(XcsRecord.Bytes(in sent), XcsRecord.Bytes(in reply));
        AssertClosed(client);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public void A_connection_that_does_not_say_what_it_is_is_closed_in_time(int bytes)
    {
        RecordClient client = _rig.Connect();
        client.SendBytes(new byte[bytes]);
        _rig.Settle();
        _rig.Advance(_rig.Options.FirstRecordTimeout - TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, _rig.Listener.UnidentifiedCount);
        Assert.False(client.TryTake(out _));
        Assert.False(client.IsEnded);

        _rig.Advance(TimeSpan.FromMilliseconds(2));

        AssertClosed(client);
        Assert.Equal(1ul, _rig.Switch.Counters.SilentConnectionsClosed);
    }

    [Fact]
    public void A_connection_that_identified_itself_may_be_silent_for_ever()
    {
        SessionClient session = _rig.OpenSession();
        _rig.Advance(TimeSpan.FromDays(1));
        Assert.Equal(RecordResult.Ok, session.BindAll());
    }

    [Fact]
    public void Sessions_have_a_limit()
    {
        using SwitchRig rig = new(options => options.MaxSessions = 2);
        SessionClient first = rig.OpenSession();
        rig.OpenSession();
        RecordClient third = rig.Connect();
        third.Send(Records.ConnectControl(0));
        rig.Settle();

        AssertClosed(third);
        Assert.Equal(2, rig.Listener.SessionCount);
        Assert.Equal(1ul, rig.Switch.Counters.ConnectionsRefused);
        Assert.Contains("MaxSessions", Assert.Single(rig.Log.Warnings), StringComparison.Ordinal);

        // The sessions that exist can still reattach.
        first.Data.Dispose();
        rig.Settle();
        Assert.Equal(RecordResult.Ok, first.ReconnectData());
    }

    [Fact]
    public void Unidentified_connections_have_a_limit()
    {
        using SwitchRig rig = new(options => options.MaxSessions = 2);
        rig.Connect();
        rig.Connect();
        AssertClosed(rig.Connect());
        Assert.Equal(1ul, rig.Switch.Counters.ConnectionsRefused);

        rig.Advance(rig.Options.FirstRecordTimeout * 2);
        Assert.Equal(RecordResult.Ok, rig.Connect().Ask(Records.ConnectControl(0)).Result);
    }

    [Fact]
    public void Who_is_not_admitted_is_closed_at_once_and_takes_no_place()
    {
        bool admits = false;
        int pid = 0;
        using SwitchRig rig = new(
            options => options.MaxSessions = 2,
            client =>
            {
                pid = client.Peer.Pid;
                return admits;
            });
        for (int i = 0; i < 5; i++)
        {
            AssertClosed(rig.Connect());
            Assert.Equal(0, rig.Listener.UnidentifiedCount);
        }

        Assert.Equal(Environment.ProcessId, pid);
        Assert.Equal(5ul, rig.Switch.Counters.ConnectionsRefused);
        Assert.Empty(rig.Log.Warnings);

        admits = true;
        SessionClient session = rig.OpenSession();

        // Each connection is asked about for itself, and those that there are stay.
        admits = false;
        Assert.Equal(RecordResult.Ok, session.BindAll());
        session.Data.Dispose();
        rig.Settle();
        AssertClosed(rig.Connect());
        Assert.Equal(1, rig.Listener.SessionCount);
    }

    private static void AssertClosed(RecordClient client)
    {
        Assert.False(client.TryTake(out _));
        Assert.True(client.IsEnded);
    }
}
