using Mono.Unix.Native;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>What users that a policy names may do, each as a process of that user.</summary>
public sealed class AccessTests
{
    private const string Stranger = "65532";
    private const string Writer = "65533";
    private const string Viewer = "65534";

    /// <summary>Sends a line and prints the daemon's: any program will do as a client.</summary>
    private const string Ask =
        """
        use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "connect: $!"; print $s "$ARGV[1]\n"; $s->flush;
        print scalar <$s>; print scalar(<$s>) // "" if $ARGV[1] =~ /^(LIST|TOP|METRICS|WHO)/;
        """;

    [Fact]
    public async Task Each_user_may_do_what_the_policy_says_and_refused_attempts_are_logged()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be other users");
        await using Lab lab = await StartAsync("--Handlers:Shutdown=on");
        await lab.ConsoleGuestAsync("web");
        await lab.ConsoleGuestAsync("db");

        foreach (string line in (string[])["LIST", "TOP", "METRICS"])
        {
            string seen = await AskAsync(lab, Viewer, line);
            Assert.Contains("\"web\"", seen, StringComparison.Ordinal);
            Assert.DoesNotContain("\"db\"", seen, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("\"db\"", await AskAsync(lab, Viewer, "WHO"), StringComparison.Ordinal);
        Assert.StartsWith("OK", await AskAsync(lab, Viewer, "STATUS"), StringComparison.Ordinal);
        Assert.EndsWith(" seat=reader\n", await AskAsync(lab, Viewer, "ATTACH web mode=rw"), StringComparison.Ordinal);
        Assert.StartsWith("OK", await AskAsync(lab, Viewer, "LOG web"), StringComparison.Ordinal);
        Assert.StartsWith("ERR unknown-domain ", await AskAsync(lab, Viewer, "ATTACH db"), StringComparison.Ordinal);
        Assert.StartsWith("ERR unknown-domain ", await AskAsync(lab, Viewer, "LOG db"), StringComparison.Ordinal);
        foreach (string line in (string[])["ATTACH web mode=take", "ATTACH web mode=exclusive", "CONSOLE-ADD web", "CONSOLE-DEL web", "SHUTDOWN web"])
        {
            Assert.StartsWith("ERR not-permitted ", await AskAsync(lab, Viewer, line), StringComparison.Ordinal);
        }

        Assert.EndsWith(" seat=writer\n", await AskAsync(lab, Writer, "ATTACH web mode=take"), StringComparison.Ordinal);
        Assert.StartsWith("ERR not-permitted ", await AskAsync(lab, Writer, "SHUTDOWN web"), StringComparison.Ordinal);
        foreach (string line in (string[])["LIST", "STATUS", "TOP", "METRICS", "WHO", "ATTACH web", "LOG web", "TAKE 1"])
        {
            Assert.StartsWith("ERR not-permitted ", await AskAsync(lab, Stranger, line), StringComparison.Ordinal);
        }

        Assert.EndsWith(" seat=writer\n", await AskAsync(lab, "0", "ATTACH db mode=rw"), StringComparison.Ordinal);
        Assert.Contains($"refused to uid {Stranger}", lab.Daemon.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hang_up_signal_takes_a_new_policy_and_keeps_the_old_one_when_that_is_wrong()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be other users");
        await using Lab lab = await StartAsync();
        Assert.StartsWith("ERR", await AskAsync(lab, Stranger, "STATUS"), StringComparison.Ordinal);

        await File.WriteAllTextAsync(PolicyOf(lab.Machine), $$"""{"rules": [{"user": "{{Stranger}}", "right": "view"}]}""", Lab.Cancel);
        await ReloadAsync(lab, Stranger, "OK");
        Assert.StartsWith("ERR", await AskAsync(lab, Viewer, "STATUS"), StringComparison.Ordinal);

        await File.WriteAllTextAsync(PolicyOf(lab.Machine), """{"rules": [{"user": "65534", "right": "all"}]}""", Lab.Cancel);
        lab.Daemon.Process.Signal(Signum.SIGHUP);
        await lab.Daemon.Process.Error.WaitForTextAsync("rule 1: its right is 'all'", Lab.Cancel);
        Assert.StartsWith("OK", await AskAsync(lab, Stranger, "STATUS"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"rules": [{"user": "no-such-user", "right": "view"}]}""", "600", "no user 'no-such-user'")]
    [InlineData("""{"rules": [""", "600", "line 1")]
    [InlineData("""{"rules": []}""", "620", "chmod go-w")]
    [InlineData(null, "600", "Could not find")]
    public async Task A_wrong_policy_ends_the_start_with_the_remedy(string? text, string mode, string said)
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        if (text is not null)
        {
            await File.WriteAllTextAsync(PolicyOf(machine), text, Lab.Cancel);
            File.SetUnixFileMode(PolicyOf(machine), (UnixFileMode)Convert.ToInt32(mode, 8));
        }

        ChildResult result = await XcsdDaemon.RunAsync(
            new DaemonPlaces(machine), Lab.Cancel, [$"--Sockets:AccessFile={PolicyOf(machine)}"]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(said, result.Error, StringComparison.Ordinal);
        Assert.Contains("Sockets:AccessFile", result.Error, StringComparison.Ordinal);
    }

    private static string PolicyOf(SimMachine machine) => Path.Combine(machine.State, "access.json");

    private static async Task<Lab> StartAsync(params string[] settings)
    {
        SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);

        // For other users to come as far as the socket.
        File.SetUnixFileMode(Path.GetDirectoryName(new DaemonPlaces(machine).Console)!, (UnixFileMode)Convert.ToInt32("755", 8));
        await File.WriteAllTextAsync(
            PolicyOf(machine),
            $$"""
            {"rules": [
              {"group": "{{Viewer}}", "domains": ["we?"], "right": "view"},
              {"user": "{{Writer}}", "domains": ["web"], "right": "write"}
            ]}
            """,
            Lab.Cancel);
        return await Lab.StartAsync(machine, [$"--Sockets:AccessFile={PolicyOf(machine)}", "--Sockets:Mode=0666", .. settings]);
    }

    private static async Task<string> AskAsync(Lab lab, string user, string line)
    {
        ChildResult result = await ChildProcess.RunAsync(
            "setpriv",
            ["--reuid", user, "--regid", user, "--clear-groups", "perl", "-e", Ask, lab.Places.Console, line],
            Lab.Cancel);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return result.Output;
    }

    private static async Task ReloadAsync(Lab lab, string user, string answer)
    {
        lab.Daemon.Process.Signal(Signum.SIGHUP);

        // Nothing is said when it is done; the answer changes.
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!(await AskAsync(lab, user, "STATUS")).StartsWith(answer, StringComparison.Ordinal))
        {
            Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < Transcript.DefaultDeadline, "the policy is still the old one");
        }
    }
}
