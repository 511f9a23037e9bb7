namespace XcsSharp.Switching.Tests;

public sealed class AnswerTests : IDisposable
{
    private readonly SwitchRig _rig = new();
    private readonly FakeGuest _guest;

    public AnswerTests() => _guest = _rig.AddGuest(5);

    private ControlChannel Channel => _rig.Channel(_guest);

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void The_first_answer_is_written_and_later_ones_are_dropped_and_counted()
    {
        RecordingSubscriber first = _rig.Attach(new RecordingSubscriber());
        RecordingSubscriber second = _rig.Attach(new RecordingSubscriber());
        _guest.Send(MessageType.Console, 1);
        _rig.Settle();

        Assert.Equal(AnswerOutcome.Written, second.Answer(0, 22));
        Assert.Equal(AnswerOutcome.AlreadyAnswered, first.Answer(0, 11));
        Assert.Equal(AnswerOutcome.AlreadyAnswered, second.Answer(0, 33));
        _rig.Settle();

        Assert.Equal([22], Assert.Single(_guest.TakeAnswers()).Data.ToArray());
        Assert.Equal(2ul, _rig.Switch.Counters.AnswersDropped);
    }

    [Fact]
    public void Only_who_was_given_a_request_can_answer_it()
    {
        RecordingSubscriber given = _rig.Attach(new RecordingSubscriber());
        RecordingSubscriber other = _rig.Attach(new RecordingSubscriber(), bindAll: false);
        _guest.Send(MessageType.Console, 1);
        _rig.Settle();
        RequestTicket ticket = given.Requests[0].Ticket;
        ControlMessage answer = ControlMessage.EmptyAnswerTo(given.Requests[0].Message);

        Assert.Equal(AnswerOutcome.Unknown, Channel.Answer(other, ticket, answer));
        Assert.Equal(AnswerOutcome.Unknown, Channel.Answer(given, new RequestTicket(99), answer));
        Assert.Equal(AnswerOutcome.Unknown, Channel.Answer(given, default, answer));
        Assert.Equal(1, Channel.Unanswered);
    }

    [Fact]
    public void Answers_out_of_turn_belong_to_their_own_requests()
    {
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        for (byte id = 0; id < 8; id++)
        {
            _guest.Send(MessageType.Console, id);
        }

        _rig.Settle();
        foreach (int index in (int[])[5, 0, 7, 6, 1, 2, 4, 3])
        {
            Assert.Equal(AnswerOutcome.Written, subscriber.Answer(index, (byte)(100 + index)));
        }

        _rig.Settle();
        List<ControlMessage> answers = _guest.TakeAnswers();
        Assert.Equal([5, 0, 7, 6, 1, 2, 4, 3], answers.Select(answer => answer.Id));
        Assert.All(answers, answer => Assert.Equal(100 + answer.Id, answer.Data[0]));
    }

    [Fact]
    public void A_request_that_nobody_takes_is_kept_for_the_grace_and_then_answered_with_nothing()
    {
        _guest.Send(MessageType.UsbBackEnd, 77, 1, 2, 3);
        _rig.Settle();
        _rig.Advance(_rig.Options.UnboundGrace - TimeSpan.FromMilliseconds(1));
        Assert.Empty(_guest.TakeAnswers());

        _rig.Advance(TimeSpan.FromMilliseconds(2));

        ControlMessage answer = Assert.Single(_guest.TakeAnswers());
        Assert.Equal((MessageType.UsbBackEnd, 77, 0), (answer.Type, answer.Id, (int)answer.Length));
        Assert.Equal(1ul, _rig.Switch.Counters.AnsweredByDaemon);
        Assert.Equal(0, Channel.Unanswered);
    }

    [Fact]
    public void What_nobody_took_is_not_kept_longer_because_somebody_leaves()
    {
        RecordingSubscriber other = _rig.Attach(new RecordingSubscriber(), bindAll: false);
        _rig.Switch.Bind(other, _guest.LocalPort, (ushort)MessageType.Console);
        _guest.Send(MessageType.UsbBackEnd, 77);
        _guest.Send(MessageType.Console, 78);
        _rig.Settle();
        _rig.Advance(_rig.Options.UnboundGrace - TimeSpan.FromSeconds(1));
        _rig.Switch.Detach(other);
        _rig.Settle();
        Assert.Empty(_guest.TakeAnswers());

        _rig.Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal([77], _guest.TakeAnswers().Select(answer => answer.Id));
        _rig.Advance(_rig.Options.UnboundGrace - TimeSpan.FromSeconds(1));
        Assert.Equal([78], _guest.TakeAnswers().Select(answer => answer.Id));
    }

    [Fact]
    public void A_late_subscriber_gets_the_kept_requests_in_order()
    {
        for (byte id = 1; id <= 8; id++)
        {
            _guest.Send(id % 2 == 0 ? MessageType.Console : MessageType.Debug, id);
        }

        _rig.Settle();
        RecordingSubscriber late = _rig.Attach(new RecordingSubscriber().Answering(), bindAll: false);
        _rig.Switch.Bind(late, _guest.LocalPort, (ushort)MessageType.Console);
        Assert.Empty(late.Requests);
        _rig.Settle();
        Assert.Equal([2, 4, 6, 8], late.RequestIds);
        Assert.Equal([2, 4, 6, 8], _guest.TakeAnswers().Select(answer => answer.Id));

        _guest.Send(MessageType.Debug, 9);
        _rig.Switch.Bind(late, ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard);
        _rig.Settle();
        Assert.Equal([2, 4, 6, 8, 1, 3, 5, 7, 9], late.RequestIds);
        Assert.Equal([1, 3, 5, 7, 9], _guest.TakeAnswers().Select(answer => answer.Id));
    }

    [Fact]
    public void A_silent_subscriber_is_answered_for_after_the_timeout()
    {
        RecordingSubscriber silent = _rig.Attach(new RecordingSubscriber());
        _guest.Send(MessageType.Console, 1);
        _rig.Settle();
        _rig.Advance(TimeSpan.FromSeconds(10));
        _guest.Send(MessageType.Console, 2);
        _rig.Settle();
        _rig.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Empty(_guest.TakeAnswers());

        _rig.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal([1], _guest.TakeAnswers().Select(answer => answer.Id));
        Assert.Equal(AnswerOutcome.AlreadyAnswered, silent.Answer(0));

        _rig.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal([2], _guest.TakeAnswers().Select(answer => answer.Id));
    }

    [Fact]
    public void What_only_a_detached_subscriber_owed_goes_to_the_next_that_binds()
    {
        RecordingSubscriber gone = _rig.Attach(new RecordingSubscriber());
        _guest.Send(MessageType.Console, 1);
        _guest.Send(MessageType.Console, 2);
        _rig.Settle();
        gone.Answer(0);
        _rig.Advance(TimeSpan.FromSeconds(12));
        _rig.Switch.Detach(gone);
        _rig.Advance(TimeSpan.FromSeconds(4));

        RecordingSubscriber next = _rig.Attach(new RecordingSubscriber().Answering());
        _rig.Settle();

        Assert.Equal([2], next.RequestIds);
        Assert.Equal([1, 2], _guest.TakeAnswers().Select(answer => answer.Id));
        Assert.Equal(0ul, _rig.Switch.Counters.AnsweredByDaemon);
    }

    [Fact]
    public void What_a_detached_subscriber_owed_alone_is_answered_by_the_daemon_after_the_grace()
    {
        RecordingSubscriber gone = _rig.Attach(new RecordingSubscriber());
        _guest.Send(MessageType.Console, 1);
        _rig.Settle();
        _rig.Switch.Detach(gone);
        _rig.Advance(_rig.Options.UnboundGrace + TimeSpan.FromMilliseconds(1));

        Assert.Single(_guest.TakeAnswers());
        Assert.Equal(AnswerOutcome.AlreadyAnswered, gone.Answer(0));
    }

    [Fact]
    public void What_a_detached_subscriber_shared_stays_with_the_others()
    {
        RecordingSubscriber gone = _rig.Attach(new RecordingSubscriber());
        RecordingSubscriber stays = _rig.Attach(new RecordingSubscriber());
        _guest.Send(MessageType.Console, 1);
        _rig.Settle();
        _rig.Switch.Detach(gone);
        _rig.Settle();
        Assert.Single(stays.Requests);
        Assert.Equal(AnswerOutcome.Written, stays.Answer(0));

        // Both gone: then nobody has it.
        _guest.Send(MessageType.Console, 2);
        _rig.Settle();
        _rig.Switch.Detach(stays);
        RecordingSubscriber next = _rig.Attach(new RecordingSubscriber());
        _rig.Settle();
        Assert.Equal([2], next.RequestIds);
    }

    [Fact]
    public void A_suspended_subscriber_keeps_its_bindings_and_is_offered_again_what_it_owed_alone()
    {
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        _guest.Send(MessageType.Console, 1);
        _rig.Settle();
        _rig.Switch.Suspend(subscriber);
        _guest.Send(MessageType.Console, 2);
        _rig.Settle();
        Assert.Equal([1], subscriber.RequestIds);

        _rig.Switch.Resume(subscriber);
        _rig.Settle();

        Assert.Equal([1, 1, 2], subscriber.RequestIds);
    }

    [Fact]
    public void A_request_that_the_guest_changes_before_it_is_offered_again_is_judged_as_it_is_then()
    {
        _guest.Send(MessageType.Debug, 7);
        _rig.Settle();
        Span<byte> slot = _guest.TransmitSlot(0);
        (slot[0], slot[2], slot[3]) = ((byte)MessageType.Console, 9, 255);
        RecordingSubscriber debugger = _rig.Attach(new RecordingSubscriber().Answering(), bindAll: false);
        RecordingSubscriber console = _rig.Attach(new RecordingSubscriber().Answering(), bindAll: false);
        _rig.Switch.Bind(debugger, _guest.LocalPort, (ushort)MessageType.Debug);
        _rig.Switch.Bind(console, _guest.LocalPort, (ushort)MessageType.Console);
        _rig.Settle();

        Assert.Empty(debugger.Requests);
        Assert.Equal([9], console.RequestIds);
        ControlMessage answer = Assert.Single(_guest.TakeAnswers());
        Assert.Equal((MessageType.Console, (byte)9), (answer.Type, answer.Id));
        Assert.Equal(0, Channel.Unanswered);
    }

    [Fact]
    public void An_idle_switch_has_no_deadline_to_wake_up_for()
    {
        _rig.Attach(new RecordingSubscriber().Answering());
        _guest.Send(MessageType.Console, 1);
        _rig.Settle();

        _rig.Clock.Advance(TimeSpan.FromHours(1));

        Assert.False(_rig.Loop.RunOnce(TimeSpan.Zero));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_has_detached_is_not_told_that_its_request_will_not_be_answered(bool detaches)
    {
        RecordingSubscriber asker = _rig.Attach(new RecordingSubscriber(), bindAll: false);
        Assert.True(Channel.TrySendRequest(asker, ControlMessage.Create(MessageType.Debug, 0, 1, []), 10));
        _rig.Settle();
        _ = Assert.Single(_guest.TakeRequests());
        if (detaches)
        {
            _rig.Switch.Detach(asker);
        }

        asker.News.Clear();
        _guest.AnswerOldest(ControlMessage.Create(MessageType.Console, 0, 77, []));
        _rig.Settle();
        Assert.Equal(detaches ? [] : ["no answer 10"], asker.News);
    }
}
