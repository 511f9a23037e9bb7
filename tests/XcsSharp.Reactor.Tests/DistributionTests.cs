using Microsoft.Extensions.Time.Testing;

namespace XcsSharp.Reactor.Tests;

/// <summary>How often, and of the loop, how long.</summary>
public sealed class DistributionTests
{
    [Fact]
    public void A_value_belongs_to_the_first_bound_that_it_is_not_above()
    {
        Distribution distribution = new(1, 10, 100);
        foreach (long value in (long[])[0, 1, 2, 10, 11, 100, 101, 5000])
        {
            distribution.Add(value);
        }

        Assert.Equal("2 2 2 2", string.Join(' ', distribution.Counts));
        Assert.Equal(5225, distribution.Sum);
    }

    [Fact]
    public void Adding_allocates_nothing()
    {
        Distribution distribution = new(1, 10, 100);
        Assert.Equal(0, TestKit.Allocations.Least(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                distribution.Add(i);
            }
        }));
    }

    [Fact]
    public void A_turns_time_is_what_its_work_took_and_not_the_wait_before_it()
    {
        FakeTimeProvider clock = new();
        using LoopRig rig = new(clock);
        LoopTimer later = rig.Loop.CreateTimer(static () => { });
        LoopTimer timer = rig.Loop.CreateTimer(() => clock.Advance(TimeSpan.FromMilliseconds(3)));
        timer.Schedule(TimeSpan.FromMilliseconds(50));
        later.Schedule(TimeSpan.FromHours(1));
        rig.TurnUntilIdle();
        Assert.Equal(0, rig.Loop.TurnTimes.Sum);

        clock.Advance(TimeSpan.FromMilliseconds(50));
        _ = rig.Loop.RunOnce(TimeSpan.Zero);

        // The clock is looked at before the next wait: the three milliseconds of the callback, and nothing of the hour.
        long before = rig.Loop.TurnTimes.Sum;
        _ = rig.Loop.RunOnce(TimeSpan.Zero);
        Assert.Equal(TimeSpan.FromMilliseconds(3), clock.GetElapsedTime(0, rig.Loop.TurnTimes.Sum - before));
    }

    [Fact]
    public void A_turn_that_the_next_one_follows_at_once_is_measured_without_another_look_at_the_clock()
    {
        CountingClock clock = new();
        using LoopRig rig = new(clock);
        rig.TurnUntilIdle();
        long looks = clock.Looks;
        long measured = rig.Loop.TurnTimes.Counts.Sum();
        rig.Loop.Post(() => clock.Now += 7);
        _ = rig.Loop.RunOnce(TimeSpan.Zero);
        rig.Loop.Post(static () => { });
        _ = rig.Loop.RunOnce(TimeSpan.Zero);

        // Two turns, and a look at the beginning of each: no timer is set.
        Assert.Equal(looks + 2, clock.Looks);
        Assert.Equal(measured + 2, rig.Loop.TurnTimes.Counts.Sum());
        Assert.Equal(7, rig.Loop.TurnTimes.Sum);
    }

    private sealed class CountingClock : TimeProvider
    {
        public long Now { get; set; } = 1000;

        public long Looks { get; private set; }

        public override long GetTimestamp()
        {
            Looks++;
            return Now;
        }
    }
}
