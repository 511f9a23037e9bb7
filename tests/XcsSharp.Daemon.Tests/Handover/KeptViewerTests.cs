using Mono.Unix.Native;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>Viewers and histories outlive a daemon that is restarted or upgraded: nothing is lost, nothing comes twice, and the figures go on.</summary>
public sealed class KeptViewerTests
{
    /// <summary>What another daemon follows.</summary>
    public enum Change
    {
        Restart,
        Upgrade,
    }

    [Theory]
    [InlineData(Change.Restart, false)]
    [InlineData(Change.Upgrade, false)]
    [InlineData(Change.Restart, true)]
    [InlineData(Change.Upgrade, true)]
    public async Task Viewers_stay_and_get_each_byte_once_under_load(Change change, bool classic)
    {
        const int Changes = 3;
        const int Bytes = 1 << 20;
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager);
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web", classic);
        SeededStream sent = Lab.Seeded("output");
        StreamVerifier viewed = new("viewer", sent, Bytes);
        StreamVerifier shown = new("terminal", sent, Bytes);
        ConsoleSocket viewer = await lab.AttachAsync("web mode=rw", viewed.Accept);
        PtyTerminal terminal = lab.OpenPty("web", shown.Accept);
        Task writing = guest.WriteAsync(sent.Take(0, Bytes), Lab.Cancel);
        for (int i = 1; i <= Changes; i++)
        {
            await Handovers.MakeAsync(lab, change == Change.Restart);
            await viewer.SendAsync(System.Text.Encoding.ASCII.GetBytes($"typed {i}\n"), Lab.Cancel);
            await guest.Output.WaitForTextAsync($"typed {i}\n", Lab.Cancel);
        }

        await writing;
        await viewed.CheckAsync(Lab.Cancel);
        await shown.CheckAsync(Lab.Cancel);
        Assert.False(viewer.Ended.IsCompleted || terminal.Ended.IsCompleted, "somebody was hung up");
        DomainEntry entry = await lab.ConnectedAsync("web");
        Assert.Equal(((ulong)Bytes, 0UL, 1), (entry.BytesOut, entry.BytesDropped, entry.Viewers));
    }

    [Theory]
    [InlineData(Change.Restart)]
    [InlineData(Change.Upgrade)]
    public async Task Histories_with_their_gaps_and_figures_go_on(Change change)
    {
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager, "--Consoles:BootBytes=4096", "--Consoles:HistoryBytes=65536");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        SeededStream sent = Lab.Seeded("output");
        const int First = 200_000;
        await PrintAsync(lab, guest, sent, 0, First);
        byte[] before = await Handovers.ReadLogAsync(lab, "web");
        DomainEntry figures = (await lab.ListAsync()).Domains[0];
        string log = Path.Combine(lab.Places.LogDirectory, "guest-web.log");

        await Handovers.MakeAsync(lab, change == Change.Restart);

        Assert.Equal(before, await Handovers.ReadLogAsync(lab, "web"));
        DomainEntry after = await lab.ConnectedAsync("web");
        Assert.Equal((figures.BytesOut, figures.BytesIn, figures.BytesDropped), (after.BytesOut, after.BytesIn, after.BytesDropped));

        // And they go on as if nothing had been: the same boot part, and the newest bytes.
        await PrintAsync(lab, guest, sent, First, First);
        byte[] later = await Handovers.ReadLogAsync(lab, "web");
        Assert.Equal(sent.Take(0, 4096).ToArray(), later[..4096]);
        Assert.Equal(sent.Take((2 * First) - 65536, 65536).ToArray(), later[^65536..]);
        Assert.Equal(sent.Take(0, 2 * First).ToArray(), await File.ReadAllBytesAsync(log, Lab.Cancel));
    }

    [Theory]
    [InlineData(Change.Restart)]
    [InlineData(Change.Upgrade)]
    public async Task A_log_whose_disk_is_full_gets_all_of_it_from_the_next_daemon(Change change)
    {
        const int Bytes = 100_000;
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager);
        using SmallFileSystem? small = SmallFileSystem.TryMount(lab.Places.LogDirectory, 1 << 20);
        Assert.SkipWhen(small is null, SmallFileSystem.Refused);
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        small.Fill();
        SeededStream sent = Lab.Seeded("output");
        await guest.WriteAsync(sent.Take(0, Bytes), Lab.Cancel);
        await OperatorQuery.WaitForListAsync(lab.Places.Console, static list => list.Domains[0].BytesOut == Bytes, "all of it", Lab.Cancel);
        await lab.Daemon.Process.Error.WaitForTextAsync("ENOSPC", Lab.Cancel);

        await Handovers.MakeAsync(lab, change == Change.Restart);

        small.Empty();
        lab.Daemon.Process.Signal(Signum.SIGHUP); // at once, and not only within the half minute
        await guest.WriteAsync(sent.Take(Bytes, 10), Lab.Cancel);
        DomainList logged = await OperatorQuery.WaitForListAsync(
            lab.Places.Console, static list => list.Domains[0].Consoles![0].BytesLogged == Bytes + 10, "all of it in the log", Lab.Cancel);
        Assert.Equal(0UL, logged.Domains[0].Consoles![0].BytesNotLogged);
        Assert.Equal(
            sent.Take(0, Bytes + 10).ToArray(), await File.ReadAllBytesAsync(Path.Combine(lab.Places.LogDirectory, "guest-web.log"), Lab.Cancel));
    }

    [Theory]
    [InlineData(Change.Restart)]
    [InlineData(Change.Upgrade)]
    public async Task The_hypervisors_log_comes_once(Change change)
    {
        const string Wanted = "(XEN) one\n(XEN) two\n";
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager, "--Consoles:HypervisorLog=on");
        await lab.Machine.CommandAsync(Lab.Cancel, "log", "(XEN) one");
        Transcript seen = new("viewer");
        await lab.AttachAsync("xen all", seen.Append);
        await seen.WaitForTextAsync("one\n", Lab.Cancel);

        await Handovers.MakeAsync(lab, change == Change.Restart);

        await lab.Machine.CommandAsync(Lab.Cancel, "log", "(XEN) two");
        await seen.WaitForTextAsync("two\n", Lab.Cancel);
        Assert.Equal(Wanted, seen.Text);
        Assert.Equal(Wanted, System.Text.Encoding.ASCII.GetString(await Handovers.ReadLogAsync(lab, "xen")));
        await OperatorQuery.WaitForListAsync(
            lab.Places.Console, static list => list.Domains[0].Consoles![0].BytesLogged == (ulong)Wanted.Length, "all of it in the log", Lab.Cancel);
        Assert.Equal(Wanted, await File.ReadAllTextAsync(Path.Combine(lab.Places.LogDirectory, "hypervisor.log"), Lab.Cancel));
    }

    /// <summary>Piece by piece, each in the log before the next: more at once than the history holds, and a log that a busy disk holds up misses some.</summary>
    private static async Task PrintAsync(Lab lab, GuestProgram guest, SeededStream sent, int from, int count)
    {
        const int Piece = 20_000;
        for (int end = from + Piece; end <= from + count; end += Piece)
        {
            await guest.WriteAsync(sent.Take(end - Piece, Piece), Lab.Cancel);
            ulong wanted = (ulong)end;
            await OperatorQuery.WaitForListAsync(
                lab.Places.Console, list => list.Domains[0].Consoles![0].BytesLogged == wanted, "all of it in the log", Lab.Cancel);
        }
    }

    [Theory]
    [InlineData(Change.Restart)]
    [InlineData(Change.Upgrade)]
    public async Task Who_types_and_who_waits_for_the_seat_stays_so(Change change)
    {
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager);
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        await lab.AttachAsync("web mode=rw", static _ => { });
        ConsoleSocket second = await lab.AttachAsync("web mode=rw", static _ => { });
        await lab.AttachAsync("web mode=ro", static _ => { });
        ConsoleSocket taker = await lab.AttachAsync("web mode=take", static _ => { });
        ViewerList before = await OperatorQuery.WhoAsync(lab.Places.Console, Lab.Cancel);

        await Handovers.MakeAsync(lab, change == Change.Restart);

        ViewerList after = await OperatorQuery.WhoAsync(lab.Places.Console, Lab.Cancel);
        Assert.Equal(before.Consoles[0].Writer, after.Consoles[0].Writer);
        Assert.Equal(before.Consoles[0].Viewers.Select(Known), after.Consoles[0].Viewers.Select(Known));
        await taker.SendAsync("by the taker\n"u8.ToArray(), Lab.Cancel);
        await guest.Output.WaitForTextAsync("by the taker\n", Lab.Cancel);

        // The seat goes back to whom it was taken from, and not to who waits longest.
        await taker.DisposeAsync();
        ViewerList then = await OperatorQuery.WaitForViewersAsync(lab.Places.Console, static list => list.Consoles[0].Viewers.Count == 3, "it to leave", Lab.Cancel);
        Assert.Equal(before.Consoles[0].Viewers[0].Id, then.Consoles[0].Writer);
        Assert.False(second.Ended.IsCompleted);

        static (ulong, uint, int, string, bool) Known(ViewerEntry viewer) => (viewer.Id, viewer.Uid, viewer.Pid, viewer.Mode, viewer.Writer);
    }

    [Fact]
    public async Task What_a_viewer_has_not_read_and_what_the_guest_has_not_read_come_afterwards()
    {
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager, "--Consoles:ViewerQueueBytes=65536");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        SeededStream sent = Lab.Seeded("output");
        const int Bytes = 600_000;
        ConsoleSocket slow = lab.Own(await ConsoleSocket.AttachWithoutReadingAsync(lab.Places.Console, "web new", Lab.Cancel));
        await guest.WriteAsync(sent.Take(0, Bytes), Lab.Cancel);
        await OperatorQuery.WaitForListAsync(lab.Places.Console, static list => list.Domains[0].BytesOut == Bytes, "all of it", Lab.Cancel);

        await Handovers.MakeAsync(lab, restart: true);
        await Handovers.MakeAsync(lab, restart: false);

        StreamVerifier viewed = new("slow viewer", sent, Bytes);
        slow.Read(viewed.Accept);
        await viewed.CheckAsync(Lab.Cancel);
    }

    [Fact]
    public async Task After_a_kill_viewers_are_hung_up_and_nothing_of_before_is_left_in_the_store()
    {
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager);
        await lab.ConsoleGuestAsync("web");
        ConsoleSocket viewer = await lab.AttachAsync("web", static _ => { });
        await Handovers.MakeAsync(lab, restart: true);
        Assert.Equal(["~pty"], manager.Store.Names.Select(static name => name.Split('.')[0]));

        await lab.Daemon.Kill9Async(Lab.Cancel);

        await viewer.Ended.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
    }

    [Theory]
    [InlineData("not a state\n", "does not begin as a state")]
    [InlineData("xcsd-state 1000\n{}", "its version is not one of those")]
    [InlineData("xcsd-state 2\n{\"writer\": 1}", "state that is wrong")]
    public async Task A_state_that_cannot_be_read_is_named_and_the_daemon_begins_anew(string document, string problem)
    {
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager);
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        ConsoleSocket viewer = await lab.AttachAsync("web", static _ => { });
        Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));
        manager.Store.Overwrite("~state", System.Text.Encoding.UTF8.GetBytes(document));

        await lab.RestartAsync();

        await viewer.Ended.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        Transcript seen = new("terminal");
        lab.OpenPty("web", seen.Append);
        await guest.WriteAsync("served\n", Lab.Cancel);
        await seen.WaitForTextAsync("served\n", Lab.Cancel);
        await lab.Daemon.Process.Error.WaitForTextAsync("can not be read, and all begins anew", Lab.Cancel);
        if (problem != "state that is wrong")
        {
            Assert.Contains(problem, lab.Daemon.Log, StringComparison.Ordinal);
        }
    }

    /// <summary>One console of two, or the bytes of one.</summary>
    [Theory]
    [InlineData("\"number\":-1,", "\"number\":77,", "there is no such number")]
    [InlineData("\"newest\":{\"offset\":0,", "\"newest\":{\"offset\":1000000,", "its output is not there")]
    public async Task A_console_that_cannot_be_read_begins_anew_and_the_others_go_on(string right, string wrong, string problem)
    {
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager, "--Consoles:BootBytes=0");
        (GuestProgram web, uint webId) = await lab.ConsoleGuestAsync("web");
        (GuestProgram db, uint _) = await lab.ConsoleGuestAsync("db");
        ConsoleSocket hungUp = await lab.AttachAsync("web", static _ => { });
        Transcript seen = new("viewer of the other");
        ConsoleSocket stays = await lab.AttachAsync("db", seen.Append);
        await web.WriteAsync("before\n", Lab.Cancel);
        await OperatorQuery.WaitForListAsync(lab.Places.Console, static list => list.Domains.All(static domain => domain.Name != "web" || domain.BytesOut > 0), "output", Lab.Cancel);
        await db.WriteAsync("before\n", Lab.Cancel);
        await seen.WaitForTextAsync("before\n", Lab.Cancel);
        Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));
        string state = System.Text.Encoding.UTF8.GetString(manager.Store.Read("~state"));
        int console = state.IndexOf($"\"domid\":{webId},", StringComparison.Ordinal);
        int at = state.IndexOf(right, console, StringComparison.Ordinal);
        Assert.True(console > 0 && at > console, state);
        manager.Store.Overwrite("~state", System.Text.Encoding.UTF8.GetBytes(state[..at] + wrong + state[(at + right.Length)..]));

        await lab.RestartAsync();

        await hungUp.Ended.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        await db.WriteAsync("after\n", Lab.Cancel);
        await seen.WaitForTextAsync("before\nafter\n", Lab.Cancel);
        Assert.False(stays.Ended.IsCompleted, "the other's viewer was hung up");
        Assert.Equal("before\nafter\n", System.Text.Encoding.ASCII.GetString(await Handovers.ReadLogAsync(lab, "db")));
        await web.WriteAsync("anew\n", Lab.Cancel);
        await OperatorQuery.WaitForListAsync(lab.Places.Console, static list => list.Domains.All(static domain => domain.BytesOut > 0), "output", Lab.Cancel);
        Assert.EndsWith("anew\n", System.Text.Encoding.ASCII.GetString(await Handovers.ReadLogAsync(lab, "web")), StringComparison.Ordinal);
        await lab.Daemon.Process.Error.WaitForTextAsync($"a part can not be read: console", Lab.Cancel);
        Assert.Contains(problem, lab.Daemon.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_newer_daemon_has_left_under_names_unknown_here_is_closed()
    {
        using PlayedSystemd manager = new();
        await using Lab lab = await Lab.StartKeptAsync(manager);
        Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));
        manager.Store.Overwrite("~of-tomorrow.1", [1, 2, 3]);

        await lab.RestartAsync();

        Assert.Empty(manager.Store.Names);
    }

    [Fact]
    public async Task Viewers_beyond_the_stores_limit_are_hung_up_by_a_restart_and_the_log_says_so()
    {
        using PlayedSystemd manager = new(capacity: 6);
        await using Lab lab = await Lab.StartKeptAsync(manager);
        await lab.ConsoleGuestAsync("web");
        ConsoleSocket[] viewers = [await lab.AttachAsync("web", static _ => { }), await lab.AttachAsync("web", static _ => { }), await lab.AttachAsync("web", static _ => { })];

        string log = await Handovers.MakeAsync(lab, restart: true);

        await viewers[2].Ended.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        Assert.False(viewers[0].Ended.IsCompleted || viewers[1].Ended.IsCompleted, "one that was kept was hung up");
        Assert.Equal(2, (await lab.ConnectedAsync("web")).Viewers);
        Assert.Contains("1 viewers are hung up", log, StringComparison.Ordinal);
    }
}
