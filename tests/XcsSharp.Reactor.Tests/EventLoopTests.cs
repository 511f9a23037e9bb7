using System.Diagnostics;

using Mono.Unix.Native;

namespace XcsSharp.Reactor.Tests;

public sealed class EventLoopTests : IDisposable
{
    private readonly LoopRig _rig = new();

    private EventLoop Loop => _rig.Loop;

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_ready_descriptor_is_told_until_it_was_served()
    {
        (SafeFileHandle ours, SafeFileHandle peer) = _rig.Pair();
        CountingHandler handler = new();
        using Registration registration = Loop.Register(ours, Readiness.Readable, handler);
        Loop.RunOnce(TimeSpan.Zero);
        Assert.Equal(0, handler.Calls);

        peer.WriteSome([1]);
        Loop.RunOnce(LoopRig.Deadline);
        Loop.RunOnce(LoopRig.Deadline);
        Assert.Equal(2, handler.Calls);
        Assert.Equal(Readiness.Readable, handler.Last);

        ours.ReadAll();
        _rig.AssertSleeps();
    }

    [Fact]
    public void A_reused_descriptor_gets_no_event_of_its_predecessor()
    {
        // Both ready in one batch; whichever is served first replaces the other by a silent descriptor of the same number.
        (SafeFileHandle first, SafeFileHandle firstPeer) = _rig.Pair();
        (SafeFileHandle second, SafeFileHandle secondPeer) = _rig.Pair();
        CountingHandler successor = new();
        List<Registration> registrations = [];
        int served = 0;
        void Replace(SafeFileHandle me, SafeFileHandle victim)
        {
            served++;
            me.ReadAll();
            Registration old = registrations[victim == first ? 0 : 1];
            old.Dispose();
            using SafeFileHandle silent = Sys.EventFd();
            Assert.Equal(victim.Number(), Syscall.dup2(silent.Number(), victim.Number()));
            Registration fresh = _rig.Own(Loop.Register(victim, Readiness.Readable, successor));
            Assert.NotEqual(old.Id, fresh.Id);
        }

        registrations.Add(Loop.Register(first, Readiness.Readable, new CountingHandler(() => Replace(first, second))));
        registrations.Add(Loop.Register(second, Readiness.Readable, new CountingHandler(() => Replace(second, first))));
        firstPeer.WriteSome([1]);
        secondPeer.WriteSome([1]);

        Loop.RunOnce(LoopRig.Deadline);
        Assert.Equal(1, served);
        Assert.Equal(0, successor.Calls);
        Assert.Equal(1UL, Loop.StaleEvents);
    }

    [Fact]
    public void A_disposed_registration_hears_nothing_of_the_same_batch()
    {
        (SafeFileHandle first, SafeFileHandle firstPeer) = _rig.Pair();
        (SafeFileHandle second, SafeFileHandle secondPeer) = _rig.Pair();
        List<Registration> registrations = [];
        int served = 0;
        void DisposeBoth()
        {
            served++;
            registrations.ForEach(registration => registration.Dispose());
        }

        registrations.Add(Loop.Register(first, Readiness.Readable, new CountingHandler(DisposeBoth)));
        registrations.Add(Loop.Register(second, Readiness.Readable, new CountingHandler(DisposeBoth)));
        firstPeer.WriteSome([1]);
        secondPeer.WriteSome([1]);
        Loop.RunOnce(LoopRig.Deadline);
        Assert.Equal(1, served);
        _rig.AssertSleeps();
    }

    [Fact]
    public void Ids_are_never_given_twice()
    {
        (SafeFileHandle ours, _) = _rig.Pair();
        HashSet<ulong> ids = [];
        for (int i = 0; i < 1000; i++)
        {
            using Registration registration = Loop.Register(ours, Readiness.Readable, new CountingHandler());
            Assert.True(ids.Add(registration.Id));
        }
    }

    [Fact]
    public void Interest_that_does_not_change_costs_no_system_call()
    {
        (SafeFileHandle ours, _) = _rig.Pair();
        Registration registration = Loop.Register(ours, Readiness.Readable, new CountingHandler());
        ours.Dispose();

        // Any system call on the closed descriptor would throw.
        registration.ChangeInterest(Readiness.Readable);
        Assert.Throws<ObjectDisposedException>(() => registration.ChangeInterest(Readiness.Writable));
    }

    [Fact]
    public void Registrations_may_outlive_the_loop()
    {
        (SafeFileHandle ours, _) = _rig.Pair();
        Registration registration;
        using (EventLoop loop = new())
        {
            registration = loop.Register(ours, Readiness.Readable, new CountingHandler());
        }

        Assert.Null(Record.Exception(() => registration.ChangeInterest(Readiness.Writable)));
        Assert.Null(Record.Exception(registration.Dispose));
        Assert.False(ours.IsClosed, "the descriptor is its owner's");
    }

    [Fact]
    public async Task Work_posted_from_many_threads_is_all_done_in_the_order_of_each()
    {
        const int Threads = 8;
        const int PerThread = 20_000;
        int[] next = new int[Threads];
        int outOfOrder = 0;
        int done = 0;
        Task turning = Task.Factory.StartNew(
            Loop.Run, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task[] posting = [.. Enumerable.Range(0, Threads).Select(thread => Task.Run(
            () =>
            {
                for (int i = 0; i < PerThread; i++)
                {
                    int number = i;
                    Loop.Post(() =>
                    {
                        outOfOrder += next[thread]++ == number ? 0 : 1;
                        if (++done == Threads * PerThread)
                        {
                            Loop.Stop();
                        }
                    });
                }
            },
            TestContext.Current.CancellationToken))];
        await Task.WhenAll([.. posting, turning]).WaitAsync(LoopRig.Deadline, TestContext.Current.CancellationToken);
        Assert.Equal(Threads * PerThread, done);
        Assert.Equal(0, outOfOrder);
    }

    [Fact]
    public async Task Posting_wakes_a_loop_that_sleeps_for_ever_each_time()
    {
        Task turning = Task.Factory.StartNew(
            Loop.Run, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        for (int i = 0; i < 2000; i++)
        {
            TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Loop.Post(done.SetResult);
            await done.Task.WaitAsync(LoopRig.Deadline, TestContext.Current.CancellationToken);
        }

        Loop.Stop();
        await turning.WaitAsync(LoopRig.Deadline, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Posting_to_a_loop_that_is_gone_is_harmless()
    {
        EventLoop loop = new();
        loop.Dispose();
        loop.Post(() => Assert.Fail("ran"));
        loop.Stop();
    }

    [Fact]
    public void Work_that_posts_itself_again_lets_events_in_between()
    {
        (SafeFileHandle ours, SafeFileHandle peer) = _rig.Pair();
        CountingHandler handler = new();
        using Registration registration = Loop.Register(ours, Readiness.Readable, handler);
        int runs = 0;
        void Again()
        {
            runs++;
            Loop.Post(Again);
        }

        Loop.Post(Again);
        Loop.RunOnce(TimeSpan.Zero);
        peer.WriteSome([1]);
        Loop.RunOnce(TimeSpan.Zero);
        Assert.Equal(2, runs);
        Assert.Equal(1, handler.Calls);
    }

    [Fact]
    public void A_handlers_exception_leaves_the_loop()
    {
        Loop.Post(() => throw new InvalidTimeZoneException());
        Assert.Throws<InvalidTimeZoneException>(Loop.Run);
    }

    [Fact]
    public void The_loops_thread_is_known_as_such()
    {
        bool? there = null;
        Loop.Post(() => there = Loop.IsLoopThread);
        Loop.RunOnce(TimeSpan.Zero);
        Assert.True(there);
        bool? elsewhere = null;
        Thread thread = new(() => elsewhere = Loop.IsLoopThread);
        thread.Start();
        thread.Join();
        Assert.False(elsewhere);
    }

    [Fact]
    public void An_idle_loop_never_wakes()
    {
        (SafeFileHandle ours, _) = _rig.Pair();
        using Registration registration = Loop.Register(ours, Readiness.Readable, new CountingHandler());
        LoopTimer cancelled = Loop.CreateTimer(() => Assert.Fail("it was cancelled"));
        cancelled.Schedule(TimeSpan.FromMilliseconds(1));
        cancelled.Cancel();
        Loop.CreateTimer(() => { }).Schedule(TimeSpan.FromHours(1));
        _rig.AssertSleeps();
    }

    [Fact]
    public void Turn_end_work_runs_once_a_call_after_the_batch()
    {
        List<string> order = [];
        RecordingWork work = new(() => order.Add("end"));
        Loop.Post(() =>
        {
            order.Add("one");
            Loop.AtTurnEnd(work);
            Loop.AtTurnEnd(work);
        });
        Loop.Post(() => order.Add("two"));
        Loop.RunOnce(TimeSpan.Zero);
        Assert.Equal(["one", "two", "end", "end"], order);
        _rig.AssertSleeps();
    }

    [Fact]
    public void Turn_end_work_that_never_ends_gives_way_to_events_and_does_not_sleep()
    {
        (SafeFileHandle ours, SafeFileHandle peer) = _rig.Pair();
        CountingHandler handler = new();
        using Registration registration = Loop.Register(ours, Readiness.Readable, handler);
        int rounds = 0;
        RecordingWork work = new(() => { });
        work.Work = () =>
        {
            rounds++;
            Loop.AtTurnEnd(work);
        };
        Loop.AtTurnEnd(work);
        Loop.RunOnce(TimeSpan.Zero);
        int inOneTurn = rounds;
        Assert.InRange(inOneTurn, 2, 100);

        Stopwatch watch = Stopwatch.StartNew();
        Loop.RunOnce(LoopRig.Deadline);
        Assert.True(watch.Elapsed < LoopRig.Deadline / 2);
        Assert.Equal(2 * inOneTurn, rounds);

        peer.WriteSome([1]);
        Loop.RunOnce(LoopRig.Deadline);
        Assert.Equal(1, handler.Calls);
        Assert.Equal(3 * inOneTurn, rounds);
    }

    private sealed class CountingHandler(Action? ready = null) : IReadyHandler
    {
        public int Calls { get; private set; }

        public Readiness Last { get; private set; }

        public void OnReady(Readiness readiness)
        {
            Calls++;
            Last = readiness;
            ready?.Invoke();
        }
    }

    private sealed class RecordingWork(Action work) : ITurnEndWork
    {
        public Action Work { get; set; } = work;

        public void OnTurnEnd() => Work();
    }
}
