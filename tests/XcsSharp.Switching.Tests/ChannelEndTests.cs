using XcsSharp.Rings;

namespace XcsSharp.Switching.Tests;

/// <summary>How a channel ends: another takes its place, or its domain is gone.</summary>
public sealed class ChannelEndTests : IDisposable
{
    private readonly SwitchRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_second_offer_replaces_the_channel_after_a_last_look()
    {
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber().Answering());
        FakeGuest guest = _rig.AddGuest(1);
        FakeTransport first = guest.Transport;
        guest.Page.Transmit.TryPutRequest(ControlMessage.Create(MessageType.Console, 0, 1, [1]));
        GuestPage old = guest.Page;
        guest.ReplaceProgram();

        guest.Publish();
        guest.Send(MessageType.Console, 2);
        _rig.Settle();

        Assert.Equal([1, 2], subscriber.RequestIds);
        Assert.True(first.IsDisposed);
        Assert.Equal(
            ["domain 1.1", "opened 1", "closed 1: the guest published a new channel", "opened 1"], subscriber.News);

        // The old page may be somebody else's already: nothing was written to it.
        Assert.Equal(RingRead.Empty, old.Transmit.TryTakeResponse(out _));
        Assert.Equal(0, first.Notifications);
    }

    [Fact]
    public void A_dead_domain_is_read_a_last_time_and_its_successor_starts_anew()
    {
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        FakeGuest dead = _rig.AddGuest(5, "dead");
        GuestDomain life = _rig.Switch.FindByDomid(5)!;
        ControlChannel channel = life.Channel!;
        dead.Page.Transmit.TryPutRequest(ControlMessage.Create(MessageType.Console, 0, 1, [1]));
        _rig.Hypervisor.Remove(dead);

        Assert.Equal([1], subscriber.RequestIds);
        Assert.True(life.IsGone);
        Assert.Null(life.Channel);
        Assert.True(dead.Transport.IsDisposed);
        Assert.Null(_rig.Switch.FindByDomid(5));

        FakeGuest next = _rig.AddGuest(5, "next");
        next.Send(MessageType.Console, 2);
        _rig.Settle();

        // An answer meant for the dead one does not reach its successor.
        Assert.Equal(AnswerOutcome.Unknown, subscriber.Answer(0));
        Assert.Equal(AnswerOutcome.Written, subscriber.Answer(1));
        Assert.False(channel.TrySendRequest(subscriber, default));
        _rig.Settle();
        Assert.Equal([2], next.TakeAnswers().Select(answer => answer.Id));
        Assert.Equal(2ul, _rig.Switch.FindByDomid(5)!.Generation);
        Assert.Equal(
            [
                "domain 5.1", "opened 5", "closed 5: the domain is gone", "gone 5.1", "domain 5.2", "opened 5",
            ],
            subscriber.News);
    }

    /// <summary>The page may be its successor's already: it is read, and nothing is put there.</summary>
    [Fact]
    public void In_the_last_look_nothing_is_sent_and_nothing_answered()
    {
        FakeGuest guest = _rig.AddGuest(5);
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        ControlChannel channel = _rig.Channel(guest);
        for (byte id = 0; id < 10; id++)
        {
            Assert.True(channel.TrySendRequest(subscriber, ControlMessage.Create(MessageType.Debug, 0, id, [])));
        }

        _rig.Settle();
        Assert.Equal([8, 9], channel.WaitingRequests.Select(static request => request.Id));
        guest.Page.Receive.PutResponse(0, guest.TakeRequests()[0]);
        guest.Page.Transmit.TryPutRequest(ControlMessage.Create(MessageType.Console, 0, 1, []));
        int notifies = guest.Transport.Notifications;
        List<object> outcomes = [];
        subscriber.WhenRequested = (_, request, ticket) =>
        {
            outcomes.Add(channel.Answer(subscriber, ticket, request));
            outcomes.Add(channel.TrySendRequest(subscriber, request));
        };
        _rig.Switch.OnTransportWithdrawn(5, "its program ended");

        Assert.Equal([AnswerOutcome.Unknown, false], outcomes);
        Assert.Single(subscriber.Responses);
        Assert.Equal((8UL, 0UL, notifies), (channel.Counters.RequestsSent, channel.Counters.Responses, guest.Transport.Notifications));
        Assert.Empty(channel.WaitingRequests);
        Assert.Equal(0, channel.Unanswered);
    }

    [Fact]
    public void A_guest_that_lies_and_is_gone_is_gone()
    {
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        FakeGuest guest = _rig.AddGuest(5);
        guest.Poke(ControlPageLayout.Transmit, ControlPageLayout.RequestProducer, 100);
        _rig.Hypervisor.Remove(guest);
        _rig.Settle();
        Assert.Equal(["domain 5.1", "opened 5", "closed 5: the domain is gone", "gone 5.1"], subscriber.News);
        Assert.Equal(0ul, _rig.Switch.Counters.Quarantines);
    }

    [Fact]
    public void What_a_guest_that_is_gone_was_owed_wakes_nobody()
    {
        _ = _rig.Attach(new RecordingSubscriber());
        FakeGuest guest = _rig.AddGuest(5);
        guest.Send(MessageType.Console, 1);
        _rig.Settle();
        _rig.Hypervisor.Remove(guest);
        _rig.Settle();
        _rig.Clock.Advance(TimeSpan.FromHours(1));
        Assert.False(_rig.Loop.RunOnce(TimeSpan.Zero));
    }
}
