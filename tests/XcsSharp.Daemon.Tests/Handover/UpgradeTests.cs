using System.Net.Sockets;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary><c>xcsctl upgrade</c>: another program in the daemon's process, and terminals stay open.</summary>
public sealed class UpgradeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Another_program_goes_on_in_the_same_process_with_the_same_terminals(bool stored)
    {
        const int Upgrades = 3;
        using PlayedSystemd manager = new(capacity: stored ? 64 : 0);
        await using Lab lab = await Lab.StartKeptAsync(manager);
        (GuestProgram guest, uint domid) = await lab.ConsoleGuestAsync("web");
        string? device = new FileInfo(lab.PtyOf("web")).LinkTarget;
        Transcript seen = new("terminal");
        PtyTerminal terminal = lab.OpenPty("web", seen.Append);
        for (int upgrade = 1; upgrade <= Upgrades; upgrade++)
        {
            ChildResult result = await UpgradeAsync(lab);

            Assert.Equal($"xcsd {DaemonVersion.Text} serves now, in process {lab.Daemon.Pid}\n", result.Output);
            Assert.Equal(0, result.ExitCode);
            Assert.Equal(domid, (await lab.ConnectedAsync("web")).Domid);
            Assert.Equal(device, new FileInfo(lab.PtyOf("web")).LinkTarget);
            await guest.WriteAsync($"printed {upgrade}\n", Lab.Cancel);
            await seen.WaitForTextAsync($"printed {upgrade}\n", Lab.Cancel);
            await terminal.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"typed {upgrade}\n"), Lab.Cancel);
            await guest.Output.WaitForTextAsync($"typed {upgrade}\n", Lab.Cancel);
        }

        Assert.False(terminal.Ended.IsCompleted, "it was hung up");
        Assert.Equal("printed 1\nprinted 2\nprinted 3\n", seen.Text);
        Assert.Equal(stored ? 2 : 0, manager.Store.Count);
    }

    [Fact]
    public async Task Who_connects_meanwhile_waits_and_is_served_by_the_next_program()
    {
        await using Lab lab = await Lab.StartAsync();
        await lab.ConsoleGuestAsync("web");
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(Lab.Cancel);
        int answers = 0;
        Task asking = Task.Run(
            async () =>
            {
                while (!over.IsCancellationRequested)
                {
                    try
                    {
                        _ = await lab.StatusAsync();
                        answers++;
                    }
                    catch (Exception ended) when (ended is SocketException or IOException)
                    {
                        // It had been accepted, and was not answered yet.
                    }
                }
            },
            Lab.Cancel);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(0, (await UpgradeAsync(lab)).ExitCode);
        }

        await over.CancelAsync();
        await asking;
        Assert.True(answers > 0);
    }

    [Fact]
    public async Task As_json_it_says_who_serves_now()
    {
        await using Lab lab = await Lab.StartAsync();

        ChildResult result = await UpgradeAsync(lab, "--json");

        Assert.Equal($"{{\"version\":\"{DaemonVersion.Text}\",\"pid\":{lab.Daemon.Pid}}}\n", result.Output);
    }

    [Fact]
    public async Task An_executable_that_does_not_read_the_state_is_refused_and_nothing_changes()
    {
        (Lab installedLab, string installed) = await StartInstalledAsync();
        await using Lab lab = installedLab;
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        Transcript seen = new("terminal");
        PtyTerminal terminal = lab.OpenPty("web", seen.Append);

        // dpkg's way: another file of that name.
        Install("#!/bin/sh\nexit 2\n", installed);
        ChildResult result = await UpgradeAsync(lab);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("does not read what this daemon would leave it", result.Error, StringComparison.Ordinal);
        Assert.Contains("Nothing has changed", result.Error, StringComparison.Ordinal);
        await guest.WriteAsync("still here\n", Lab.Cancel);
        await seen.WaitForTextAsync("still here\n", Lab.Cancel);
        Assert.False(terminal.Ended.IsCompleted, "it was hung up");

        File.Delete(installed);
        Assert.Contains("can not be started", (await UpgradeAsync(lab)).Error, StringComparison.Ordinal);
    }

    /// <summary>It said that it could, and then cannot be executed: the daemon of before goes on.</summary>
    [Fact]
    public async Task When_the_executable_cannot_take_over_after_all_the_daemon_goes_on()
    {
        (Lab installedLab, string installed) = await StartInstalledAsync();
        await using Lab lab = installedLab;
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        Transcript seen = new("terminal");
        PtyTerminal terminal = lab.OpenPty("web", seen.Append);
        Install($"#!/bin/sh\nrm '{installed}'\nexit 0\n", installed);

        ChildResult result = await UpgradeAsync(lab);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("execve", result.Error, StringComparison.Ordinal);
        await lab.ConnectedAsync("web");
        await guest.WriteAsync("still here\n", Lab.Cancel);
        await seen.WaitForTextAsync("still here\n", Lab.Cancel);
        await terminal.WriteAsync("typed\n"u8.ToArray(), Lab.Cancel);
        await guest.Output.WaitForTextAsync("typed\n", Lab.Cancel);
        Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));
        Assert.Empty(Directory.GetFileSystemEntries(lab.Places.PtyDirectory));
        Assert.False(File.Exists(lab.Places.Console), "a socket is left");
    }

    /// <summary>Whatever is wrong with the consoles of the one before: sockets, their locks and terminals are of another part, and nothing is served without them.</summary>
    [Theory]
    [InlineData("s/\"number\":-1,\"hasFullName\"/\"number\":77,\"hasFullName\"/", "no such number", false)]
    [InlineData("s/\"lastViewerId\":/\"lastViewerId\":-/", "lastViewerId", true)]
    [InlineData("s/\"lostByDeparted\":/\"unknown\":/", "unknown", false)]
    public async Task When_consoles_cannot_be_read_terminals_and_sockets_go_on_and_the_operator_is_answered(string change, string problem, bool isAll)
    {
        (Lab installedLab, string installed) = await StartInstalledAsync();
        await using Lab lab = installedLab;
        (GuestProgram web, uint _) = await lab.ConsoleGuestAsync("web");
        Transcript seen = new("terminal");
        PtyTerminal terminal = lab.OpenPty("web", seen.Append);
        ConsoleSocket viewer = await lab.AttachAsync("web", static _ => { });
        (GuestProgram db, uint _) = await lab.ConsoleGuestAsync("db");
        Transcript seenOfOther = new("viewer of the other");
        ConsoleSocket other = await lab.AttachAsync("db", seenOfOther.Append);
        InstallChanging(change, installed);

        ChildResult result = await UpgradeAsync(lab);

        Assert.Equal((0, $"xcsd {DaemonVersion.Text} serves now, in process {lab.Daemon.Pid}\n"), (result.ExitCode, result.Output));
        await viewer.Ended.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        await lab.ConnectedAsync("web");
        await web.WriteAsync("printed\n", Lab.Cancel);
        await seen.WaitForTextAsync("printed\n", Lab.Cancel);
        await terminal.WriteAsync("typed\n"u8.ToArray(), Lab.Cancel);
        await web.Output.WaitForTextAsync("typed\n", Lab.Cancel);
        await lab.ConnectedAsync("db");
        await db.WriteAsync("of the other\n", Lab.Cancel);
        if (isAll)
        {
            await other.Ended.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        }
        else
        {
            await seenOfOther.WaitForTextAsync("of the other\n", Lab.Cancel);
        }

        await lab.Daemon.Process.Error.WaitForTextAsync("a part can not be read", Lab.Cancel);
        Assert.Contains(problem, lab.Daemon.Log, StringComparison.Ordinal);
    }

    /// <summary>The descriptors are open in this process and nobody knows them: another process has to begin.</summary>
    [Fact]
    public async Task When_nothing_of_it_can_be_read_the_daemon_ends_so_that_another_is_started()
    {
        (Lab installedLab, string installed) = await StartInstalledAsync();
        await using Lab lab = installedLab;
        InstallChanging("s/^xcsd-state/nothing/", installed);

        _ = await UpgradeAsync(lab);

        Assert.Equal(ExitCode.LoopFailed, await lab.Daemon.Process.WaitAsync(Lab.Cancel));
        Assert.Contains("does not begin as a state", lab.Daemon.Log, StringComparison.Ordinal);
        File.Copy(Executables.Daemon, installed, overwrite: true);
        await lab.RestartAsync();
        _ = await lab.StatusAsync();
    }

    /// <summary>SIGTERM was said to this program: the next one would not know of it.</summary>
    [Fact]
    public async Task A_daemon_that_is_being_stopped_is_not_upgraded()
    {
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager);
        await lab.ConsoleGuestAsync("web");
        Task<FileStream> asked = manager.HoldJob();
        lab.Daemon.Process.Signal(Mono.Unix.Native.Signum.SIGTERM);
        ChildResult result;
        await using (FileStream answer = await asked.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel))
        {
            result = await UpgradeAsync(lab);
        }

        Assert.NotEqual(0, result.ExitCode);
        await CheckStoppedAsync(lab);
    }

    /// <summary>The logs get two seconds for their last output, and that is when it is told to stop.</summary>
    [Fact]
    public async Task A_daemon_that_is_stopped_while_it_ends_for_an_upgrade_stops_and_the_operator_is_answered()
    {
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager);
        manager.Job = "stop";
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        ChildResult result;
        await using (HeldThread? held = await HeldThread.HoldAsync(lab.Daemon.Pid, "xcsd-logs", Lab.Cancel))
        {
            Assert.SkipWhen(held is null, HeldThread.Refused);
            await guest.WriteAsync("printed\n", Lab.Cancel);
            await OperatorQuery.WaitForListAsync(lab.Places.Console, static list => list.Domains[0].BytesOut > 0, "its output", Lab.Cancel);
            Task<ChildResult> upgrading = UpgradeAsync(lab);
            await lab.Daemon.Process.Error.WaitForTextAsync("stay open for the daemon that follows", Lab.Cancel);
            lab.Daemon.Process.Signal(Mono.Unix.Native.Signum.SIGTERM);
            result = await upgrading;
        }

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("the daemon is being stopped", result.Error, StringComparison.Ordinal);
        await CheckStoppedAsync(lab, lives: 2);
    }

    [Theory]
    [InlineData("admin", null, 0)]
    [InlineData("admin", "web*", 1)]
    [InlineData("write", null, 1)]
    public async Task It_is_for_who_may_do_all_with_every_domain(string right, string? domains, int exitCode)
    {
        const int Uid = 1234;
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        string access = machine["access.json"];
        string rule = domains is null ? "" : $", \"domains\": [\"{domains}\"]";
        await File.WriteAllTextAsync(access, $"{{\"rules\": [{{\"user\": \"{Uid}\"{rule}, \"right\": \"{right}\"}}]}}", Lab.Cancel);
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "asking as another user needs root");
        DaemonPlaces places = new(machine);
        await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(
            places, Lab.Cancel, [$"--Sockets:AccessFile={access}", "--Sockets:Mode=0666"]);
        File.SetUnixFileMode(Path.GetDirectoryName(places.Console)!, (UnixFileMode)0b111_111_111);

        ChildResult result = await ChildProcess.RunAsync(
            "setpriv",
            [$"--reuid={Uid}", "--clear-groups", "--regid=1234", Executables.Cli, "upgrade", "--socket", places.Console],
            Lab.Cancel);

        Assert.Equal(exitCode, result.ExitCode);
        if (exitCode != 0)
        {
            Assert.Contains("who may do all with every domain", result.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("1", 0)]
    [InlineData("0", 2)]
    [InlineData("1000", 2)]
    [InlineData("x", 2)]
    public async Task An_executable_says_which_states_it_reads(string version, int exitCode)
        => Assert.Equal(exitCode, (await ChildProcess.RunAsync(Executables.Daemon, ["--reads-state", version], Lab.Cancel)).ExitCode);

    private static async Task CheckStoppedAsync(Lab lab, int lives = 1)
    {
        Assert.Equal(0, await lab.Daemon.Process.WaitAsync(Lab.Cancel));
        Assert.Empty(Directory.GetFileSystemEntries(lab.Places.PtyDirectory));
        Assert.Equal(lives, System.Text.RegularExpressions.Regex.Count(lab.Daemon.Log, "serves [0-9]+ domains"));
    }

    /// <summary>A daemon of its own file, which the test may replace.</summary>
    private static async Task<(Lab Lab, string Executable)> StartInstalledAsync()
    {
        SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        string executable = machine["xcsd"];
        File.Copy(Executables.Daemon, executable);
        DaemonLaunch launch = new()
        {
            Executable = executable,
            Environment = new Dictionary<string, string> { ["XCS_SIMXEN_LIBRARY"] = Executables.Path("libsimxen.so") },
        };
        return (await Lab.StartAsync(machine, [], launch), executable);
    }

    private static Task<ChildResult> UpgradeAsync(Lab lab, params string[] options)
        => ChildProcess.RunAsync(Executables.Cli, ["upgrade", "--socket", lab.Places.Console, .. options], Lab.Cancel);

    /// <summary>A program that changes what the daemon before has left, and then is this daemon.</summary>
    private static void InstallChanging(string change, string path)
        => Install(
            $$"""
            #!/usr/bin/perl
            exit 0 if $ARGV[0] eq "--reads-state";
            my $state = "/proc/self/fd/" . (split /:/, $ENV{XCS_HANDOVER})[1];
            open(my $in, "<", $state) or die $!;
            my $document = do { local $/; <$in> };
            ($document =~ {{change}}) or die "nothing to change: $document";
            open(my $out, ">", $state) or die $!;
            print $out $document;
            close($out);
            exec { "{{Executables.Daemon}}" } "{{Executables.Daemon}}", @ARGV or die $!;

            """,
            path);

    private static void Install(string script, string path)
    {
        File.WriteAllText(path + ".new", script);
        File.SetUnixFileMode(path + ".new", UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.Move(path + ".new", path, overwrite: true);
    }
}
