using System.Diagnostics;
using System.Text;

using Mono.Unix.Native;

using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>What users that a policy names may do, each as a process of that user.</summary>
public sealed class AccessTests
{
    private const string Root = "0";
    private const string Admin = "65530";
    private const string AdminOfWeb = "65531";
    private const string Stranger = "65532";
    private const string Writer = "65533";
    private const string Viewer = "65534";

    /// <summary>Sends a line and prints the daemon's: any program will do as a client.</summary>
    private const string Ask =
        """
        use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "connect: $!"; print $s "$ARGV[1]\n"; $s->flush;
        print scalar <$s>; print scalar(<$s>) // "" if $ARGV[1] =~ /^(LIST|TOP|METRICS|WHO)/;
        """;

    /// <summary>Sends records to an xcs socket, those of its command line and then those of its input, and prints what each is answered with.</summary>
    private const string Speak =
        """
        use IO::Socket::UNIX; $| = 1; $SIG{PIPE} = "IGNORE"; my $s = IO::Socket::UNIX->new(Peer => shift) or die "connect: $!";
        while (defined(my $record = @ARGV ? shift : <STDIN>)) {
            syswrite $s, pack("H*", $record); my $reply = "";
            while (length $reply < 80) { sysread($s, $reply, 80 - length $reply, length $reply) or print("closed\n"), exit }
            print unpack("H*", $reply), "\n";
        }
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

    [Fact]
    public async Task The_xcs_sockets_are_for_who_may_do_all_with_every_domain()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be other users");
        await using Lab lab = await StartAsync();
        await lab.ConsoleGuestAsync("web");
        string[] sockets = [lab.Places.Xcs, lab.Places.Classic];
        foreach (string user in (string[])[Viewer, Writer, AdminOfWeb, Stranger])
        {
            foreach (string socket in sockets)
            {
                Assert.Null(await GreetAsync(socket, user, ClassicHello));
                Assert.Null(await GreetAsync(socket, user, ExtendedHello));
            }

            Assert.Contains($"xcs socket: refused to uid {user}, pid ", lab.Daemon.Log, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await lab.StatusAsync()).Sessions);
        foreach (string user in (string[])[Root, Admin])
        {
            foreach (string socket in sockets)
            {
                AssertBegun(RecordType.ConnectControl, await GreetAsync(socket, user, ClassicHello));
                AssertBegun(RecordType.ConnectExtended, await GreetAsync(socket, user, ExtendedHello));
            }
        }
    }

    [Fact]
    public async Task Refused_on_the_xcs_sockets_on_and_on_fills_no_log()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be other users");
        await using Lab lab = await StartAsync();
        long start = Stopwatch.GetTimestamp();
        ChildResult result = await AsAsync(
            Viewer, "perl", "-e", """use IO::Socket::UNIX; for (1 .. 500) { my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die; sysread $s, my $end, 1 }""", lab.Places.Xcs);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));

        // So many as the console socket's denials have in 10 seconds.
        int windows = 1 + (int)(Stopwatch.GetElapsedTime(start) / TimeSpan.FromSeconds(10)) + 1;
        Assert.InRange(lab.Daemon.Log.Split("xcs socket: refused").Length - 1, 32, 32 * windows);
        Assert.Equal(0, (await lab.StatusAsync()).Sessions);
    }

    [Fact]
    public async Task A_dump_without_the_rights_says_who_has_them()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be other users");
        await using Lab lab = await StartAsync();
        ChildResult result = await AsAsync(
            Viewer, Executables.Cli, "dump", "--xcs-socket", lab.Places.Xcs, "--socket", lab.Places.Console);
        Assert.Equal((3, ""), (result.ExitCode, result.Output));
        Assert.Contains("root and for who has the right 'admin' on all domains", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_stays_when_its_user_loses_the_rights_and_is_not_come_back_to()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be other users");
        await using Lab lab = await StartAsync();
        ChildProcess held = lab.Own(ChildProcess.Start("setpriv", As(Admin, "perl", "-e", Speak, lab.Places.Xcs, Hexadecimal(ClassicHello))));
        await held.Output.WaitForTextAsync("\n", Lab.Cancel);
        XcsRecord begun = FromHexadecimal(held.Output.Text.Trim());
        AssertBegun(RecordType.ConnectControl, begun);

        await File.WriteAllTextAsync(PolicyOf(lab.Machine), $$"""{"rules": [{"user": "{{Admin}}", "right": "write"}, {"user": "{{Stranger}}", "right": "view"}]}""", Lab.Cancel);
        await ReloadAsync(lab, Stranger, "OK");
        XcsRecord data = new() { Type = RecordType.ConnectData, SessionId = begun.SessionId };
        Assert.Null(await GreetAsync(lab.Places.Xcs, Admin, data));

        XcsRecord bind = new() { Type = RecordType.Bind, BindPort = ProtocolLimits.PortWildcard, BindType = ProtocolLimits.TypeWildcard };
        await held.Input.WriteAsync(Encoding.ASCII.GetBytes(Hexadecimal(bind) + "\n"), Lab.Cancel);
        await held.Input.FlushAsync(Lab.Cancel);
        await held.Output.WaitForTextAsync(Hexadecimal(bind)[..8], Lab.Cancel);
        Assert.Equal(RecordResult.Ok, FromHexadecimal(held.Output.Text.Split('\n')[1]).Result);
        Assert.Equal(RecordResult.Ok, (await GreetAsync(lab.Places.Xcs, Root, data))!.Value.Result);
    }

    [Fact]
    public async Task Without_a_policy_the_xcs_sockets_are_for_whoever_may_connect()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be other users");
        await using Lab lab = await StartOpenAsync(await SimMachine.StartAsync(Lab.Cancel));
        AssertBegun(RecordType.ConnectControl, await GreetAsync(lab.Places.Xcs, Stranger, ClassicHello));
        AssertBegun(RecordType.ConnectExtended, await GreetAsync(lab.Places.Xcs, Stranger, ExtendedHello));
    }

    [Fact]
    public async Task While_a_new_policy_is_slow_to_read_everybody_is_served_by_the_old_one()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be other users");
        await using Lab lab = await StartAsync();
        string policy = PolicyOf(lab.Machine);
        File.Delete(policy);
        Assert.Equal(0, Syscall.mkfifo(policy, FilePermissions.S_IRUSR | FilePermissions.S_IWUSR));

        lab.Daemon.Process.Signal(Signum.SIGHUP);

        // Opened when the daemon has: from here on it waits for what we write.
        await using FileStream slow = await Task.Run(() => new FileStream(policy, FileMode.Open, FileAccess.Write), Lab.Cancel)
            .WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        Assert.StartsWith("OK", await AskAsync(lab, Viewer, "STATUS").WaitAsync(Transcript.DefaultDeadline, Lab.Cancel), StringComparison.Ordinal);
        Assert.StartsWith("ERR", await AskAsync(lab, Stranger, "STATUS"), StringComparison.Ordinal);

        await slow.WriteAsync(System.Text.Encoding.UTF8.GetBytes($$"""{"rules": [{"user": "{{Stranger}}", "right": "view"}]}"""), Lab.Cancel);
        await slow.DisposeAsync();
        await UntilAnsweredAsync(lab, Stranger, "OK");
    }

    [Fact]
    public async Task Policies_that_are_asked_for_at_once_are_read_one_after_the_other_and_the_last_one_counts()
    {
        const int Askers = 100;
        SemaphoreSlim begun = new(0);
        SemaphoreSlim mayGoOn = new(0);
        int readers = 0;
        int reads = 0;
        bool wereTwo = false;
        BackgroundReload reload = new(() =>
        {
            wereTwo |= Interlocked.Increment(ref readers) != 1;
            reads++;
            _ = begun.Release();
            mayGoOn.Wait();
            _ = Interlocked.Decrement(ref readers);
        });

        reload.Ask();
        Assert.True(await begun.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel));
        Parallel.For(0, Askers, _ => reload.Ask());
        _ = mayGoOn.Release();

        // One for all of them, which begins behind the last.
        Assert.True(await begun.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel), "those who asked meanwhile got nothing");
        _ = mayGoOn.Release(Askers);
        reload.Ask();
        Assert.True(await begun.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel), "it is not read any more");
        Assert.Equal((3, false), (reads, wereTwo));
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

    private static XcsRecord ClassicHello => new() { Type = RecordType.ConnectControl };

    private static XcsRecord ExtendedHello => new()
    {
        Type = RecordType.ConnectExtended,
        Result = (RecordResult)uint.MaxValue,
        ExtensionVersion = ProtocolLimits.ExtensionVersion,
        Extensions = Extensions.News,
    };

    private static string PolicyOf(SimMachine machine) => Path.Combine(machine.State, "access.json");

    private static async Task<Lab> StartAsync(params string[] settings)
    {
        SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        await File.WriteAllTextAsync(
            PolicyOf(machine),
            $$"""
            {"rules": [
              {"group": "{{Viewer}}", "domains": ["we?"], "right": "view"},
              {"user": "{{Writer}}", "domains": ["web"], "right": "write"},
              {"user": "{{AdminOfWeb}}", "domains": ["web"], "right": "admin"},
              {"user": "{{AdminOfWeb}}", "right": "write"},
              {"group": "{{Admin}}", "right": "admin"}
            ]}
            """,
            Lab.Cancel);
        return await StartOpenAsync(machine, [$"--Sockets:AccessFile={PolicyOf(machine)}", .. settings]);
    }

    /// <summary>Other users come as far as the sockets.</summary>
    private static Task<Lab> StartOpenAsync(SimMachine machine, params string[] settings)
    {
        File.SetUnixFileMode(Path.GetDirectoryName(new DaemonPlaces(machine).Console)!, (UnixFileMode)Convert.ToInt32("755", 8));
        return Lab.StartAsync(machine, ["--Sockets:Mode=0666", .. settings]);
    }

    private static string[] As(string user, params string[] command) => ["--reuid", user, "--regid", user, "--clear-groups", .. command];

    private static Task<ChildResult> AsAsync(string user, params string[] command) => ChildProcess.RunAsync("setpriv", As(user, command), Lab.Cancel);

    /// <returns>What the daemon answers to a connection's first record; null when it closes it.</returns>
    private static async Task<XcsRecord?> GreetAsync(string socket, string user, XcsRecord first)
    {
        ChildResult result = await AsAsync(user, "perl", "-e", Speak, socket, Hexadecimal(first));
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return result.Output == "closed\n" ? null : FromHexadecimal(result.Output.Trim());
    }

    private static void AssertBegun(RecordType type, XcsRecord? reply)
    {
        Assert.Equal((type, RecordResult.Ok), (reply!.Value.Type, reply.Value.Result));
        Assert.NotEqual(0ul, reply.Value.SessionId);
    }

    private static string Hexadecimal(XcsRecord record) => Convert.ToHexStringLower(XcsRecord.Bytes(in record));

    private static XcsRecord FromHexadecimal(string text) => XcsRecord.Read(Convert.FromHexString(text));

    private static async Task<string> AskAsync(Lab lab, string user, string line)
    {
        ChildResult result = await AsAsync(user, "perl", "-e", Ask, lab.Places.Console, line);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return result.Output;
    }

    private static async Task ReloadAsync(Lab lab, string user, string answer)
    {
        lab.Daemon.Process.Signal(Signum.SIGHUP);
        await UntilAnsweredAsync(lab, user, answer);
    }

    private static async Task UntilAnsweredAsync(Lab lab, string user, string answer)
    {
        // Nothing is said when it is done; the answer changes.
        long start = Stopwatch.GetTimestamp();
        while (!(await AskAsync(lab, user, "STATUS")).StartsWith(answer, StringComparison.Ordinal))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Transcript.DefaultDeadline, "the policy is still the old one");
        }
    }
}
