using XcsSharp.Protocol;

using Xunit;

namespace XcsSharp.Rings.Tests;

public sealed class BackRingTests
{
    /// <summary>Starts that make the free-running indexes wrap at 2^32 within the test.</summary>
    public static TheoryData<uint> Starts => [0, 5, uint.MaxValue - 3, uint.MaxValue, 0x7FFFFFFE];

    [Theory]
    [MemberData(nameof(Starts))]
    public void Requests_come_in_order_and_answers_reach_the_guest(uint start)
    {
        using SharedRings rings = new(start);
        for (byte id = 0; id < 40; id++)
        {
            Assert.True(rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(id)));
            Assert.Equal(RingRead.Message, rings.Controller.Transmit.TryTakeRequest(out ControlMessage request));
            Assert.Equal(id, request.Id);
            Assert.Equal([id, (byte)~id], request.Data.ToArray());

            rings.Controller.Transmit.PutResponse(0, ControlMessage.EmptyAnswerTo(request));
            Assert.Equal(RingRead.Message, rings.Guest.Transmit.TryTakeResponse(out ControlMessage answer));
            Assert.Equal((id, (byte)0), (answer.Id, answer.Length));
        }

        Assert.Equal(RingRead.Empty, rings.Controller.Transmit.TryTakeRequest(out _));
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void A_full_ring_holds_eight_and_no_more(uint start)
    {
        using SharedRings rings = new(start);
        for (byte id = 0; id < 8; id++)
        {
            Assert.True(rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(id)));
        }

        Assert.False(rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(8)));
        for (byte id = 0; id < 8; id++)
        {
            Assert.Equal(RingRead.Message, rings.Controller.Transmit.TryTakeRequest(out ControlMessage request));
            Assert.Equal(id, request.Id);
        }

        Assert.Equal(RingRead.Empty, rings.Controller.Transmit.TryTakeRequest(out _));
        Assert.Equal(8, rings.Controller.Transmit.Unanswered);
    }

    [Theory]
    [InlineData(9u)]
    [InlineData(1000u)]
    [InlineData(0x80000000u)]
    [InlineData(0xFFFFFFFFu)]
    public void An_index_that_ran_ahead_of_the_ring_is_corrupt(uint ahead)
    {
        using SharedRings rings = new(100);
        rings.TransmitRequests = 100 + ahead;
        Assert.Equal(RingRead.Corrupt, rings.Controller.Transmit.TryTakeRequest(out ControlMessage request));
        Assert.Equal(default, request.Id);
    }

    [Fact]
    public void An_index_that_runs_backwards_is_corrupt()
    {
        using SharedRings rings = new(100);
        for (byte id = 0; id < 4; id++)
        {
            rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(id));
            rings.Controller.Transmit.TryTakeRequest(out _);
        }

        rings.TransmitRequests = 102;
        Assert.Equal(RingRead.Corrupt, rings.Controller.Transmit.TryTakeRequest(out _));
    }

    [Fact]
    public void Corrupt_is_final_whatever_the_peer_writes_next()
    {
        using SharedRings rings = new();
        rings.TransmitRequests = 9;
        Assert.Equal(RingRead.Corrupt, rings.Controller.Transmit.TryTakeRequest(out _));
        rings.TransmitRequests = 1;
        Assert.Equal(RingRead.Corrupt, rings.Controller.Transmit.TryTakeRequest(out _));
    }

    [Fact]
    public void A_lying_response_index_changes_nothing()
    {
        using SharedRings rings = new();
        rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(1));
        rings.TransmitResponses = 77;
        Assert.Equal(RingRead.Message, rings.Controller.Transmit.TryTakeRequest(out ControlMessage request));
        rings.Controller.Transmit.PutResponse(0, request);
        Assert.Equal(1u, rings.TransmitResponses);
    }

    [Fact]
    public void A_length_above_sixty_is_clamped_on_the_copy()
    {
        using SharedRings rings = new();
        rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(1));
        rings.TransmitSlot(0)[3] = 255;
        Assert.Equal(RingRead.Message, rings.Controller.Transmit.TryTakeRequest(out ControlMessage request));
        Assert.Equal(60, request.Length);
        Assert.Equal(255, rings.TransmitSlot(0)[3]);
    }

    [Fact]
    public void What_was_taken_does_not_change_with_the_slot()
    {
        using SharedRings rings = new();
        rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(1));
        rings.Controller.Transmit.TryTakeRequest(out ControlMessage request);
        rings.TransmitSlot(0).Fill(0xEE);
        Assert.Equal(1, request.Id);
        Assert.Equal([1, 254], request.Data.ToArray());
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void What_is_unanswered_can_be_copied_again_by_its_position_whatever_was_answered_before(uint start)
    {
        using SharedRings rings = new(start);
        BackRing ring = rings.Controller.Transmit;
        for (byte id = 0; id < 8; id++)
        {
            rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(id));
            ring.TryTakeRequest(out _);
        }

        ring.PutResponse(5, SharedRings.Numbered(105));
        ring.PutResponse(0, SharedRings.Numbered(100));
        byte[] left = [1, 2, 3, 4, 6, 7];
        for (int i = 0; i < left.Length; i++)
        {
            ring.CopyUnanswered(i, out ControlMessage request);
            Assert.Equal([left[i], (byte)~left[i]], request.Data.ToArray());
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => ring.CopyUnanswered(6, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.CopyUnanswered(-1, out _));
    }

    [Fact]
    public void What_is_copied_again_is_clamped_again()
    {
        using SharedRings rings = new();
        rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(1));
        rings.Controller.Transmit.TryTakeRequest(out _);
        rings.TransmitSlot(0)[3] = 255;
        rings.Controller.Transmit.CopyUnanswered(0, out ControlMessage request);
        Assert.Equal(60, request.Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(3)]
    public void An_answer_to_no_request_is_refused(int position)
    {
        using SharedRings rings = new();
        for (byte id = 0; id < 3 && position != 0; id++)
        {
            rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(id));
            rings.Controller.Transmit.TryTakeRequest(out _);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => rings.Controller.Transmit.PutResponse(position, default));
        Assert.Equal(0u, rings.TransmitResponses);
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void Requests_not_answered_are_taken_again_by_the_next_controller(uint start)
    {
        using SharedRings rings = new(start);
        for (byte id = 0; id < 6; id++)
        {
            rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(id));
        }

        for (int i = 0; i < 4; i++)
        {
            rings.Controller.Transmit.TryTakeRequest(out _);
        }

        rings.Controller.Transmit.PutResponse(0, SharedRings.Numbered(0));

        BackRing next = rings.RestartController().Transmit;
        List<byte> taken = TakeAll(next);
        Assert.Equal([1, 2, 3, 4, 5], taken);
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void An_answer_out_of_turn_loses_no_older_request_over_a_restart(uint start)
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        for (int round = 0; round < 200; round++)
        {
            using SharedRings rings = new(start);
            List<byte> open = [];
            byte id = 0;
            for (; id < 8; id++)
            {
                rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(id));
                rings.Controller.Transmit.TryTakeRequest(out _);
                open.Add(id);
            }

            List<byte> answered = [];
            for (int answers = random.Next(0, 8); answers > 0; answers--)
            {
                int position = random.Next(open.Count);
                rings.Controller.Transmit.PutResponse(position, SharedRings.Numbered(open[position]));
                answered.Add(open[position]);
                open.RemoveAt(position);
            }

            Assert.Equal(open, TakeAll(rings.RestartController().Transmit));
            List<byte> seen = [];
            while (rings.Guest.Transmit.TryTakeResponse(out ControlMessage answer) == RingRead.Message)
            {
                seen.Add(answer.Id);
                Assert.Equal([answer.Id, (byte)~answer.Id], answer.Data.ToArray());
            }

            Assert.Equal(answered, seen);
        }
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void The_index_of_what_was_taken_is_the_peers_own_count_of_its_requests(uint start)
    {
        using SharedRings rings = new(start);
        rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(1));
        rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(2));
        Assert.Equal(start, rings.Controller.Transmit.RequestIndex);
        rings.Controller.Transmit.TryTakeRequest(out _);
        rings.Controller.Transmit.TryTakeRequest(out _);
        Assert.Equal(rings.TransmitRequests, rings.Controller.Transmit.RequestIndex);
        rings.Controller.Transmit.PutResponse(0, SharedRings.Numbered(1));
        Assert.Equal(start + 2, rings.Controller.Transmit.RequestIndex);
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void What_was_there_before_this_life_of_the_controller_is_told_from_what_came_after(uint start)
    {
        using SharedRings rings = new(start);
        rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(1));
        rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(2));
        BackRing next = rings.RestartController().Transmit;
        rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(3));

        List<bool> were = [];
        while (next.TryTakeRequest(out _) == RingRead.Message)
        {
            were.Add(next.WasThereAtAttach);
        }

        Assert.Equal([true, true, false], were);
    }

    [Fact]
    public void A_ring_was_used_once_something_was_answered_on_it()
    {
        using SharedRings rings = new();
        rings.Guest.Transmit.TryPutRequest(SharedRings.Numbered(1));
        BackRing next = rings.RestartController().Transmit;
        Assert.False(next.WasUsed);
        next.TryTakeRequest(out ControlMessage request);
        next.PutResponse(0, request);
        Assert.True(rings.RestartController().Transmit.WasUsed);
    }

    [Fact]
    public void A_million_hostile_indexes_give_no_exception_and_never_more_than_eight_messages()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        using SharedRings rings = new();
        BackRing ring = rings.Controller.Transmit;
        for (int i = 0; i < 1_000_000; i++)
        {
            uint at = rings.TransmitResponses;
            rings.TransmitRequests = random.Next(4) == 0 ? (uint)random.NextInt64(1L << 32) : at + (uint)random.Next(-2, 12);
            int taken = 0;
            while (ring.TryTakeRequest(out ControlMessage request) == RingRead.Message)
            {
                Assert.InRange(request.Length, 0, 60);
                taken++;
            }

            Assert.InRange(taken, 0, 8);
            Assert.InRange(ring.Unanswered, 0, 8);
            if (ring.Unanswered > 0 && random.Next(2) == 0)
            {
                ring.PutResponse(random.Next(ring.Unanswered), default);
            }

            if (random.Next(8) == 0)
            {
                ring = rings.RestartController().Transmit;
            }
        }
    }

    private static List<byte> TakeAll(BackRing ring)
    {
        List<byte> taken = [];
        while (ring.TryTakeRequest(out ControlMessage request) == RingRead.Message)
        {
            Assert.Equal([request.Id, (byte)~request.Id], request.Data.ToArray());
            taken.Add(request.Id);
        }

        return taken;
    }
}
