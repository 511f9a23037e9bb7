using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

using Mono.Unix.Native;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The daemon as a service: readiness, stop, failure, watchdog, sockets from the service manager, idleness.</summary>
public sealed class LifeCycleTests
{
    private const int LoopFailed = 1;
    private const int CannotStart = 3;

    /// <summary>Its logs get two seconds for their last output, and the spool is its own until it has ended: another would take it for a killed daemon's.</summary>
    [Fact]
    public async Task Until_it_has_ended_no_other_daemon_begins_in_its_places()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        await using (HeldThread? held = await HeldThread.HoldAsync(lab.Daemon.Pid, "xcsd-logs", Lab.Cancel))
        {
            Assert.SkipWhen(held is null, HeldThread.Refused);
            await guest.WriteAsync("printed\n", Lab.Cancel);
            await OperatorQuery.WaitForListAsync(lab.Places.Console, static list => list.Domains[0].BytesOut > 0, "its output", Lab.Cancel);
            using FileSystemWatcher places = new(Path.GetDirectoryName(lab.Places.Console)!);
            TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            places.Deleted += (_, gone) => _ = gone.Name == Path.GetFileName(lab.Places.Console) && closed.TrySetResult();
            places.EnableRaisingEvents = true;
            lab.Daemon.Process.Signal(Signum.SIGTERM);
            await closed.Task.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);

            // However long the other one takes to start.
            lab.Daemon.Process.Signal(Signum.SIGSTOP);
            try
            {
                ChildResult second = await XcsdDaemon.RunAsync(lab.Places, Lab.Cancel, []);

                Assert.Equal(ExitCode.CannotStart, second.ExitCode);
                Assert.Contains("another daemon serves", second.Error, StringComparison.Ordinal);
            }
            finally
            {
                lab.Daemon.Process.Signal(Signum.SIGCONT);
            }
        }

        Assert.Equal(0, await lab.Daemon.Process.WaitAsync(Lab.Cancel));
        Assert.False(File.Exists(lab.Places.Console + ".lock"), "a lock is left");
        await lab.RestartAsync();
    }

    [Fact]
    public async Task When_it_says_ready_its_sockets_answer_and_the_guests_of_before_are_served()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        await using GuestProgram guest = GuestProgram.StartConsole(machine, new GuestOptions("early"));
        DaemonPlaces places = new(machine);
        long start = Stopwatch.GetTimestamp();
        await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(places, Lab.Cancel);
        Lab.Print($"ready after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms, {ProcessFigures.ResidentKiB(daemon.Pid)} KiB resident");

        foreach (string socket in (string[])[places.Xcs, places.Classic])
        {
            using RecordSubscriber subscriber = await RecordSubscriber.ConnectAsync(socket, Lab.Cancel);
        }

        Assert.Contains((await OperatorQuery.ListAsync(places.Console, Lab.Cancel)).Domains, domain => domain.Name == "early");
        await OperatorQuery.WaitForConnectedAsync(places.Console, "early", Lab.Cancel);
    }

    [Fact]
    public async Task Sigterm_stops_it_cleanly_and_nothing_is_left()
    {
        await using Lab lab = await Lab.StartAsync();
        await lab.ConsoleGuestAsync("web");
        ConsoleSocket viewer = await lab.AttachAsync("web", static _ => { });
        RecordSubscriber subscriber = await lab.SubscribeAsync();
        Assert.True(File.Exists(lab.PtyOf("web")));

        Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));

        Assert.Contains("STOPPING=1\n", lab.Daemon.Notify.Messages.Text, StringComparison.Ordinal);
        await viewer.Ended.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        await subscriber.Data.WaitForEndAsync(Lab.Cancel);
        string[] left =
        [
            .. new[] { lab.Places.Xcs, lab.Places.Classic, lab.Places.Console }.Where(File.Exists),
            .. Directory.Exists(lab.Places.PtyDirectory) ? Directory.GetFileSystemEntries(lab.Places.PtyDirectory) : [],
        ];
        Assert.Empty(left);
    }

    [Fact]
    public async Task A_daemon_that_was_killed_leaves_nothing_that_stops_the_next_one()
    {
        await using Lab lab = await Lab.StartAsync();
        await lab.ConsoleGuestAsync("web");
        await lab.Daemon.Kill9Async(Lab.Cancel);
        Assert.True(File.Exists(lab.Places.Xcs)); // the stale socket is there

        await lab.RestartAsync();

        await lab.ConnectedAsync("web");
        await lab.SubscribeAsync();
    }

    [Fact]
    public async Task When_the_machine_dies_under_it_it_ends_with_a_failure()
    {
        await using Lab lab = await Lab.StartAsync();
        await lab.ConsoleGuestAsync("web");

        await lab.Machine.Kill9Async(Lab.Cancel);

        Assert.Equal(LoopFailed, await lab.Daemon.Process.WaitAsync(Lab.Cancel));
        Assert.NotEmpty(lab.Daemon.Log);
    }

    [Fact]
    public async Task It_tells_the_watchdog_that_the_loop_turns()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonLaunch launch = new() { Environment = new Dictionary<string, string> { ["WATCHDOG_USEC"] = "200000" } };
        long start = Stopwatch.GetTimestamp();
        await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(new DaemonPlaces(machine), Lab.Cancel, launch: launch);

        const int Pings = 6;
        await daemon.Notify.Messages.WaitAsync(
            bytes => bytes.Count("WATCHDOG=1\n"u8) >= Pings, $"{Pings} pings", deadline: null, Lab.Cancel);

        // Every 100 ms: so the sixth needs 500 ms, a busy machine more, but no machine less.
        Assert.True(Stopwatch.GetElapsedTime(start) > TimeSpan.FromMilliseconds(450), "faster than half the interval");
    }

    [Fact]
    public async Task A_loop_that_hangs_is_not_said_to_be_alive_while_the_other_threads_are()
    {
        const int Periods = 5;
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonLaunch launch = new() { Environment = new Dictionary<string, string> { ["WATCHDOG_USEC"] = "200000" } };
        await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(new DaemonPlaces(machine), Lab.Cancel, launch: launch);
        await UntilPingsAsync(daemon, 2);
        long before;
        await using (HeldThread? held = await HeldThread.HoldAsync(daemon.Pid, "xcsd-loop", Lab.Cancel))
        {
            Assert.SkipWhen(held is null, HeldThread.Refused);
            before = await PingsSoFarAsync(daemon, "held");

            long woken = SleepsOf(daemon, ".NET SigHandler");
            daemon.Process.Signal(Mono.Unix.Native.Signum.SIGHUP);
            await Task.Delay(TimeSpan.FromMilliseconds(100 * Periods), Lab.Cancel); // for what must not come

            Assert.True(SleepsOf(daemon, ".NET SigHandler") > woken, "the other threads hang too");
            Assert.Equal(before, await PingsSoFarAsync(daemon, "still held"));
        }

        await UntilPingsAsync(daemon, before + 1);
    }

    [Fact]
    public async Task A_watchdog_that_does_not_read_holds_up_nobody_and_hears_of_us_when_it_reads_again()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonPlaces places = new(machine);
        DaemonLaunch launch = new() { Environment = new Dictionary<string, string> { ["WATCHDOG_USEC"] = "200000" } };
        await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(places, Lab.Cancel, launch: launch);
        await UntilPingsAsync(daemon, 2);
        await daemon.Notify.HoldAsync(Lab.Cancel);
        try
        {
            daemon.Notify.Fill();

            // For several times that it would tell it: each of them finds the queue full.
            long start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(500))
            {
                Assert.Equal(daemon.Pid, (await OperatorQuery.StatusAsync(places.Console, Lab.Cancel)).Pid);
            }
        }
        finally
        {
            daemon.Notify.GoOn();
        }

        await UntilPingsAsync(daemon, await PingsSoFarAsync(daemon, "reads again") + 2);
    }

    [Fact]
    public async Task Without_a_descriptor_left_it_lives_and_tells_the_watchdog_so()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonLaunch launch = new() { Environment = new Dictionary<string, string> { ["WATCHDOG_USEC"] = "200000" } };
        await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(new DaemonPlaces(machine), Lab.Cancel, launch: launch);
        await UntilPingsAsync(daemon, 2);

        ChildResult limited = await ChildProcess.RunAsync("prlimit", ["--pid", $"{daemon.Pid}", "--nofile=3:"], Lab.Cancel);
        Assert.Equal((0, ""), (limited.ExitCode, limited.Error));

        await UntilPingsAsync(daemon, await PingsSoFarAsync(daemon, "limited") + 5);
        Assert.False(daemon.Process.HasExited, daemon.Log);
    }

    [Fact]
    public async Task It_serves_on_the_sockets_that_the_service_manager_opened()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        await using GuestProgram guest = GuestProgram.StartConsole(machine, new GuestOptions("web"));
        DaemonPlaces places = new(machine);
        DaemonLaunch launch = new() { Prefix = PerlPrograms.Listening(places.Xcs, places.Console, places.Classic) };
        await using (XcsdDaemon daemon = await XcsdDaemon.StartAsync(places, Lab.Cancel, launch: launch))
        {
            await OperatorQuery.WaitForConnectedAsync(places.Console, "web", Lab.Cancel);
            using RecordSubscriber subscriber = await RecordSubscriber.ConnectAsync(places.Xcs, Lab.Cancel);
            using RecordSubscriber of2005 = await RecordSubscriber.ConnectAsync(places.Classic, Lab.Cancel);
            await subscriber.BindAsync(Lab.Cancel);
            await guest.WriteAsync("activated\n", Lab.Cancel);
            await subscriber.ReceiveAsync(Protocol.RecordType.Request, Lab.Cancel);
            Assert.Equal(0, await daemon.TerminateAsync(Lab.Cancel));
        }

        // They belong to the service manager, which goes on listening for the next start.
        Assert.True(File.Exists(places.Xcs) && File.Exists(places.Console) && File.Exists(places.Classic));
    }

    [Fact]
    public async Task Sockets_of_the_service_manager_are_told_apart_by_their_names_first()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonPlaces places = new(machine);
        string consoles = machine["activated.1"];
        string records = machine["activated.2"];
        DaemonLaunch launch = new()
        {
            Prefix = PerlPrograms.Listening(consoles, records),
            Environment = new Dictionary<string, string> { ["LISTEN_FDNAMES"] = "console:xcs" },
        };
        await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(places, Lab.Cancel, launch: launch);

        Assert.Equal(daemon.Pid, (await OperatorQuery.StatusAsync(consoles, Lab.Cancel)).Pid);
        using RecordSubscriber subscriber = await RecordSubscriber.ConnectAsync(records, Lab.Cancel);
        await subscriber.BindAsync(Lab.Cancel);

        // Not opened by the manager, so by the daemon.
        using RecordSubscriber of2005 = await RecordSubscriber.ConnectAsync(places.Classic, Lab.Cancel);
        Assert.False(File.Exists(places.Xcs) || File.Exists(places.Console), "a socket that was passed was also made");
    }

    [Theory]
    [InlineData("deaf:", "xcs.sock", "not a listening Unix stream socket")]
    [InlineData("", "elsewhere.sock", "no setting asks for")]
    public async Task A_socket_of_the_service_manager_that_is_of_no_use_ends_the_start(string kind, string name, string problem)
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonPlaces places = new(machine);
        string[] command =
            [.. PerlPrograms.Listening(kind + machine[name]), Executables.Daemon, .. places.Arguments()];

        ChildResult result = await ChildProcess.RunAsync(command[0], command[1..], Lab.Cancel, new() { Name = "xcsd" });

        Lab.Print(result.Error);
        Assert.Equal(CannotStart, result.ExitCode);
        Assert.Contains(problem, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at XcsSharp", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(places.Console), "a socket of the daemon's own is left");
    }

    [Fact]
    public async Task An_idle_daemon_sleeps()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        Transcript seen = new("viewer");
        await lab.AttachAsync("web", seen.Append);
        lab.OpenPty("web", static _ => { });
        RecordSubscriber subscriber = await lab.SubscribeAsync();
        await guest.WriteAsync("the last word\n", Lab.Cancel);
        await seen.WaitForTextAsync("the last word\n", Lab.Cancel);
        await subscriber.ReceiveAsync(Protocol.RecordType.Request, Lab.Cancel);
        await lab.Daemon.Process.Error.WaitForTextAsync("The start has settled: ", Lab.Cancel);

        // Nor does its meter wake it, once there is one.
        Assert.NotEmpty((await OperatorDocuments.InstrumentsAsync(lab.Places.Console, Lab.Cancel)).Instruments);
        await WatchAsync(TimeSpan.FromMilliseconds(300), lab); // its answer to the guest, and whatever else is under way

        IReadOnlyDictionary<string, long> sleeps = await WatchAsync(TimeSpan.FromSeconds(5), lab);

        Lab.Print(string.Join(", ", sleeps.Select(thread => $"{thread.Key}: {thread.Value}")));
        Assert.Equal(0, sleeps["xcsd-loop"]);
        Assert.Equal(0, sleeps["xcsd-logs"]);
        Assert.InRange(sleeps.Values.Sum(), 0, 5); // the runtime's own threads: winding down after the start
    }

    private static Task UntilPingsAsync(XcsdDaemon daemon, long count)
        => daemon.Notify.Messages.WaitAsync(
            bytes => bytes.Count("WATCHDOG=1\n"u8) >= count, $"{count} pings", deadline: null, Lab.Cancel);

    /// <summary>All that were sent before this was asked: a message of our own comes behind them.</summary>
    private static async Task<long> PingsSoFarAsync(XcsdDaemon daemon, string mark)
    {
        using Socket manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        await manager.SendToAsync(
            Encoding.ASCII.GetBytes($"X_TEST={mark}"), new UnixDomainSocketEndPoint(daemon.Notify.Path), Lab.Cancel);
        await daemon.Notify.Messages.WaitForTextAsync($"X_TEST={mark}\n", Lab.Cancel);
        return daemon.Notify.Messages.ToArray().AsSpan().Count("WATCHDOG=1\n"u8);
    }

    private static long SleepsOf(XcsdDaemon daemon, string thread)
        => ProcessFigures.Sleeps(daemon.Pid).Values.Where(figures => figures.Name == thread).Sum(figures => figures.Sleeps);

    /// <summary>How often each thread woke in that time: a thread that wakes has to go to sleep again.</summary>
    private static async Task<IReadOnlyDictionary<string, long>> WatchAsync(TimeSpan time, Lab lab)
    {
        IReadOnlyDictionary<int, (string Name, long Sleeps)> before = ProcessFigures.Sleeps(lab.Daemon.Pid);
        await Task.Delay(time, Lab.Cancel);
        IReadOnlyDictionary<int, (string Name, long Sleeps)> after = ProcessFigures.Sleeps(lab.Daemon.Pid);
        return after
            .Where(thread => before.ContainsKey(thread.Key))
            .GroupBy(thread => thread.Value.Name)
            .ToDictionary(
                group => group.Key, group => group.Sum(thread => thread.Value.Sleeps - before[thread.Key].Sleeps));
    }
}
