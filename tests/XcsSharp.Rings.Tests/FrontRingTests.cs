using XcsSharp.Protocol;

using Xunit;

namespace XcsSharp.Rings.Tests;

public sealed class FrontRingTests
{
    public static TheoryData<uint> Starts => BackRingTests.Starts;

    [Theory]
    [MemberData(nameof(Starts))]
    public void Room_goes_from_eight_to_none_and_back(uint start)
    {
        using SharedRings rings = new(start);
        FrontRing front = rings.Controller.Receive;
        for (byte id = 0; id < 8; id++)
        {
            Assert.Equal(8 - id, front.Room);
            Assert.True(front.TryPutRequest(SharedRings.Numbered(id)));
        }

        Assert.Equal(0, front.Room);
        Assert.False(front.TryPutRequest(SharedRings.Numbered(8)));
        Assert.Equal(start + 8, rings.ReceiveRequests);

        rings.Guest.Receive.TryTakeRequest(out ControlMessage request);
        rings.Guest.Receive.PutResponse(0, request);
        Assert.Equal(0, front.Room);
        Assert.Equal(RingRead.Message, front.TryTakeResponse(out ControlMessage answer));
        Assert.Equal(0, answer.Id);
        Assert.Equal(1, front.Room);
    }

    [Theory]
    [InlineData(1u, 0)]
    [InlineData(4u, 3)]
    [InlineData(100000u, 3)]
    [InlineData(0xFFFFFFFFu, 3)]
    public void Answers_to_requests_never_put_are_corrupt(uint claimed, int asked)
    {
        using SharedRings rings = new(100);
        FrontRing front = rings.Controller.Receive;
        for (byte id = 0; id < asked; id++)
        {
            front.TryPutRequest(SharedRings.Numbered(id));
        }

        rings.ReceiveResponses = 100 + claimed;
        Assert.Equal(RingRead.Corrupt, front.TryTakeResponse(out _));
        rings.ReceiveResponses = 100;
        Assert.Equal(RingRead.Corrupt, front.TryTakeResponse(out _));
        Assert.Equal(0, front.Room);
        Assert.False(front.TryPutRequest(default));
    }

    [Fact]
    public void A_lying_request_index_changes_nothing()
    {
        using SharedRings rings = new();
        FrontRing front = rings.Controller.Receive;
        rings.ReceiveRequests = 4711;
        Assert.Equal(8, front.Room);
        Assert.True(front.TryPutRequest(SharedRings.Numbered(1)));
        Assert.Equal(1u, rings.ReceiveRequests);
    }

    [Fact]
    public void Impossible_indexes_at_attach_are_corrupt_and_harmless()
    {
        using SharedRings rings = new();
        rings.ReceiveRequests = 50;
        rings.ReceiveResponses = 20;
        FrontRing front = rings.RestartController().Receive;
        Assert.Equal(0, front.Room);
        Assert.Equal(0, front.Unanswered);
        Assert.Equal(RingRead.Corrupt, front.TryTakeResponse(out _));
        Assert.Equal(50u, rings.ReceiveRequests);
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void Requests_of_an_earlier_life_keep_their_slots_until_they_are_answered(uint start)
    {
        using SharedRings rings = new(start);
        for (byte id = 0; id < 5; id++)
        {
            rings.Controller.Receive.TryPutRequest(SharedRings.Numbered(id));
        }

        FrontRing next = rings.RestartController().Receive;
        Assert.Equal(3, next.Room);
        for (byte id = 0; id < 5; id++)
        {
            Assert.Equal(RingRead.Message, rings.Guest.Receive.TryTakeRequest(out ControlMessage request));
            rings.Guest.Receive.PutResponse(0, request);
            Assert.Equal(RingRead.Message, next.TryTakeResponse(out ControlMessage answer));
            Assert.Equal(id, answer.Id);
        }

        Assert.Equal(8, next.Room);
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void A_full_ring_of_an_earlier_life_is_nothing_impossible(uint start)
    {
        using SharedRings rings = new(start);
        for (byte id = 0; id < 8; id++)
        {
            rings.Controller.Receive.TryPutRequest(SharedRings.Numbered(id));
        }

        FrontRing next = rings.RestartController().Receive;
        Assert.Equal((8, 0), (next.Unanswered, next.Room));
        rings.Guest.Receive.TryTakeRequest(out ControlMessage request);
        rings.Guest.Receive.PutResponse(0, request);
        Assert.Equal(RingRead.Message, next.TryTakeResponse(out _));
        Assert.Equal((7, 1), (next.Unanswered, next.Room));
    }

    [Fact]
    public void A_ring_was_used_once_something_was_asked_on_it()
    {
        using SharedRings rings = new();
        Assert.False(rings.RestartController().Receive.WasUsed);
        rings.Controller.Receive.TryPutRequest(SharedRings.Numbered(1));
        Assert.True(rings.RestartController().Receive.WasUsed);
    }

    [Fact]
    public void A_guest_that_starts_again_finds_the_requests_it_had_not_answered()
    {
        using SharedRings rings = new();
        for (byte id = 0; id < 3; id++)
        {
            rings.Controller.Receive.TryPutRequest(SharedRings.Numbered(id));
        }

        rings.Guest.Receive.TryTakeRequest(out _);
        BackRing next = rings.RestartGuest().Receive;
        Assert.Equal(RingRead.Message, next.TryTakeRequest(out ControlMessage request));
        Assert.Equal(0, request.Id);
    }
}
