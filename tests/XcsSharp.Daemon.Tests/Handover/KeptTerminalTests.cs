using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>Terminals outlive a daemon that is restarted or killed: who has one open is not hung up, and no byte is lost or comes twice.</summary>
public sealed class KeptTerminalTests
{
    /// <summary>How a daemon's life ends.</summary>
    public enum End
    {
        Restart,
        Kill,
    }

    [Theory]
    [InlineData(End.Restart, false)]
    [InlineData(End.Kill, false)]
    [InlineData(End.Restart, true)]
    [InlineData(End.Kill, true)]
    public async Task Who_has_a_terminal_open_keeps_it_and_gets_every_byte(End end, bool classic)
    {
        const int Lives = 4;
        const int Bytes = 64 << 10;
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager);
        SeededStream all = Lab.Seeded("output");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web", classic);
        string device = TargetOf(lab, "web");
        StreamVerifier? received = null;
        PtyTerminal terminal = lab.OpenPty("web", bytes => Volatile.Read(ref received)!.Accept(bytes));
        for (int life = 1; life <= Lives; life++)
        {
            SeededStream sent = all.Fork($"life {life}");
            Volatile.Write(ref received, new StreamVerifier($"terminal in life {life}", sent, Bytes));
            await guest.WriteAsync(sent.Take(0, Bytes), Lab.Cancel);

            // All of it: what a killed daemon has taken from the ring and nobody has read is lost.
            await received.CheckAsync(Lab.Cancel);
            if (life > 1)
            {
                Assert.Equal(device, TargetOf(lab, "web"));
            }

            await terminal.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"typed {life}\n"), Lab.Cancel);
            await guest.Output.WaitForTextAsync($"typed {life}\n", Lab.Cancel);
            if (life < Lives)
            {
                await EndAsync(lab, end);
                Assert.Equal(device, TargetOf(lab, "web"));
                await lab.RestartAsync();
            }
        }

        received!.Check();
        Assert.False(terminal.Ended.IsCompleted, "it was hung up");
        Assert.Equal(device, TargetOf(lab, "web"));
        Assert.Single(manager.Store.Names);
    }

    [Fact]
    public async Task What_is_printed_and_typed_while_no_daemon_runs_comes_with_the_next()
    {
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager);
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        Transcript seen = new("terminal");
        PtyTerminal terminal = lab.OpenPty("web", seen.Append);
        await lab.Daemon.Kill9Async(Lab.Cancel);

        await guest.WriteAsync("printed meanwhile\n", Lab.Cancel);
        await terminal.WriteAsync("typed meanwhile\n"u8.ToArray(), Lab.Cancel);
        await lab.RestartAsync();

        await seen.WaitForTextAsync("printed meanwhile\n", Lab.Cancel);
        await guest.Output.WaitForTextAsync("typed meanwhile\n", Lab.Cancel);
    }

    [Fact]
    public async Task What_nobody_has_read_from_the_terminal_waits_there_over_a_restart()
    {
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager);
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        await guest.WriteAsync("unread\n", Lab.Cancel);
        Transcript viewer = new("viewer");
        await lab.AttachAsync("web", viewer.Append);
        await viewer.WaitForTextAsync("unread\n", Lab.Cancel);

        await lab.Daemon.TerminateAsync(Lab.Cancel);
        await lab.RestartAsync();

        Transcript seen = new("terminal");
        lab.OpenPty("web", seen.Append);
        await seen.WaitForTextAsync("unread\n", Lab.Cancel);
    }

    [Fact]
    public async Task A_terminal_is_kept_from_when_it_opens_and_until_its_domain_goes()
    {
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager);
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        await lab.Daemon.Notify.Messages.WaitForTextAsync("FDNAME=~pty.", Lab.Cancel);
        Assert.Equal(2, manager.Store.Count);

        await guest.Kill9Async(Lab.Cancel);

        await lab.Daemon.Notify.Messages.WaitForTextAsync("FDSTOREREMOVE=1\nFDNAME=~pty.", Lab.Cancel);
        Assert.Equal(0, manager.Store.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_domid_that_is_used_again_while_no_daemon_runs_gets_another_terminal(bool again)
    {
        const uint Domid = 7;
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager);
        GuestProgram first = GuestProgram.StartConsole(lab.Machine, new GuestOptions("web", Domid));
        await lab.ConnectedAsync("web");
        PtyTerminal terminal = lab.OpenPty("web", static _ => { });
        await lab.Daemon.Kill9Async(Lab.Cancel);
        await first.DisposeAsync();
        GuestProgram? second = again ? lab.Own(GuestProgram.StartConsole(lab.Machine, new GuestOptions("web", Domid))) : null;

        await lab.RestartAsync();

        // The first one's is hung up, and nothing of it is left.
        await terminal.Ended.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        if (second is null)
        {
            Assert.Empty(Directory.GetFileSystemEntries(lab.Places.PtyDirectory));
            Assert.Equal(0, manager.Store.Count);
            return;
        }

        await lab.ConnectedAsync("web");
        Transcript seen = new("the second one's terminal");
        lab.OpenPty("web", seen.Append);
        await second.WriteAsync("hello\n", Lab.Cancel);
        await seen.WaitForTextAsync("hello\n", Lab.Cancel);
        Assert.Equal("hello\n", seen.Text);
        Assert.Single(manager.Store.Names);
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("")]
    public async Task A_daemon_that_is_stopped_leaves_no_terminal_no_link_and_no_key(string job)
    {
        using PlayedSystemd manager = new() { Job = job };
        await using Lab lab = await Lab.StartKeptAsync(manager);
        (GuestProgram _, uint _) = await lab.ConsoleGuestAsync("web");
        PtyTerminal terminal = lab.OpenPty("web", static _ => { });

        Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));

        await terminal.Ended.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        Assert.Empty(Directory.GetFileSystemEntries(lab.Places.PtyDirectory));
        Assert.Equal(0, manager.Store.Count);
    }

    [Fact]
    public async Task Terminals_beyond_the_stores_limit_are_served_and_not_kept_and_the_log_says_so_once()
    {
        using PlayedSystemd manager = new(capacity: 4);
        await using Lab lab = await Lab.StartKeptAsync(manager);
        List<PtyTerminal> terminals = [];
        foreach (string name in (string[])["one", "two", "three"])
        {
            Transcript seen = new(name);
            (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync(name);
            terminals.Add(lab.OpenPty(name, seen.Append));
            await guest.WriteAsync("served\n", Lab.Cancel);
            await seen.WaitForTextAsync("served\n", Lab.Cancel);
        }

        await lab.Daemon.TerminateAsync(Lab.Cancel);
        string log = lab.Daemon.Log;
        await lab.RestartAsync();

        await terminals[1].Ended.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        await terminals[2].Ended.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        Assert.False(terminals[0].Ended.IsCompleted, "the one that is kept was hung up");
        Assert.Equal(1, log.Split("No more than 1 terminals are kept").Length - 1);
    }

    [Fact]
    public async Task A_terminal_that_somebody_hung_up_is_not_kept_and_the_one_in_its_place_is()
    {
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager);
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        await lab.Daemon.Notify.Messages.WaitForTextAsync("FDNAME=~pty.", Lab.Cancel);
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "hanging up a terminal needs root (CAP_SYS_ADMIN)");
        const string HangUp = "open(my $t, '+<', $ARGV[0]) or exit 2; ioctl($t, 0x5437, 0) or exit 3;"; // TIOCVHANGUP
        ChildResult hungUp = await ChildProcess.RunAsync("perl", ["-e", HangUp, lab.PtyOf("web")], Lab.Cancel);
        Assert.SkipWhen(hungUp.ExitCode == 3, "hanging up a terminal was refused: CAP_SYS_ADMIN is missing");
        await lab.Daemon.Notify.Messages.WaitAsync(
            static bytes => bytes.Count("FDSTORE=1\n"u8) == 2, "another terminal", null, Lab.Cancel);

        await lab.Daemon.Kill9Async(Lab.Cancel);
        await lab.RestartAsync();

        Transcript seen = new("terminal");
        lab.OpenPty("web", seen.Append);
        await guest.WriteAsync("after it\n", Lab.Cancel);
        await seen.WaitForTextAsync("after it\n", Lab.Cancel);
    }

    private static async Task EndAsync(Lab lab, End end)
    {
        if (end == End.Kill)
        {
            await lab.Daemon.Kill9Async(Lab.Cancel);
        }
        else
        {
            Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));
        }
    }

    private static string TargetOf(Lab lab, string name) => new FileInfo(lab.PtyOf(name)).LinkTarget ?? "no link";
}
