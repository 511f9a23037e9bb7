using Mono.Unix.Native;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The files in which guests' output is kept: whole, in order, by name, and nobody's brake.</summary>
public sealed class GuestLogTests
{
    private const string ThreadName = "xcsd-logs";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_log_has_what_the_guest_printed_byte_for_byte_and_the_list_says_so(bool classic)
    {
        const int Bytes = 1 << 20;
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web", classic);
        SeededStream output = Lab.Seeded("output");
        await guest.WriteAsync(output.Take(0, Bytes), Lab.Cancel);

        ConsoleEntry entry = await LoggedAsync(lab, Bytes);
        Assert.Equal(LogOf(lab, "web"), entry.Log);
        Assert.Equal((ulong)Bytes, entry.BytesLogged);
        Assert.Equal(0UL, entry.BytesNotLogged);
        Assert.Equal(output.Take(0, Bytes), await ReadAsync(lab, "web"));
        ChildResult json = await ChildProcess.RunAsync(
            Executables.Cli, ["--socket", lab.Places.Console, "list", "--json"], Lab.Cancel);
        Assert.Contains($"\"{LogOf(lab, "web")}\"", json.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Somebody_who_follows_the_log_by_its_name_gets_every_byte_over_a_rotation()
    {
        const int Limit = 64 << 10;
        const int Bytes = (2 * Limit) + 1000;
        await using Lab lab = await Lab.StartAsync("--Consoles:LogBytes=64 KiB", "--Consoles:LogFiles=2");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        SeededStream output = Lab.Seeded("output");
        StreamVerifier followed = new("tail -F", output, Bytes);
        Transcript progress = new("tail -F");
        ChildProcess tail = lab.Own(ChildProcess.Start(
            "tail",
            ["-F", "-c", "+1", LogOf(lab, "web")],
            new()
            {
                OnOutput = bytes =>
                {
                    followed.Accept(bytes);
                    progress.Append(bytes);
                },
            }));

        // In steps that it has seen: whoever follows by the name cannot follow two rotations in one look.
        for (int position = 0; position < Bytes;)
        {
            int step = Math.Min(10_000, Bytes - position);
            await guest.WriteAsync(output.Take(position, step), Lab.Cancel);
            position += step;
            await progress.WaitForLengthAsync(position, Lab.Cancel);
        }

        await followed.CheckAsync(Lab.Cancel);
        Lab.Print(tail.Error.Text);
        Assert.Equal(Limit, new FileInfo(LogOf(lab, "web") + ".1").Length);
        Assert.Equal(Limit, new FileInfo(LogOf(lab, "web") + ".2").Length);
        Assert.Equal(1000, new FileInfo(LogOf(lab, "web")).Length);
    }

    [Fact]
    public async Task A_restarted_daemon_goes_on_with_the_log_and_writes_nothing_twice()
    {
        const int Part = 100_000;
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        SeededStream output = Lab.Seeded("output");
        await guest.WriteAsync(output.Take(0, Part), Lab.Cancel);
        await LoggedAsync(lab, Part);
        await lab.Daemon.Kill9Async(Lab.Cancel);

        // What the ring does not hold is with the guest, who waits for the next daemon.
        Task writing = guest.WriteAsync(output.Take(Part, Part), Lab.Cancel);
        await lab.RestartAsync();
        await writing;

        // A daemon that follows one that was killed goes on counting.
        await LoggedAsync(lab, 2 * Part);
        Assert.Equal(output.Take(0, 2 * Part), await ReadAsync(lab, "web"));
    }

    [Fact]
    public async Task A_guest_that_is_killed_has_its_last_bytes_in_the_log_and_its_successor_goes_on()
    {
        const int Part = 100_000;
        await using Lab lab = await Lab.StartAsync();
        SeededStream output = Lab.Seeded("output");
        for (int life = 0; life < 3; life++)
        {
            (GuestProgram guest, uint domid) = await lab.ConsoleGuestAsync("web");
            await guest.WriteAsync(output.Take(life * Part, Part), Lab.Cancel);
            await WaitAsync(lab, entry => entry.BytesOut == Part, "its output");
            await guest.Kill9Async(Lab.Cancel);
            await OperatorQuery.WaitForListAsync(
                lab.Places.Console, list => list.Domains.All(d => d.Domid != domid), "its end", Lab.Cancel);
        }

        Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));
        Assert.Equal(output.Take(0, 3 * Part), await ReadAsync(lab, "web"));
    }

    [Fact]
    public async Task A_daemon_that_is_stopped_writes_what_has_gathered_first()
    {
        const int Bytes = 500_000;
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        SeededStream output = Lab.Seeded("output");
        await using (HeldThread? held = await HeldThread.HoldAsync(lab.Daemon.Pid, ThreadName, Lab.Cancel))
        {
            // So that there is something: the disk would be done before anybody could ask it to stop.
            Assert.SkipWhen(held is null, HeldThread.Refused);
            await guest.WriteAsync(output.Take(0, Bytes), Lab.Cancel);
            await WaitAsync(lab, entry => entry.BytesOut == Bytes, "its output");
            lab.Daemon.Process.Signal(Signum.SIGTERM);
            await lab.Daemon.Notify.Messages.WaitForTextAsync("STOPPING=1\n", Lab.Cancel);
        }

        Assert.Equal(0, await lab.Daemon.Process.WaitAsync(Lab.Cancel));
        Assert.Equal(output.Take(0, Bytes), await ReadAsync(lab, "web"));
    }

    [Fact]
    public async Task D03_A_disk_that_hangs_stops_neither_the_guest_nor_its_viewers_nor_the_daemons_end()
    {
        const int Bytes = 3 << 20;
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        SeededStream output = Lab.Seeded("output");
        StreamVerifier viewer = new("viewer", output, Bytes);
        await lab.AttachAsync("web all", viewer.Accept);
        await using HeldThread? held = await HeldThread.HoldAsync(lab.Daemon.Pid, ThreadName, Lab.Cancel);
        Assert.SkipWhen(held is null, HeldThread.Refused);

        await guest.WriteAsync(output.Take(0, Bytes), Lab.Cancel);
        await viewer.CheckAsync(Lab.Cancel);
        ConsoleEntry entry = GuestOf(await lab.ListAsync())!;
        Assert.Equal(0UL, entry.BytesLogged);
        Assert.InRange(entry.BytesNotLogged, 1UL << 20, 3UL << 20);

        Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));
        Assert.Contains("is incomplete", lab.Daemon.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_is_told_once_and_forgotten_when_there_is_room()
    {
        const int Bytes = 200_000;
        const int Backlog = 16 << 10;
        await using Lab lab = await Lab.StartAsync("--Consoles:HistoryBytes=16 KiB", "--Consoles:BootBytes=0");
        using SmallFileSystem? small = SmallFileSystem.TryMount(lab.Places.LogDirectory, 64 << 10);
        Assert.SkipWhen(small is null, SmallFileSystem.Refused);
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        small.Fill();
        Transcript seen = new("viewer");
        await lab.AttachAsync("web all", seen.Append);
        SeededStream output = Lab.Seeded("output");
        await guest.WriteAsync(output.Take(0, Bytes), Lab.Cancel);
        await seen.WaitForLengthAsync(Bytes - Backlog, Lab.Cancel);
        await WaitAsync(lab, entry => entry.BytesNotLogged == Bytes - Backlog, "the log's loss");
        await lab.Daemon.Process.Error.WaitForTextAsync("ENOSPC", Lab.Cancel);

        small.Empty();
        lab.Daemon.Process.Signal(Signum.SIGHUP); // at once, and not only within the half minute
        ConsoleEntry entry = await LoggedAsync(lab, Backlog);
        byte[] log = await ReadAsync(lab, "web");
        Assert.Equal(output.Take(Bytes - Backlog, Backlog), log[^Backlog..]);
        Assert.Equal($"\r\n[gap: {Bytes - Backlog:N0} bytes]\r\n", System.Text.Encoding.ASCII.GetString(log[..^Backlog]));
        Assert.Equal(entry.BytesOut, entry.BytesLogged + entry.BytesNotLogged);
        Assert.Equal(1, lab.Daemon.Log.Split("ENOSPC").Length - 1);
    }

    [Fact]
    public async Task After_a_hang_up_signal_the_logs_that_somebody_renamed_are_left_alone()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        await guest.WriteAsync("before\n", Lab.Cancel);
        await LoggedAsync(lab, 7);
        File.Move(LogOf(lab, "web"), LogOf(lab, "web") + "-20261124");
        lab.Daemon.Process.Signal(Signum.SIGHUP);
        using (FileSystemWatcher watcher = new(lab.Places.LogDirectory))
        {
            TaskCompletionSource made = new();
            watcher.Created += (_, _) => made.TrySetResult();
            watcher.EnableRaisingEvents = true;
            if (!File.Exists(LogOf(lab, "web")))
            {
                await made.Task.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
            }
        }

        await guest.WriteAsync("behind\n", Lab.Cancel);
        await LoggedAsync(lab, 14);
        Assert.Equal("before\n", await File.ReadAllTextAsync(LogOf(lab, "web") + "-20261124", Lab.Cancel));
        Assert.Equal("behind\n", await File.ReadAllTextAsync(LogOf(lab, "web"), Lab.Cancel));
    }

    [Fact]
    public async Task Without_logs_there_is_no_file_no_thread_and_a_hang_up_signal_means_nothing()
    {
        await using Lab lab = await Lab.StartAsync("--Consoles:LogDirectory=");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        Transcript seen = new("viewer");
        await lab.AttachAsync("web", seen.Append);
        lab.Daemon.Process.Signal(Signum.SIGHUP);
        await guest.WriteAsync("here\n", Lab.Cancel);
        await seen.WaitForTextAsync("here\n", Lab.Cancel);

        Assert.Null(GuestOf(await lab.ListAsync())!.Log);
        Assert.DoesNotContain(ProcessFigures.Sleeps(lab.Daemon.Pid).Values, thread => thread.Name == ThreadName);
        Assert.False(Directory.Exists(lab.Places.LogDirectory));
    }

    [Fact]
    public async Task A_hostile_name_stays_in_the_directory()
    {
        const uint Domid = 9;
        await using Lab lab = await Lab.StartAsync();
        await using GuestProgram guest = GuestProgram.StartConsole(lab.Machine, new GuestOptions("web", Domid));
        await lab.ConnectedAsync("web");
        Assert.Equal(0, (await lab.Machine.CommandAsync(
            Lab.Cancel, "store", "write", $"/local/domain/{Domid}/name", "../../etc/passwd")).ExitCode);
        await OperatorQuery.WaitForListAsync(
            lab.Places.Console, list => GuestOf(list) is { } console && console.Name != "web", "the name", Lab.Cancel);
        await guest.WriteAsync("x", Lab.Cancel);
        ConsoleEntry entry = await LoggedAsync(lab, 1);
        Assert.Equal(LogOf(lab, "domain-9"), entry.Log);
        Assert.Equal(
            [entry.Log!],
            Directory.GetFileSystemEntries(lab.Places.LogDirectory).Where(path => !path.EndsWith("/hypervisor.log", StringComparison.Ordinal)));
    }

    private static string LogOf(Lab lab, string name) => Path.Combine(lab.Places.LogDirectory, $"guest-{name}.log");

    private static Task<byte[]> ReadAsync(Lab lab, string name) => File.ReadAllBytesAsync(LogOf(lab, name), Lab.Cancel);

    private static Task<ConsoleEntry> LoggedAsync(Lab lab, int bytes)
        => WaitAsync(lab, entry => entry.BytesLogged == (ulong)bytes, $"{bytes} logged bytes");

    /// <summary>The one console of the one guest; Xen's own messages are another's.</summary>
    private static ConsoleEntry? GuestOf(DomainList list)
        => list.Domains.SelectMany(domain => domain.Consoles ?? []).SingleOrDefault(console => console.Name != "xen");

    private static async Task<ConsoleEntry> WaitAsync(Lab lab, Func<ConsoleEntry, bool> condition, string wanted)
        => GuestOf(await OperatorQuery.WaitForListAsync(
            lab.Places.Console, list => GuestOf(list) is { } console && condition(console), wanted, Lab.Cancel))!;
}
