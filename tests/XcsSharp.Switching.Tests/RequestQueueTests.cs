namespace XcsSharp.Switching.Tests;

public sealed class RequestQueueTests : IDisposable
{
    private readonly SwitchRig _rig = new(options => options.RequestQueue = 5);
    private readonly FakeGuest _guest;

    public RequestQueueTests() => _guest = _rig.AddGuest(5);

    private ControlChannel Channel => _rig.Channel(_guest);

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Requests_beyond_the_ring_wait_in_order_and_are_all_delivered()
    {
        RecordingSubscriber sender = _rig.Attach(new RecordingSubscriber());
        for (byte id = 0; id < 13; id++)
        {
            Assert.True(TrySend(sender, id));
        }

        // The queue's limit: 8 slots and 5 places.
        Assert.False(TrySend(sender, 13));
        byte next = 13;
        sender.WhenRoom = _ =>
        {
            while (next < 30 && TrySend(sender, next))
            {
                next++;
            }
        };
        List<byte> arrived = [];
        for (int round = 0; round < 40; round++)
        {
            _rig.Settle();
            foreach (ControlMessage request in _guest.TakeRequests())
            {
                arrived.Add(request.Id);
                _guest.AnswerOldest(request);
            }
        }

        Assert.Equal(Enumerable.Range(0, 30).Select(id => (byte)id), arrived);
        Assert.Equal(30ul, Channel.Counters.RequestsSent);
        Assert.Equal(30ul, Channel.Counters.ResponsesReceived);
        Assert.Equal(30, sender.Responses.Count);
    }

    [Fact]
    public void A_request_sent_the_moment_a_slot_is_free_does_not_overtake_those_that_wait()
    {
        RecordingSubscriber sender = _rig.Attach(new RecordingSubscriber());
        for (byte id = 0; id < 10; id++)
        {
            Assert.True(TrySend(sender, id));
        }

        sender.WhenResponded = _ =>
        {
            sender.WhenResponded = null;
            Assert.True(TrySend(sender, 10));
        };
        _rig.Settle();
        List<byte> arrived = [];
        for (int round = 0; round < 12; round++)
        {
            foreach (ControlMessage request in _guest.TakeRequests())
            {
                arrived.Add(request.Id);
                _guest.AnswerOldest(request);
            }

            _rig.Settle();
        }

        Assert.Equal(Enumerable.Range(0, 11).Select(id => (byte)id), arrived);
    }

    [Fact]
    public void Who_waits_longest_is_told_first()
    {
        List<string> told = [];
        RecordingSubscriber[] senders = [.. ((string[])["a", "b", "c"]).Select(name =>
        {
            RecordingSubscriber sender = _rig.Attach(new RecordingSubscriber(name), bindAll: false);
            sender.WhenRoom = _ =>
            {
                told.Add(name);
                TrySend(sender, 1);
            };
            return sender;
        })];
        while (TrySend(senders[0], 0))
        {
        }

        TrySend(senders[1], 0);
        TrySend(senders[2], 0);
        TrySend(senders[0], 0);
        _rig.Settle();
        for (int i = 0; i < 3; i++)
        {
            _guest.AnswerOldest(_guest.TakeRequests()[0]);
            _guest.Page.Receive.TryTakeRequest(out _);
            _rig.Settle();
        }

        Assert.Equal(["a", "b", "c"], told);
    }

    [Fact]
    public void A_detached_sender_is_not_told_and_its_requests_still_go()
    {
        RecordingSubscriber sender = _rig.Attach(new RecordingSubscriber());
        while (TrySend(sender, 0))
        {
        }

        _rig.Switch.Detach(sender);
        _rig.Settle();
        int arrived = 0;
        for (int round = 0; round < 20; round++)
        {
            foreach (ControlMessage request in _guest.TakeRequests())
            {
                arrived++;
                _guest.AnswerOldest(request);
            }

            _rig.Settle();
        }

        Assert.Equal(13, arrived);
        Assert.DoesNotContain("room 5", sender.News);
    }

    private bool TrySend(RecordingSubscriber sender, byte id)
        => Channel.TrySendRequest(sender, ControlMessage.Create(MessageType.Console, 0, id, []));
}
