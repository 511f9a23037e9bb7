using System.Runtime.CompilerServices;

namespace XcsSharp.Switching.Tests;

public sealed class SessionTests : IDisposable
{
    private readonly SwitchRig _rig = new();
    private readonly SessionClient _session;
    private readonly FakeGuest _guest;

    public SessionTests()
    {
        _session = _rig.OpenSession();
        _session.BindAll();
        _guest = _rig.AddGuest(5);
    }

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Either_connection_may_drop_and_come_back_while_the_other_stays()
    {
        _session.Data.Dispose();
        _rig.Settle();
        _rig.Advance(TimeSpan.FromHours(1));
        Assert.Equal(RecordResult.Ok, _session.ReconnectData());
        _session.Control.Dispose();
        _rig.Settle();
        _rig.Advance(TimeSpan.FromHours(1));
        Assert.Equal(RecordResult.Ok, _session.ReconnectControl());

        _guest.Send(MessageType.Console, 1);
        _rig.Settle();
        Assert.Single(_session.Data.TakeAll());
    }

    [Fact]
    public void A_client_may_drop_and_reconnect_at_once()
    {
        // Without a turn of the loop in between: the end of the old and the greeting of the new are both waiting.
        for (int i = 0; i < 20; i++)
        {
            _session.Control.Dispose();
            Assert.Equal(RecordResult.Ok, _session.ReconnectControl());
            _session.Data.Dispose();
            Assert.Equal(RecordResult.Ok, _session.ReconnectData());
        }
    }

    [Fact]
    public void A_session_survives_the_window_and_no_longer()
    {
        _session.Dispose();
        _rig.Settle();
        _rig.Advance(_rig.Options.SessionWindow - TimeSpan.FromMilliseconds(1));
        Assert.Equal(RecordResult.Ok, _session.ReconnectControl());
        _rig.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(RecordResult.Ok, _session.ReconnectData());
        _guest.Send(MessageType.Console, 1);
        _rig.Settle();
        Assert.Single(_session.Data.TakeAll());

        // The window counts from when the second of them is gone.
        _session.Data.Dispose();
        _rig.Settle();
        _rig.Advance(TimeSpan.FromMinutes(1));
        _session.Control.Dispose();
        _rig.Settle();
        _rig.Advance(_rig.Options.SessionWindow + TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, _rig.Listener.SessionCount);
        Assert.Equal(RecordResult.BadSession, _session.ReconnectControl());
    }

    [Fact]
    public void Responses_are_not_queued_for_a_client_that_is_away()
    {
        _session.Data.Dispose();
        _rig.Settle();
        RecordingSubscriber other = _rig.Attach(new RecordingSubscriber());
        _rig.Channel(_guest).TrySendRequest(other, ControlMessage.Create(MessageType.Debug, 0, 1, []));
        _rig.Settle();
        _guest.AnswerOldest(Assert.Single(_guest.TakeRequests()));
        _guest.Send(MessageType.Console, 1);
        _rig.Settle();
        Assert.Single(other.Responses);
        Assert.Single(other.Requests);

        Assert.Equal(RecordResult.Ok, _session.ReconnectData());

        // The other has the request; the response is past.
        Assert.Empty(_session.Data.TakeAll());
    }

    [Fact]
    public void Requests_that_nobody_else_got_are_offered_again_when_the_client_comes_back()
    {
        _guest.Send(MessageType.Console, 1);
        _rig.Settle();
        Assert.Single(_session.Data.TakeAll());
        _session.Data.Dispose();
        _rig.Settle();
        _guest.Send(MessageType.Console, 2);
        _rig.Settle();

        Assert.Equal(RecordResult.Ok, _session.ReconnectData());
        _rig.Settle();

        List<XcsRecord> requests = _session.Data.TakeAll();
        Assert.Equal([1, 2], requests.Select(record => record.Message.Id));
        requests.ForEach(request => _session.Data.Send(Records.Response(request, 9)));
        _rig.Settle();
        Assert.Equal([1, 2], _guest.TakeAnswers().Select(answer => answer.Id));
    }

    [Fact]
    public void What_was_delivered_on_a_lost_connection_is_not_answered_on_the_next()
    {
        RecordingSubscriber other = _rig.Attach(new RecordingSubscriber());
        _guest.Send(MessageType.Console, 255, 1);
        _rig.Settle();
        _session.Data.Dispose();
        _rig.Settle();
        Assert.Equal(RecordResult.Ok, _session.ReconnectData());
        _guest.Send(MessageType.Console, 255, 2);
        _rig.Settle();

        // The client answers what it sees; the other still owes the first.
        _session.Data.Send(Records.Response(Assert.Single(_session.Data.TakeAll()), 102));
        _rig.Settle();
        Assert.Equal([102], Assert.Single(_guest.TakeAnswers()).Data.ToArray());
        Assert.Equal(AnswerOutcome.Written, other.Answer(0, 201));
        Assert.Equal(AnswerOutcome.AlreadyAnswered, other.Answer(1, 202));
    }

    [Fact]
    public void A_client_that_vanishes_with_answers_owed_does_not_hold_the_guest()
    {
        for (byte id = 0; id < 8; id++)
        {
            _guest.Send(MessageType.Console, id);
        }

        _rig.Settle();
        _session.Dispose();
        _rig.Settle();
        _rig.Advance(_rig.Options.UnboundGrace + TimeSpan.FromMilliseconds(1));
        Assert.Equal(8, _guest.TakeAnswers().Count);
    }

    [Fact]
    public void What_a_session_was_given_of_a_domain_that_is_gone_takes_no_memory()
    {
        WeakReference channel = ServeAndRemove();
        GC.Collect();
        Assert.False(channel.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference ServeAndRemove()
        {
            FakeGuest guest = _rig.AddGuest(77);
            guest.Send(MessageType.Console, 1);
            _rig.Settle();
            Assert.Equal(RecordType.Request, Assert.Single(_session.Data.TakeAll()).Type);
            WeakReference served = new(_rig.Channel(guest));
            _rig.Hypervisor.Remove(guest);
            _rig.Settle();
            return served;
        }
    }

    [Fact]
    public void A_client_that_vanishes_inside_a_record_changes_nothing_for_the_others()
    {
        SessionClient vanishing = _rig.OpenSession();
        XcsRecord record = Records.Request(5, MessageType.Console, 1, 1);
        vanishing.Data.SendBytes(XcsRecord.Bytes(in record)[..40]);
        vanishing.Control.SendBytes(XcsRecord.Bytes(in record)[..79]);
        RecordClient unidentified = _rig.Connect();
        unidentified.SendBytes(XcsRecord.Bytes(in record)[..10]);
        _rig.Settle();
        vanishing.Dispose();
        unidentified.Dispose();
        _guest.Send(MessageType.Console, 7);
        _rig.Settle();

        Assert.Equal(7, Assert.Single(_session.Data.TakeAll()).Message.Id);
        Assert.Empty(_guest.TakeRequests());
        Assert.Equal(0, _rig.Listener.UnidentifiedCount);
        _rig.Advance(_rig.Options.SessionWindow);
        Assert.Equal(1, _rig.Listener.SessionCount);
    }

    [Fact]
    public void A_session_that_does_not_read_is_closed_at_its_limit_while_a_healthy_one_gets_everything()
    {
        using SwitchRig rig = new(options => options.SessionQueueBytes = 64 * 1024);
        SessionClient slow = rig.OpenSession();
        SessionClient healthy = rig.OpenSession();
        slow.BindAll();
        healthy.BindAll();
        FakeGuest guest = rig.AddGuest(5);
        int sent = 0;
        for (; rig.Switch.Counters.SlowSessionsClosed == 0; sent++)
        {
            Assert.InRange(sent, 0, 20_000);
            guest.Send(MessageType.Console, (byte)sent, BitConverter.GetBytes(sent));
            rig.Settle();

            // The healthy one has it in the very turn in which it was sent.
            XcsRecord request = healthy.Data.Take();
            Assert.Equal(sent, BitConverter.ToInt32(request.Message.Data));
            healthy.Data.Send(Records.Response(request));
            rig.Settle();
            Assert.Single(guest.TakeAnswers());
        }

        Assert.InRange(sent, 64 * 1024 / 80, 20_000);
        Assert.Equal(1, rig.Listener.SessionCount);
        Assert.Contains("SessionQueueBytes", Assert.Single(rig.Log.Warnings), StringComparison.Ordinal);
        Assert.Equal(0ul, rig.Switch.Counters.AnsweredByDaemon);
        slow.Control.TakeAll();
        Assert.True(slow.Control.IsEnded);
    }

    [Fact]
    public void A_client_that_asks_and_never_reads_the_replies_is_closed_at_the_limit()
    {
        using SwitchRig rig = new(options => options.SessionQueueBytes = 64 * 1024);
        SessionClient client = rig.OpenSession();
        for (int i = 0; rig.Listener.SessionCount > 0; i++)
        {
            Assert.InRange(i, 0, 20_000);
            XcsRecord echo = new() { Type = (RecordType)99 };
            client.Control.Socket.Send(XcsRecord.Bytes(in echo));
            rig.Settle();
        }

        Assert.Equal(1ul, rig.Switch.Counters.SlowSessionsClosed);
    }

    [Fact]
    public void Stopping_the_listener_ends_all_sessions()
    {
        RecordClient unidentified = _rig.Connect();
        _rig.Listener.Dispose();
        Assert.Equal(0, _rig.Listener.SessionCount);
        _session.Control.TakeAll();
        _session.Data.TakeAll();
        unidentified.TakeAll();
        Assert.True(_session.Control.IsEnded && _session.Data.IsEnded && unidentified.IsEnded);
    }
}
