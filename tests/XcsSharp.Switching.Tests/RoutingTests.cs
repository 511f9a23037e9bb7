namespace XcsSharp.Switching.Tests;

public sealed class RoutingTests : IDisposable
{
    private readonly SwitchRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_request_reaches_the_four_levels_of_binding_in_order()
    {
        FakeGuest guest = _rig.AddGuest(5);
        List<string> order = [];
        BindNamed("rest", ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard);
        BindNamed("type", ProtocolLimits.PortWildcard, 3);
        BindNamed("port", guest.LocalPort, ProtocolLimits.TypeWildcard);
        BindNamed("exact, second", guest.LocalPort, 3);
        BindNamed("exact, third", guest.LocalPort, 3);
        BindNamed("other type", guest.LocalPort, 4);
        BindNamed("other port", guest.LocalPort + 1, 3);

        guest.Send(MessageType.NetBackEnd, 1);
        _rig.Settle();

        Assert.Equal(["exact, second", "exact, third", "port", "type", "rest"], order);

        void BindNamed(string name, int port, ushort type)
        {
            RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber(name), bindAll: false);
            subscriber.WhenRequested = (_, _, _) => order.Add(name);
            _rig.Switch.Bind(subscriber, port, type);
        }
    }

    [Fact]
    public void B18_Overlapping_bindings_give_one_copy()
    {
        FakeGuest guest = _rig.AddGuest(5);
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        _rig.Switch.Bind(subscriber, guest.LocalPort, 0);
        _rig.Switch.Bind(subscriber, guest.LocalPort, ProtocolLimits.TypeWildcard);
        _rig.Switch.Bind(subscriber, ProtocolLimits.PortWildcard, 0);

        guest.Send(MessageType.Console, 1);
        _rig.Settle();

        Assert.Single(subscriber.Requests);
    }

    [Fact]
    public void B16_Keys_that_collided_in_the_original_are_apart()
    {
        // (16, 0) and (17, 11) were one bucket; the second bind delivered nothing, its unbind killed the first.
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber(), bindAll: false);
        FakeGuest first = _rig.AddGuest(1);
        FakeGuest second = _rig.AddGuest(2);
        Assert.Equal([16, 17], [first.LocalPort, second.LocalPort]);
        _rig.Switch.Bind(subscriber, 16, 0);
        _rig.Switch.Bind(subscriber, 17, 11);

        first.Send(MessageType.Console, 1);
        second.Send(MessageType.Debug, 2);
        _rig.Settle();
        _rig.Switch.Unbind(subscriber, 17, 11);
        first.Send(MessageType.Console, 3);
        second.Send(MessageType.Debug, 4);
        _rig.Settle();

        Assert.Equal([1, 2, 3], subscriber.RequestIds);
    }

    [Fact]
    public void The_same_binding_twice_is_one_and_unbinding_needs_the_exact_key()
    {
        FakeGuest guest = _rig.AddGuest(5);
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber(), bindAll: false);
        _rig.Switch.Bind(subscriber, guest.LocalPort, 0);
        _rig.Switch.Bind(subscriber, guest.LocalPort, 0);
        _rig.Switch.Unbind(subscriber, guest.LocalPort, ProtocolLimits.TypeWildcard);
        _rig.Switch.Unbind(subscriber, ProtocolLimits.PortWildcard, 0);
        guest.Send(MessageType.Console, 1);
        _rig.Settle();
        Assert.Single(subscriber.Requests);

        _rig.Switch.Unbind(subscriber, guest.LocalPort, 0);
        guest.Send(MessageType.Console, 2);
        _rig.Settle();
        Assert.Single(subscriber.Requests);
    }

    [Fact]
    public void Bindings_have_a_limit()
    {
        _rig.Options.MaxBindsPerSubscriber = 3;
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());
        Assert.True(_rig.Switch.Bind(subscriber, 1, 1));
        Assert.True(_rig.Switch.Bind(subscriber, 1, 2));
        Assert.False(_rig.Switch.Bind(subscriber, 1, 3));
        Assert.True(_rig.Switch.Bind(subscriber, 1, 2));
        _rig.Switch.Unbind(subscriber, 1, 2);
        Assert.True(_rig.Switch.Bind(subscriber, 1, 3));
    }

    [Fact]
    public void A_subscriber_may_change_everything_from_inside_a_delivery()
    {
        FakeGuest guest = _rig.AddGuest(5);
        RecordingSubscriber first = _rig.Attach(new RecordingSubscriber("first"));
        RecordingSubscriber second = _rig.Attach(new RecordingSubscriber("second"));
        RecordingSubscriber third = _rig.Attach(new RecordingSubscriber("third"));
        RecordingSubscriber late = new("late");
        first.WhenRequested = (_, _, _) =>
        {
            _rig.Switch.Detach(second);
            _rig.Switch.Detach(first);
            _rig.Attach(late);
        };

        guest.Send(MessageType.Console, 1);
        guest.Send(MessageType.Console, 2);
        _rig.Settle();

        Assert.Equal([1], first.RequestIds);
        Assert.Empty(second.Requests);
        Assert.Equal([1, 2], third.RequestIds);
        Assert.Equal([2], late.RequestIds);
    }

    [Fact]
    public void A_guest_can_use_every_type()
    {
        FakeGuest guest = _rig.AddGuest(5);
        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber().Answering());
        for (int type = 0; type <= byte.MaxValue; type++)
        {
            guest.Send((MessageType)type, 1);
            _rig.Settle();
            Assert.Equal((MessageType)type, Assert.Single(guest.TakeAnswers()).Type);
        }

        Assert.Equal(256, subscriber.Requests.Count);
    }

    [Fact]
    public void Attaching_tells_of_what_exists()
    {
        _rig.AddDomain(3);
        _rig.AddGuest(5);

        RecordingSubscriber subscriber = _rig.Attach(new RecordingSubscriber());

        Assert.Equal(["domain 3.1", "domain 5.1", "opened 5"], subscriber.News);
        Assert.Throws<InvalidOperationException>(() => _rig.Switch.Attach(subscriber));
    }

    [Fact]
    public void A_response_of_the_guest_reaches_who_is_bound()
    {
        FakeGuest guest = _rig.AddGuest(5);
        RecordingSubscriber all = _rig.Attach(new RecordingSubscriber());
        RecordingSubscriber other = _rig.Attach(new RecordingSubscriber(), bindAll: false);
        _rig.Switch.Bind(other, guest.LocalPort, 9);
        ControlMessage request = ControlMessage.Create(MessageType.Shutdown, 0, 7, [1]);

        Assert.True(_rig.Channel(guest).TrySendRequest(other, request));
        _rig.Settle();
        guest.AnswerOldest(Assert.Single(guest.TakeRequests()));
        _rig.Settle();

        Assert.Equal(7, Assert.Single(all.Responses).Id);
        Assert.Empty(other.Responses);
    }
}
