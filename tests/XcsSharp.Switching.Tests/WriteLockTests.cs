namespace XcsSharp.Switching.Tests;

public sealed class WriteLockTests : IDisposable
{
    private const MessageType Type = MessageType.BlockFrontEnd;

    private readonly SwitchRig _rig = new();
    private readonly FakeGuest _guest;
    private readonly SessionClient _holder;
    private readonly SessionClient _other;

    public WriteLockTests()
    {
        _guest = _rig.AddGuest(5);
        _holder = _rig.OpenSession();
        _other = _rig.OpenSession();
        _holder.BindAll();
        _other.BindAll();
    }

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void The_reply_is_the_record_with_a_result()
    {
        XcsRecord sent = Records.Lock(_guest.LocalPort, (ushort)Type);
        XcsRecord reply = _holder.Control.Ask(sent with { Result = (RecordResult)99 });
        Assert.Equal(XcsRecord.Bytes(in sent), XcsRecord.Bytes(in reply));
    }

    [Fact]
    public void Only_the_holders_answer_is_written()
    {
        Assert.Equal(RecordResult.Ok, _holder.Lock(_guest.LocalPort, Type));
        _guest.Send(Type, 1);
        _rig.Settle();

        Answer(_other, 22);
        Assert.Empty(_guest.TakeAnswers());
        Assert.Equal(1ul, _rig.Switch.Counters.AnswersDropped);

        Answer(_holder, 11);
        Assert.Equal([11], Assert.Single(_guest.TakeAnswers()).Data.ToArray());
    }

    [Fact]
    public void It_counts_for_requests_that_were_given_out_before_it_was_taken()
    {
        _guest.Send(Type, 1);
        _rig.Settle();
        _holder.Lock(_guest.LocalPort, Type);
        Answer(_other, 22);
        Assert.Empty(_guest.TakeAnswers());
        Answer(_holder, 11);
        Assert.Single(_guest.TakeAnswers());
    }

    [Fact]
    public void Only_the_holders_requests_reach_the_guest()
    {
        _holder.Lock(_guest.LocalPort, Type);
        _other.Data.Send(Records.Request(5, Type, 2));
        _holder.Data.Send(Records.Request(5, Type, 1));
        _rig.Settle();
        Assert.Equal([1], _guest.TakeRequests().Select(request => request.Id));
        Assert.Equal(1ul, _rig.Switch.Counters.RequestsLockedOut);
    }

    [Fact]
    public void Other_types_and_other_channels_are_free()
    {
        FakeGuest neighbour = _rig.AddGuest(6);
        _holder.Lock(_guest.LocalPort, Type);
        _guest.Send(MessageType.NetFrontEnd, 1);
        _rig.Settle();
        Answer(_other);
        neighbour.Send(Type, 2);
        _rig.Settle();
        Answer(_other);
        _other.Data.Send(Records.Request(5, MessageType.NetFrontEnd, 3));
        _other.Data.Send(Records.Request(6, Type, 4));
        _rig.Settle();

        Assert.Equal([1], _guest.TakeAnswers().Select(answer => answer.Id));
        Assert.Equal([2], neighbour.TakeAnswers().Select(answer => answer.Id));
        Assert.Equal([3], _guest.TakeRequests().Select(request => request.Id));
        Assert.Equal([4], neighbour.TakeRequests().Select(request => request.Id));
    }

    [Fact]
    public void A_second_client_is_refused_until_the_first_releases_it()
    {
        Assert.Equal(RecordResult.Ok, _holder.Lock(_guest.LocalPort, Type));
        Assert.Equal(RecordResult.Ok, _holder.Lock(_guest.LocalPort, Type));
        Assert.Equal(RecordResult.Failed, _other.Lock(_guest.LocalPort, Type));
        Assert.Equal(RecordResult.Ok, _other.Lock(_guest.LocalPort, MessageType.NetFrontEnd));

        // Releasing what one does not hold is as fine as unbinding nothing, and takes nothing from the holder.
        Assert.Equal(RecordResult.Ok, _other.Unlock(_guest.LocalPort, Type));
        Assert.Equal(RecordResult.Failed, _other.Lock(_guest.LocalPort, Type));

        Assert.Equal(RecordResult.Ok, _holder.Unlock(_guest.LocalPort, Type));
        Assert.Equal(RecordResult.Ok, _other.Lock(_guest.LocalPort, Type));
        Assert.Equal(RecordResult.Failed, _holder.Lock(_guest.LocalPort, MessageType.NetFrontEnd));
    }

    [Fact]
    public void After_the_release_everybody_is_heard_again()
    {
        _holder.Lock(_guest.LocalPort, Type);
        _holder.Unlock(_guest.LocalPort, Type);
        _guest.Send(Type, 1);
        _rig.Settle();
        Answer(_other, 22);
        Assert.Equal([22], Assert.Single(_guest.TakeAnswers()).Data.ToArray());
    }

    [Fact]
    public void It_ends_with_its_session_and_those_it_had_silenced_are_asked_again()
    {
        _holder.Lock(_guest.LocalPort, Type);
        _guest.Send(Type, 1);
        _rig.Settle();
        Answer(_other, 22);
        _holder.Dispose();
        _rig.Settle();
        _rig.Advance(_rig.Options.SessionWindow);

        // Its answer was dropped for the holder's sake and would not have come again by itself.
        Answer(_other, 33);
        Assert.Equal([33], Assert.Single(_guest.TakeAnswers()).Data.ToArray());
        Assert.Equal(RecordResult.Ok, _other.Lock(_guest.LocalPort, Type));
        Assert.Equal(0ul, _rig.Switch.Counters.AnsweredByDaemon);
    }

    [Fact]
    public void It_ends_with_the_channel()
    {
        _holder.Lock(_guest.LocalPort, Type);
        _rig.Switch.OnTransportWithdrawn(5, "gone");
        _guest.Publish(_guest.LocalPort);
        Assert.Equal(RecordResult.Ok, _other.Lock(_guest.LocalPort, Type));
    }

    [Fact]
    public void A_holder_that_is_not_given_the_request_silences_nobody()
    {
        SessionClient unbound = _rig.OpenSession();
        Assert.Equal(RecordResult.Ok, unbound.Lock(_guest.LocalPort, Type));
        _guest.Send(Type, 1);
        _rig.Settle();
        Answer(_other, 22);
        Assert.Single(_guest.TakeAnswers());
    }

    [Fact]
    public void A_silent_holder_is_answered_for()
    {
        _holder.Lock(_guest.LocalPort, Type);
        _guest.Send(Type, 1);
        _rig.Settle();
        Answer(_other, 22);
        _rig.Advance(_rig.Options.ResponseTimeout + TimeSpan.FromMilliseconds(1));
        Assert.Empty(Assert.Single(_guest.TakeAnswers()).Data.ToArray());
    }

    [Fact]
    public void What_a_handler_of_the_daemon_answers_cannot_be_locked_and_no_lock_silences_one_that_comes_later()
    {
        RecordingSubscriber handler = new RecordingSubscriber().Answering();
        _rig.Attach(handler, bindAll: false);
        _rig.Switch.Bind(handler, ProtocolLimits.PortWildcard, (ushort)MessageType.Console);
        Assert.Equal(RecordResult.Failed, _holder.Lock(_guest.LocalPort, MessageType.Console));
        Assert.Equal(RecordResult.Ok, _holder.Lock(_guest.LocalPort, Type));

        _rig.Switch.Bind(handler, ProtocolLimits.PortWildcard, (ushort)Type);
        _guest.Send(Type, 1);
        _rig.Settle();
        Assert.Single(_guest.TakeAnswers());
    }

    [Theory]
    [InlineData(-1, 0, 0, RecordResult.BadRequest)]
    [InlineData(131072, 0, 0, RecordResult.BadRequest)]
    [InlineData(ProtocolLimits.PortWildcard, 2, 0, RecordResult.BadRequest)]
    [InlineData(16, 0xffff, 0, RecordResult.BadRequest)]
    [InlineData(16, 0xfffe, 0, RecordResult.BadRequest)]
    [InlineData(16, 256, 0, RecordResult.BadRequest)]
    [InlineData(16, 2, 2, RecordResult.BadRequest)]
    [InlineData(16, 255, 0, RecordResult.Ok)]
    [InlineData(17, 2, 0, RecordResult.Failed)]
    [InlineData(17, 2, 1, RecordResult.Ok)]
    public void Locks_are_validated(int port, int type, int action, RecordResult expected)
    {
        Assert.Equal(16, _guest.LocalPort);
        Assert.Equal(expected, _holder.Control.Ask(Records.Lock(port, (ushort)type, (WriteLockAction)action)).Result);
    }

    private void Answer(SessionClient client, params byte[] data)
    {
        XcsRecord request = client.Data.TakeAll()[^1];
        Assert.Equal(RecordType.Request, request.Type);
        client.Data.Send(Records.Response(request, data));
        _rig.Settle();
    }
}
