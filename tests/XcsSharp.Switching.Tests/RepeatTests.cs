namespace XcsSharp.Switching.Tests;

/// <summary>Requests that come at least once: those that may come a second time say so, to who wants to know.</summary>
public sealed class RepeatTests : IDisposable
{
    private const Extensions Wanted = Extensions.Correlation | Extensions.Repeats;

    private readonly SwitchRig _rig = new();

    public void Dispose() => _rig.Dispose();

    /// <summary>A daemon of before may have given them to somebody, and was killed.</summary>
    [Fact]
    public void What_waits_in_the_ring_when_a_channel_is_opened_is_marked_and_what_comes_then_is_not()
    {
        ExtendedClient client = _rig.OpenExtended(Wanted);
        client.BindAll();
        FakeGuest guest = AddGuestThatAsked(ControlMessage.Create(MessageType.Debug, 0, 1, []), ControlMessage.Create(MessageType.Debug, 0, 2, []));
        guest.Send(MessageType.Debug, 3);
        _rig.Settle();
        Assert.Equal([(1, true), (2, true), (3, false)], client.Data.TakeAll().Select(static record => ((int)record.Message.Id, IsMarked(record))));
    }

    [Fact]
    public void What_a_client_had_that_left_without_an_answer_is_marked_for_the_next()
    {
        FakeGuest guest = _rig.AddGuest(5);
        SessionClient leaves = _rig.OpenSession();
        leaves.BindAll();
        guest.Send(MessageType.Debug, 1);
        _rig.Settle();
        Assert.Equal(0u, leaves.Data.Take().Correlation);
        leaves.Control.Dispose();
        leaves.Data.Dispose();
        _rig.Settle();

        ExtendedClient next = _rig.OpenExtended(Wanted);
        next.BindAll();
        _rig.Settle();
        XcsRecord again = next.Data.Take();
        Assert.True(IsMarked(again));
        guest.Send(MessageType.Debug, 2);
        _rig.Settle();
        Assert.False(IsMarked(next.Data.Take()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_answer_names_its_request_with_the_mark_and_without(bool keepsMark)
    {
        ExtendedClient client = _rig.OpenExtended(Wanted);
        client.BindAll();
        FakeGuest guest = AddGuestThatAsked(ControlMessage.Create(MessageType.Debug, 0, 1, [1]), ControlMessage.Create(MessageType.Debug, 0, 1, [2]));
        foreach (XcsRecord request in client.Data.TakeAll().AsEnumerable().Reverse())
        {
            uint number = keepsMark ? request.Correlation : request.Correlation & ~XcsRecord.RepeatMark;
            client.Send(request with { Type = RecordType.Response, Correlation = number });
        }

        Assert.Equal([2, 1], guest.TakeAnswers().Select(static answer => (int)answer.Data[0]));
        Assert.Equal(0ul, _rig.Switch.Counters.AnswersDropped);
    }

    [Fact]
    public void Who_did_not_ask_for_marks_gets_none()
    {
        ExtendedClient numbers = _rig.OpenExtended(Extensions.Correlation);
        numbers.BindAll();
        _ = AddGuestThatAsked(ControlMessage.Create(MessageType.Debug, 0, 1, []));
        Assert.False(IsMarked(numbers.Data.Take()));
    }

    private FakeGuest AddGuestThatAsked(params ReadOnlySpan<ControlMessage> requests)
    {
        FakeGuest guest = _rig.AddDomain(5);
        foreach (ControlMessage request in requests)
        {
            Assert.True(guest.Page.Transmit.TryPutRequest(request));
        }

        guest.Publish();
        _rig.Settle();
        return guest;
    }

    private static bool IsMarked(XcsRecord record) => (record.Correlation & XcsRecord.RepeatMark) != 0;
}
