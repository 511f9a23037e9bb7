namespace XcsSharp.Switching.Tests;

/// <summary>Who gets what is never remembered longer than it is true: between two messages, and in the middle of one.</summary>
public sealed class ChangingRouteTests : IDisposable
{
    private static readonly string[] s_changes = ["binds", "unbinds", "detaches", "is suspended", "resumes"];

    private readonly SwitchRig _rig = new();
    private readonly List<RecordingSubscriber> _subscribers = [];

    /// <summary>Each two of the changes, in both orders.</summary>
    public static TheoryData<string, string> Pairs
        => new(from one in s_changes from other in s_changes where one != other select (one, other));

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_virtual_interrupt_is_given_back_by_the_last_who_asked_and_can_be_asked_for_again()
    {
        RecordingSubscriber one = _rig.Attach(new RecordingSubscriber());
        RecordingSubscriber other = _rig.Attach(new RecordingSubscriber());
        Assert.True(_rig.Switch.TryBindVirq(one, 3, out int port));
        Assert.True(_rig.Switch.TryBindVirq(one, 3, out int again));
        Assert.True(_rig.Switch.TryBindVirq(other, 3, out int shared));
        Assert.Equal((port, port), (again, shared));
        _rig.Switch.Detach(one);
        Assert.Equal([(3, port)], _rig.Hypervisor.Virqs);
        _rig.Switch.Detach(other);
        Assert.Empty(_rig.Hypervisor.Virqs);
        Assert.False(_rig.Switch.NotifyVirq(port));

        RecordingSubscriber next = _rig.Attach(new RecordingSubscriber());
        Assert.True(_rig.Switch.TryBindVirq(next, 3, out int anew));
        Assert.NotEqual(port, anew);
        Assert.Equal([(3, anew)], _rig.Hypervisor.Virqs);
        _rig.Switch.Dispose();
        Assert.Empty(_rig.Hypervisor.Virqs);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void What_changed_between_two_messages_counts_for_the_second(string one, string other)
    {
        FakeGuest guest = _rig.AddGuest(5);
        foreach (string change in (string[])[one, other])
        {
            RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber(change), bindAll: change != "binds");
            if (change == "resumes")
            {
                _rig.Switch.Suspend(subscriber);
            }

            _subscribers.Add(subscriber);
        }

        guest.Send(MessageType.Console, 1);
        _rig.Settle();
        Assert.All(_subscribers, subscriber => Assert.Equal(!Gains(subscriber), subscriber.RequestIds.Contains((byte)1)));

        _subscribers.ForEach(Change);
        guest.Send(MessageType.Console, 2);
        _rig.Settle();
        Assert.All(_subscribers, subscriber => Assert.Equal(Gains(subscriber), subscriber.RequestIds.Contains((byte)2)));
    }

    [Fact]
    public void Who_is_suspended_or_gone_in_the_middle_of_a_delivery_is_passed_over_and_the_rest_is_not()
    {
        FakeGuest guest = _rig.AddGuest(5);
        RecordingSubscriber[] all = AttachFour();
        Action change = ChangeTwo(all);
        all[0].WhenRequested = (_, _, _) => change();
        guest.Send(MessageType.Console, 1);
        _rig.Settle();
        Assert.Equal([1, 0, 0, 1], all.Select(static subscriber => subscriber.Requests.Count));
    }

    [Fact]
    public void So_it_is_with_a_response()
    {
        FakeGuest guest = _rig.AddGuest(5);
        RecordingSubscriber[] all = AttachFour();
        Action change = ChangeTwo(all);
        all[0].WhenResponded = _ => change();
        Assert.True(_rig.Channel(guest).TrySendRequest(all[0], ControlMessage.Create(MessageType.Console, 0, 7, [])));
        _rig.Settle();
        guest.AnswerOldest(Assert.Single(guest.TakeRequests()));
        _rig.Settle();
        Assert.Equal([1, 0, 0, 1], all.Select(static subscriber => subscriber.Responses.Count));
    }

    [Fact]
    public void So_it_is_with_a_virtual_interrupt()
    {
        RecordingSubscriber[] all = AttachFour();
        Action change = ChangeTwo(all);
        all[0].WhenInterrupted = change;
        Assert.True(_rig.Switch.TryBindVirq(all[0], 3, out int port));
        _rig.Hypervisor.RaiseVirq(port);
        _rig.Settle();
        Assert.Equal([1, 0, 0, 1], all.Select(static subscriber => subscriber.Virqs.Count));
    }

    /// <summary>News come to the suspended, too.</summary>
    [Fact]
    public void Who_is_gone_in_the_middle_of_news_is_told_nothing_more()
    {
        RecordingSubscriber[] all = AttachFour();
        all[0].WhenTold = ChangeTwo(all);
        _ = _rig.AddDomain(5);
        Assert.Equal([1, 1, 0, 1], all.Select(static subscriber => subscriber.News.Count));
        _ = _rig.AddDomain(6);
        Assert.Equal([2, 2, 0, 2], all.Select(static subscriber => subscriber.News.Count));
    }

    [Fact]
    public void Who_comes_again_was_never_suspended()
    {
        FakeGuest guest = _rig.AddGuest(5);
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        _rig.Switch.Suspend(subscriber);
        _rig.Switch.Detach(subscriber);
        _rig.Attach(subscriber);
        guest.Send(MessageType.Console, 1);
        _rig.Settle();
        Assert.Equal([1], subscriber.RequestIds);
    }

    /// <summary>A table that grew would have to be made anew for ports that are new to it, and not for those it has had.</summary>
    [Fact]
    public void Bindings_that_were_taken_back_take_no_memory()
    {
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber(), bindAll: false);
        BindAndUnbind(1, 1000);
        long fresh = BindAndUnbind(1000, 50_000);
        long again = BindAndUnbind(1000, 50_000);
        Assert.InRange(fresh - again, long.MinValue, 100_000);

        long BindAndUnbind(int from, int to)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int port = from; port < to; port++)
            {
                Assert.True(_rig.Switch.Bind(subscriber, port, 0));
                _rig.Switch.Unbind(subscriber, port, 0);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static bool Gains(RecordingSubscriber subscriber) => subscriber.Name is "binds" or "resumes";

    private void Change(RecordingSubscriber subscriber)
    {
        switch (subscriber.Name)
        {
            case "binds":
                Assert.True(_rig.Switch.Bind(subscriber, ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard));
                break;
            case "unbinds":
                _rig.Switch.Unbind(subscriber, ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard);
                break;
            case "detaches":
                _rig.Switch.Detach(subscriber);
                break;
            case "is suspended":
                _rig.Switch.Suspend(subscriber);
                break;
            case "resumes":
                _rig.Switch.Resume(subscriber);
                break;
        }
    }

    private RecordingSubscriber[] AttachFour() => [.. Enumerable.Range(0, 4).Select(i => _rig.Attach(new RecordingSubscriber($"subscriber {i}")))];

    /// <summary>The second is suspended, the third detached.</summary>
    private Action ChangeTwo(RecordingSubscriber[] subscribers) => () =>
    {
        _rig.Switch.Suspend(subscribers[1]);
        _rig.Switch.Detach(subscribers[2]);
    };
}
