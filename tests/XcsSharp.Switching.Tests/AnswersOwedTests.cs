namespace XcsSharp.Switching.Tests;

/// <summary>What a guest is owed: by whom, and until when.</summary>
public sealed class AnswersOwedTests
{
    private readonly RecordingSubscriber _one = new();
    private readonly RecordingSubscriber _other = new();
    private readonly AnswersOwed _owed = new();

    [Fact]
    public void A_deadline_is_over_at_its_instant_and_whether_somebody_had_it_is_told()
    {
        Append(1, 100, _one);
        Append(2, 50);
        Assert.Equal(-1, _owed.FindExpired(49, out _, out bool wasHeld));
        Assert.False(wasHeld);
        Assert.Equal(1, _owed.FindExpired(50, out ControlMessage answer, out wasHeld));
        Assert.Equal((2, false), (answer.Id, wasHeld));
        Assert.Equal((MessageType.Console, 9, 0), (answer.Type, answer.Subtype, answer.Length));
        _owed.RemoveAt(1);
        Assert.Equal(0, _owed.FindExpired(100, out answer, out wasHeld));
        Assert.Equal((1, true), (answer.Id, wasHeld));
    }

    [Fact]
    public void The_earliest_deadline_is_of_what_is_owed_and_not_of_what_was()
    {
        Append(1, 10, _one);
        Append(2, 90, _one);
        Append(3, 50, _one);
        Assert.Equal(10, _owed.EarliestDeadline());
        _owed.RemoveAt(0);
        Assert.Equal(50, _owed.EarliestDeadline());
    }

    [Fact]
    public void Who_leaves_orphans_what_he_alone_had()
    {
        Append(1, 100, _one, _other);
        Append(2, 100, _other);
        Assert.False(_owed.RemoveHolder(new RecordingSubscriber(), 200));
        Assert.False(_owed.RemoveHolder(_one, 200));
        Assert.Equal((true, false, 100), (_owed.IsHeldBy(0, _other), _owed.IsHeldBy(0, _one), _owed.EarliestDeadline()));
        Assert.True(_owed.RemoveHolder(_other, 200));
        Assert.Equal(200, _owed.EarliestDeadline());
    }

    [Fact]
    public void Who_does_not_hold_a_request_changes_nothing_by_not_answering_it()
    {
        Append(1, 100);
        _owed.RemoveHolderOf(new RequestTicket(1), _one, 200);
        Assert.Equal(100, _owed.EarliestDeadline());
        Append(2, 150, _one);
        _owed.RemoveHolderOf(new RequestTicket(2), _other, 200);
        Assert.True(_owed.IsHeldBy(1, _one));
        _owed.RemoveHolderOf(new RequestTicket(2), _one, 200);
        _owed.RemoveAt(0);
        Assert.Equal(200, _owed.EarliestDeadline());
    }

    private void Append(ulong ticket, long deadline, params ISubscriber[] holders)
        => _owed.Append(ControlMessage.Create(MessageType.Console, 9, (byte)ticket, []), new RequestTicket(ticket), holders, deadline);
}
