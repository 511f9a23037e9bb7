using XcsSharp.Rings;

namespace XcsSharp.Switching.Tests;

/// <summary>What a turn of the loop does for a channel: signals, offers, deadlines, and the counts of both.</summary>
public sealed class ChannelTurnTests : IDisposable
{
    private readonly SwitchRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_request_for_a_guest_is_signalled_by_itself()
    {
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        FakeGuest guest = _rig.AddGuest(5);
        Assert.True(_rig.Channel(guest).TrySendRequest(subscriber, ControlMessage.Create(MessageType.Debug, 0, 1, [])));
        _rig.Settle();
        Assert.Equal(1, guest.Transport.Notifications);
        Assert.Equal([1], guest.TakeRequests().Select(static request => request.Id));
    }

    [Fact]
    public void An_answer_to_what_was_offered_at_the_end_of_a_turn_is_signalled_too()
    {
        FakeGuest guest = _rig.AddGuest(5);
        guest.Send(MessageType.Console, 1);
        _rig.Settle();
        RecordingSubscriber late = _rig.Attach(new RecordingSubscriber());
        _rig.Settle();
        Assert.Equal([1], late.RequestIds);
        Assert.Equal(AnswerOutcome.Written, late.Answer(0));
        _rig.Settle();
        Assert.Equal(1, guest.Transport.Notifications);
        Assert.Equal([1], guest.TakeAnswers().Select(static answer => answer.Id));
    }

    [Fact]
    public void Before_a_deadline_nothing_wakes_the_loop_and_at_it_the_daemon_answers()
    {
        FakeGuest guest = _rig.AddGuest(5);
        guest.Send(MessageType.Console, 1);
        _rig.Settle();
        _rig.Clock.Advance(_rig.Options.UnboundGrace - TimeSpan.FromMilliseconds(1));
        Assert.False(_rig.Loop.RunOnce(TimeSpan.Zero));
        Assert.Empty(guest.TakeAnswers());
        _rig.Clock.Advance(TimeSpan.FromMilliseconds(2));
        _rig.Settle();
        Assert.Equal([1], guest.TakeAnswers().Select(static answer => answer.Id));
    }

    [Fact]
    public void A_request_that_its_only_receiver_renounces_waits_for_another_as_long_as_one_that_nobody_got()
    {
        FakeGuest guest = _rig.AddGuest(5);
        RecordingSubscriber full = _rig.Attach(new RecordingSubscriber());
        full.WhenRequested = (channel, _, ticket) => channel.Renounce(full, ticket);
        guest.Send(MessageType.Console, 1);
        _rig.Settle();
        _rig.Clock.Advance(_rig.Options.UnboundGrace - TimeSpan.FromMilliseconds(1));
        _rig.Settle();
        Assert.Empty(guest.TakeAnswers());
        _rig.Clock.Advance(TimeSpan.FromMilliseconds(2));
        _rig.Settle();
        Assert.Equal([1], guest.TakeAnswers().Select(static answer => answer.Id));
    }

    [Fact]
    public void An_answer_while_requests_wait_for_room_takes_no_hope_from_the_others()
    {
        FakeGuest guest = _rig.AddGuest(5);
        RecordingSubscriber asker = _rig.Attach(new RecordingSubscriber());
        for (byte id = 1; id <= 10; id++)
        {
            Assert.True(_rig.Channel(guest).TrySendRequest(asker, ControlMessage.Create(MessageType.Debug, 0, id, []), id));
        }

        _rig.Settle();
        guest.AnswerOldest(guest.TakeRequests()[0]);
        guest.Kick();
        _rig.Settle();
        Assert.Equal([1], asker.Responses.Select(static response => response.Id));
        Assert.DoesNotContain(asker.News, static news => news.StartsWith("no answer", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ControlPageLayout.Transmit, ControlPageLayout.RequestProducer, "its request index is impossible")]
    [InlineData(ControlPageLayout.Receive, ControlPageLayout.ResponseProducer, "its response index is impossible")]
    public void A_lie_is_named(int ring, int index, string problem)
    {
        FakeGuest guest = _rig.AddGuest(5);
        guest.Poke(ring, index, 100);
        guest.Kick();
        _rig.Settle();
        Assert.Equal((ChannelState.Quarantined, problem), (_rig.Channel(guest).State, _rig.Channel(guest).Problem));
    }

    [Fact]
    public void A_channel_that_was_put_aside_is_not_touched_when_its_deadlines_come_or_its_domain_goes()
    {
        FakeGuest guest = _rig.AddGuest(5);
        guest.Send(MessageType.Console, 1);
        _rig.Settle();
        guest.Poke(ControlPageLayout.Transmit, ControlPageLayout.RequestProducer, 100);
        guest.Kick();
        _rig.Settle();
        ControlChannel channel = _rig.Channel(guest);
        Assert.Equal((ChannelState.Quarantined, "its request index is impossible"), (channel.State, channel.Problem));

        long drains = _rig.Switch.Counters.MessagesADrain.Counts.Sum();
        int unmasks = _rig.Hypervisor.Unmasks;
        _rig.Clock.Advance(TimeSpan.FromHours(1));
        _rig.Settle();
        _rig.Hypervisor.Remove(guest);
        _rig.Settle();
        Assert.Equal((0UL, 0UL), (channel.Counters.AnsweredByDaemon, channel.Counters.Responses));
        Assert.Equal((drains, unmasks), (_rig.Switch.Counters.MessagesADrain.Counts.Sum(), _rig.Hypervisor.Unmasks));
    }

    [Fact]
    public void All_messages_are_in_the_counts_of_drains_whichever_way_they_went()
    {
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber().Answering());
        FakeGuest guest = _rig.AddGuest(5);
        guest.Send(MessageType.Console, 1);
        guest.Send(MessageType.Console, 2);
        _rig.Settle();
        _rig.Channel(guest).TrySendRequest(subscriber, ControlMessage.Create(MessageType.Debug, 0, 3, []));
        _rig.Settle();
        guest.AnswerOldest(guest.TakeRequests().Single());
        guest.Kick();
        _rig.Settle();
        Assert.Equal((2UL, 1UL), (_rig.Channel(guest).Counters.Requests, _rig.Channel(guest).Counters.ResponsesReceived));
        Assert.Equal(3, _rig.Switch.Counters.MessagesADrain.Sum);
    }
}
