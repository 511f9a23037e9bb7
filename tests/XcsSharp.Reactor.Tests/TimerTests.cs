using System.Diagnostics;

using Microsoft.Extensions.Time.Testing;

namespace XcsSharp.Reactor.Tests;

public sealed class TimerTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly LoopRig _rig;
    private readonly List<string> _fired = [];

    public TimerTests() => _rig = new LoopRig(_clock);

    private EventLoop Loop => _rig.Loop;

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Timers_fire_in_the_order_in_which_they_are_due_and_then_of_scheduling()
    {
        Timer("late").Schedule(TimeSpan.FromSeconds(3));
        Timer("soon").Schedule(TimeSpan.FromSeconds(1));
        Timer("also soon").Schedule(TimeSpan.FromSeconds(1));
        Timer("in between").Schedule(TimeSpan.FromSeconds(2));
        Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(["soon", "also soon", "in between", "late"], _fired);
    }

    [Fact]
    public void A_timer_fires_once_and_not_before_it_is_due()
    {
        LoopTimer timer = Timer("x");
        timer.Schedule(TimeSpan.FromMilliseconds(100));
        Advance(TimeSpan.FromMilliseconds(99.9));
        Assert.Empty(_fired);
        Assert.True(timer.IsScheduled);
        Advance(TimeSpan.FromMilliseconds(0.1));
        Assert.Equal(["x"], _fired);
        Assert.False(timer.IsScheduled);
        Advance(TimeSpan.FromHours(1));
        Assert.Single(_fired);
    }

    [Fact]
    public void Scheduling_again_forgets_what_was_before()
    {
        LoopTimer timer = Timer("x");
        timer.Schedule(TimeSpan.FromSeconds(1));
        timer.Schedule(TimeSpan.FromSeconds(5));
        Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(_fired);
        timer.Schedule(TimeSpan.FromSeconds(1));
        Advance(TimeSpan.FromSeconds(1));
        Assert.Single(_fired);
    }

    [Fact]
    public void A_cancelled_timer_does_not_fire_even_if_it_was_due_in_the_same_turn()
    {
        LoopTimer second = Timer("second");
        LoopTimer first = Loop.CreateTimer(second.Cancel);
        first.Schedule(TimeSpan.FromSeconds(1));
        second.Schedule(TimeSpan.FromSeconds(1));
        Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(_fired);
        second.Cancel();
    }

    [Fact]
    public void A_timer_that_schedules_itself_at_once_fires_once_a_turn()
    {
        LoopTimer? timer = null;
        timer = Loop.CreateTimer(() =>
        {
            _fired.Add("again");
            timer!.Schedule(TimeSpan.Zero);
        });
        timer.Schedule(TimeSpan.Zero);
        Loop.RunOnce(TimeSpan.Zero);
        Assert.Single(_fired);

        // It is due: the turn must not sleep.
        Assert.True(Loop.RunOnce(LoopRig.Deadline));
        Assert.Equal(2, _fired.Count);
    }

    [Fact]
    public void A_time_beyond_all_times_never_comes()
    {
        Timer("x").Schedule(TimeSpan.MaxValue);
        Advance(TimeSpan.FromDays(1000));
        Assert.Empty(_fired);
        Assert.Throws<ArgumentOutOfRangeException>(() => Timer("y").Schedule(TimeSpan.FromTicks(-1)));
    }

    [Fact]
    public void Many_timers_scheduled_moved_and_cancelled_at_random_fire_as_a_sorted_list_would()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        Random random = new(seed);
        List<int> fired = [];
        LoopTimer[] timers = [.. Enumerable.Range(0, 200).Select(i => Loop.CreateTimer(() => fired.Add(i)))];
        Dictionary<int, (TimeSpan Due, int Order)> model = [];
        TimeSpan now = TimeSpan.Zero;
        for (int step = 0; step < 5000; step++)
        {
            int i = random.Next(timers.Length);
            if (random.Next(4) == 0)
            {
                timers[i].Cancel();
                model.Remove(i);
            }
            else
            {
                TimeSpan after = TimeSpan.FromMilliseconds(random.Next(50));
                timers[i].Schedule(after);
                model[i] = (now + after, step);
            }

            if (random.Next(20) == 0)
            {
                TimeSpan passed = TimeSpan.FromMilliseconds(random.Next(30));
                now += passed;
                Advance(passed);
                int[] due = [.. model.Where(entry => entry.Value.Due <= now)
                    .OrderBy(entry => entry.Value).Select(entry => entry.Key)];
                Assert.Equal(due, fired);
                Array.ForEach(due, key => model.Remove(key));
                fired.Clear();
            }

            Assert.Equal(model.ContainsKey(i), timers[i].IsScheduled);
        }
    }

    [Fact]
    public void On_the_real_clock_a_timer_is_never_early_and_the_loop_does_not_spin_for_it()
    {
        using LoopRig rig = new();
        TimeSpan wait = TimeSpan.FromMilliseconds(30.5);
        bool fired = false;
        Stopwatch watch = Stopwatch.StartNew();
        rig.Loop.CreateTimer(() => fired = true).Schedule(wait);
        rig.TurnUntil(() => fired);
        Assert.True(watch.Elapsed >= wait, $"early: {watch.Elapsed}");
        Assert.InRange(rig.Loop.Turns, 1UL, 4UL + (ulong)(watch.ElapsedMilliseconds / 20));
    }

    [Fact]
    public async Task A_loop_that_sleeps_without_limit_wakes_for_its_timer()
    {
        using LoopRig rig = new();
        rig.Loop.CreateTimer(rig.Loop.Stop).Schedule(TimeSpan.FromMilliseconds(20));
        await Task.Factory.StartNew(
            rig.Loop.Run, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .WaitAsync(LoopRig.Deadline, TestContext.Current.CancellationToken);
        Assert.InRange(rig.Loop.Turns, 1UL, 3UL);
    }

    private LoopTimer Timer(string name) => Loop.CreateTimer(() => _fired.Add(name));

    private void Advance(TimeSpan time)
    {
        _clock.Advance(time);
        Loop.RunOnce(TimeSpan.Zero);
    }
}
