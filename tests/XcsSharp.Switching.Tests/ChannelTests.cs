using Microsoft.Extensions.Logging;

using XcsSharp.Rings;

namespace XcsSharp.Switching.Tests;

public sealed class ChannelTests : IDisposable
{
    private readonly SwitchRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void B09_Requests_that_wait_at_attach_are_delivered()
    {
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber().Answering());
        FakeGuest guest = _rig.AddDomain(5);
        guest.Page.Transmit.TryPutRequest(ControlMessage.Create(MessageType.Console, 0, 1, [1]));
        guest.Page.Transmit.TryPutRequest(ControlMessage.Create(MessageType.Console, 0, 2, [2]));

        guest.Publish();
        Assert.Equal(["domain 5.1", "opened 5"], subscriber.News);
        _rig.Settle();

        Assert.Equal([1, 2], subscriber.RequestIds);
        Assert.Equal([1, 2], guest.TakeAnswers().Select(answer => answer.Id));
    }

    [Fact]
    public void A_stopped_daemon_leaves_unanswered_requests_to_the_next_one()
    {
        FakeGuest guest = _rig.AddGuest(5);
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        guest.Send(MessageType.Console, 1);
        guest.Send(MessageType.Console, 2);
        guest.Send(MessageType.Console, 3);
        _rig.Settle();
        subscriber.Answer(1);
        _rig.Switch.Dispose();
        Assert.True(guest.Transport.IsDisposed);

        using ControllerPage next = new(guest.MapPage());

        Assert.Equal(RingRead.Message, next.Transmit.TryTakeRequest(out ControlMessage first));
        Assert.Equal(RingRead.Message, next.Transmit.TryTakeRequest(out ControlMessage second));
        Assert.Equal(RingRead.Empty, next.Transmit.TryTakeRequest(out _));
        Assert.Equal([1, 3], [first.Id, second.Id]);
    }

    [Fact]
    public void The_guest_is_notified_once_for_a_drain_and_not_at_all_for_nothing()
    {
        _rig.Attach(new RecordingSubscriber().Answering());
        FakeGuest guest = _rig.AddGuest(5);
        Assert.Equal(0, guest.Transport.Notifications);
        for (byte id = 0; id < 8; id++)
        {
            guest.Send(MessageType.Console, id);
        }

        _rig.Settle();
        Assert.Equal(1, guest.Transport.Notifications);

        guest.Kick();
        _rig.Settle();
        Assert.Equal(1, guest.Transport.Notifications);
    }

    [Fact]
    public void Answers_and_requests_of_one_turn_cost_one_notify()
    {
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        FakeGuest guest = _rig.AddGuest(5);
        guest.Send(MessageType.Console, 1);
        guest.Send(MessageType.Console, 2);
        _rig.Settle();

        subscriber.Answer(0);
        subscriber.Answer(1);
        _rig.Channel(guest).TrySendRequest(subscriber, ControlMessage.Create(MessageType.Console, 0, 1, []));
        Assert.Equal(0, guest.Transport.Notifications);
        _rig.Settle();

        Assert.Equal(1, guest.Transport.Notifications);
        Assert.Equal(1ul, _rig.Channel(guest).Counters.Notifies);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_guest_is_told_of_what_a_killed_daemon_put_into_its_rings_without_a_signal(bool isAnswer)
    {
        FakeGuest guest = _rig.AddDomain(5);
        using (ControllerPage killed = new(guest.MapPage()))
        {
            if (isAnswer)
            {
                guest.Page.Transmit.TryPutRequest(ControlMessage.Create(MessageType.Console, 0, 1, []));
                killed.Transmit.TryTakeRequest(out ControlMessage request);
                killed.Transmit.PutResponse(0, ControlMessage.EmptyAnswerTo(request));
            }
            else
            {
                killed.Receive.TryPutRequest(ControlMessage.Create(MessageType.Console, 0, 1, []));
            }
        }

        guest.Publish();
        _rig.Settle();
        Assert.Equal(1, guest.Transport.Notifications);
    }

    [Fact]
    public void A_guest_that_refills_its_ring_while_it_is_read_waits_for_its_turn()
    {
        FakeGuest busy = _rig.AddGuest(1);
        FakeGuest modest = _rig.AddGuest(2);
        List<uint> order = [];
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        int left = 100;
        subscriber.WhenRequested = (channel, request, ticket) =>
        {
            order.Add(channel.Domain.Domid);
            channel.Answer(subscriber, ticket, request);
            if (channel.Domain.Domid == 1 && left-- > 0)
            {
                busy.TakeAnswers();
                busy.Page.Transmit.TryPutRequest(request);
            }
        };
        busy.Send(MessageType.Console, 1);
        modest.Send(MessageType.Console, 2);

        _rig.Settle();

        Assert.Equal(102, order.Count);
        Assert.InRange(order.IndexOf(2), 1, 32);
    }

    [Fact]
    public void A_guest_that_never_stops_asking_still_gets_its_responses_through()
    {
        FakeGuest guest = _rig.AddGuest(1);
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        int left = 1000;
        int seenBefore = 0;
        subscriber.WhenRequested = (channel, request, ticket) =>
        {
            channel.Answer(subscriber, ticket, request);
            seenBefore += subscriber.Responses.Count == 0 ? 1 : 0;
            if (left-- > 0)
            {
                guest.TakeAnswers();
                guest.Page.Transmit.TryPutRequest(request);
            }
        };
        _rig.Channel(guest).TrySendRequest(subscriber, ControlMessage.Create(MessageType.Console, 0, 1, [3]));
        _rig.Settle();
        guest.AnswerOldest(Assert.Single(guest.TakeRequests()));
        guest.Send(MessageType.Console, 1);
        _rig.Settle();

        Assert.Single(subscriber.Responses);
        Assert.InRange(seenBefore, 1, 32);
    }

    [Theory]
    [InlineData(ControlPageLayout.Transmit, ControlPageLayout.RequestProducer, 9u)]
    [InlineData(ControlPageLayout.Transmit, ControlPageLayout.RequestProducer, 0xffffffffu)]
    [InlineData(ControlPageLayout.Receive, ControlPageLayout.ResponseProducer, 1u)]
    [InlineData(ControlPageLayout.Receive, ControlPageLayout.ResponseProducer, 100000u)]
    public void B13_A_guest_that_lies_is_put_aside_and_others_are_not_affected(int direction, int index, uint value)
    {
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        FakeGuest liar = _rig.AddGuest(1);
        FakeGuest honest = _rig.AddGuest(2);
        liar.Poke(direction, index, value);
        honest.Send(MessageType.Console, 7);
        _rig.Settle();

        ControlChannel channel = _rig.Channel(liar);
        Assert.Equal(ChannelState.Quarantined, channel.State);
        Assert.NotNull(channel.Problem);
        Assert.Contains($"closed 1: {channel.Problem}", subscriber.News);
        Assert.Contains("put aside", Assert.Single(_rig.Log.Warnings), StringComparison.Ordinal);
        Assert.Equal([7], subscriber.RequestIds);
        Assert.Equal(1ul, _rig.Switch.Counters.Quarantines);
        Assert.False(channel.TrySendRequest(subscriber, default));

        // Nothing more is looked at, and its port goes to sleep.
        int unmasks = _rig.Hypervisor.Unmasks;
        for (int i = 0; i < 10; i++)
        {
            liar.Poke(direction, index, 0);
            _rig.Settle();
        }

        Assert.Equal(unmasks, _rig.Hypervisor.Unmasks);
        Assert.Single(_rig.Log.Warnings);
        Assert.Equal(1, subscriber.News.Count(news => news.StartsWith("closed 1", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_new_program_of_the_guest_ends_the_quarantine()
    {
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        FakeGuest guest = _rig.AddGuest(1);
        guest.Poke(ControlPageLayout.Transmit, ControlPageLayout.RequestProducer, 100);
        _rig.Settle();
        ControlChannel aside = _rig.Channel(guest);
        FakeTransport transport = guest.Transport;

        guest.ReplaceProgram();
        guest.Publish();
        guest.Send(MessageType.Console, 3);
        _rig.Settle();

        Assert.True(transport.IsDisposed);
        Assert.Equal(ChannelState.Closed, aside.State);
        Assert.Equal(["domain 1.1", "opened 1", $"closed 1: {aside.Problem}", "opened 1"], subscriber.News);
        Assert.Equal(ChannelState.Open, _rig.Channel(guest).State);
        Assert.Equal([3], subscriber.RequestIds);
    }

    [Fact]
    public void A_message_that_is_answered_at_once_costs_no_further_turn_of_the_loop_and_a_binding_to_nothing_none()
    {
        FakeGuest guest = _rig.AddGuest(5);
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber().Answering());
        guest.Send(MessageType.Console, 1);
        Assert.True(_rig.Deliver());
        Assert.Equal(1, guest.Transport.Notifications);
        Assert.False(_rig.Loop.RunOnce(TimeSpan.Zero));

        Assert.True(_rig.Switch.Bind(subscriber, guest.LocalPort, (ushort)MessageType.Console));
        Assert.False(_rig.Loop.RunOnce(TimeSpan.Zero));
    }

    [Fact]
    public void What_passes_is_counted_for_the_channel_and_for_all()
    {
        FakeGuest guest = _rig.AddGuest(5);
        FakeGuest other = _rig.AddGuest(6);
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        ControlChannel channel = _rig.Channel(guest);
        guest.Send(MessageType.Console, 1);
        guest.Send(MessageType.Console, 2);
        other.Send(MessageType.Console, 3);
        Assert.True(channel.TrySendRequest(subscriber, ControlMessage.Create(MessageType.Debug, 0, 7, [])));
        _rig.Settle();
        subscriber.Answer(0);
        guest.AnswerOldest(Assert.Single(guest.TakeRequests()));
        _rig.Advance(_rig.Options.ResponseTimeout + TimeSpan.FromMilliseconds(1));

        ChannelCounters one = channel.Counters;
        SwitchCounters all = _rig.Switch.Counters;
        Assert.Equal((2UL, 2UL, 1UL, 1UL, 1UL), (one.Requests, one.Responses, one.AnsweredByDaemon, one.RequestsSent, one.ResponsesReceived));
        Assert.Equal((3UL, 3UL, 2UL, 1UL, 1UL), (all.Requests, all.Responses, all.AnsweredByDaemon, all.RequestsSent, all.ResponsesReceived));
        Assert.Equal((ulong)guest.Transport.Notifications, one.Notifies);
    }

    [Fact]
    public void A_withdrawn_transport_leaves_the_domain()
    {
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        FakeGuest guest = _rig.AddGuest(5);
        guest.Page.Transmit.TryPutRequest(ControlMessage.Create(MessageType.Console, 0, 1, [1]));
        _rig.Switch.OnTransportWithdrawn(5, "its program ended");

        Assert.Equal([1], subscriber.RequestIds);
        Assert.Contains("closed 5: its program ended", subscriber.News);
        Assert.Null(_rig.Switch.FindByDomid(5)!.Channel);
        Assert.True(guest.Transport.IsDisposed);
    }

    [Fact]
    public void What_was_refused_is_known_until_something_is_served()
    {
        _rig.AddDomain(5);
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        _rig.Switch.OnTransportRefused(5, "its magic is wrong");
        Assert.Equal("its magic is wrong", _rig.Switch.FindByDomid(5)!.Refusal);

        Assert.Equal(OpenFailure.None, _rig.Switch.OpenInterface(subscriber, 5, 0, 1, out _));

        Assert.Null(_rig.Switch.FindByDomid(5)!.Refusal);
        Assert.Equal((1UL, 1UL), (_rig.Switch.FindByDomid(5)!.Refusals, _rig.Switch.Counters.Refusals));
    }

    [Fact]
    public void A_subscriber_may_close_the_channel_while_it_is_drained()
    {
        FakeGuest guest = _rig.AddDomain(5);
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        Assert.Equal(OpenFailure.None, _rig.Switch.OpenInterface(subscriber, 5, 0, 1, out _));
        subscriber.WhenRequested = (_, _, _) => _rig.Switch.CloseInterface(subscriber, 5);
        guest.Send(MessageType.Console, 1);
        guest.Send(MessageType.Console, 2);
        _rig.Settle();

        Assert.Equal([1], subscriber.RequestIds);
        Assert.True(guest.Transport.IsDisposed);

        // Neither was answered: whoever opens it next takes both.
        subscriber.WhenRequested = null;
        _rig.Switch.OpenInterface(subscriber, 5, 0, 1, out _);
        _rig.Settle();
        Assert.Equal([1, 1, 2], subscriber.RequestIds);
    }

    [Fact]
    public void An_offer_for_a_domain_that_does_not_exist_is_given_back()
    {
        FakeGuest guest = _rig.AddGuest(5);
        _rig.Hypervisor.Remove(guest);
        guest.Publish();
        Assert.True(guest.Transport.IsDisposed);
        Assert.Single(_rig.Log.Warnings);
    }

    [Fact]
    public void Domains_are_found_by_name_also_when_names_are_not_unique()
    {
        _rig.AddDomain(9, "web");
        _rig.AddDomain(3, "web");
        _rig.AddDomain(4, "db");
        Assert.Equal([3u, 9u], _rig.Switch.FindByName("web").Select(domain => domain.Domid));
        Assert.Empty(_rig.Switch.FindByName("mail"));
        _rig.Switch.OnDomainAppeared(4, "database", Guid.Empty);
        Assert.Equal(1ul, Assert.Single(_rig.Switch.FindByName("database")).Generation);
    }

    [Fact]
    public void Of_many_domains_at_the_start_the_first_are_named_in_the_log_and_one_that_comes_later_is()
    {
        using SwitchRig rig = new();
        for (uint domid = 1; domid <= 40; domid++)
        {
            rig.Hypervisor.AddUnreported(domid);
        }

        using ControlSwitch another = new(rig.Loop, rig.Hypervisor, rig.Options, new Logger<ControlSwitch>(rig.Log));
        another.Start();
        Assert.Equal(40, another.Domains.Count);
        Assert.Equal(32, rig.Log.Lines.Count(static line => line.Line.EndsWith("appeared", StringComparison.Ordinal)));
        another.OnDomainAppeared(41, "late", Guid.Empty);
        Assert.Contains("late", rig.Log.Lines[^1].Line, StringComparison.Ordinal);
    }
}
