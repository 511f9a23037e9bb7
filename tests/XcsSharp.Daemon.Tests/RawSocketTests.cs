using Mono.Unix;
using Mono.Unix.Native;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The consoles' own sockets at the real daemon: bytes, rights, ends, and what a kill leaves.</summary>
public sealed class RawSocketTests
{
    private const string Stranger = "65532";
    private const string Writer = "65533";
    private const string Viewer = "65534";

    /// <summary>Types a line, and copies what comes to its output.</summary>
    private const string Type =
        """
        use IO::Socket::UNIX; $| = 1; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "connect: $!";
        print $s $ARGV[1]; $s->flush; while (sysread $s, my $bytes, 4096) { print $bytes; }
        """;

    [Fact]
    public async Task Bytes_of_every_kind_pass_both_ways_in_order()
    {
        const int OutputBytes = 256 << 10;
        const int InputBytes = 32 << 10;
        await using Lab lab = await StartAsync();
        SeededStream input = Lab.Seeded("input");
        StreamVerifier typed = new("guest", input, InputBytes);
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web1", input: typed.Accept);
        SeededStream output = Lab.Seeded("output");
        StreamVerifier seen = new("socket", output, OutputBytes);
        ConsoleSocket socket = lab.Own(await ConsoleSocket.ConnectAsync(SocketOf(lab, "web1"), seen.Accept, Lab.Cancel));
        await ViewersAsync(lab, 1);

        await Task.WhenAll(guest.WriteAsync(output.Take(0, OutputBytes), Lab.Cancel), socket.SendAsync(input.Take(0, InputBytes), Lab.Cancel));

        await seen.CheckAsync(Lab.Cancel);
        await typed.CheckAsync(Lab.Cancel);
        Assert.Equal(SocketOf(lab, "web1"), (await lab.ListAsync()).Domains.Single().Consoles!.Single().Socket);
    }

    [Fact]
    public async Task It_is_filtered_as_a_terminal_is()
    {
        await using Lab lab = await StartAsync("--Consoles:TerminalOutput=safe");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web1");
        Transcript seen = new("socket");
        lab.Own(await ConsoleSocket.ConnectAsync(SocketOf(lab, "web1"), seen.Append, Lab.Cancel));
        await guest.WriteAsync("\u001b]0;owned\a\u001b[31mred\u001b[m\u001b[6n end", Lab.Cancel);
        await seen.WaitForTextAsync("end", Lab.Cancel);
        Assert.Equal("\u001b[31mred\u001b[m end", seen.Text);
    }

    [Fact]
    public async Task The_policy_holds_here_as_on_the_console_socket()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be other users");
        SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        string policy = Path.Combine(machine.State, "access.json");
        await File.WriteAllTextAsync(
            policy,
            $$"""{"rules": [{"user": "{{Viewer}}", "domains": ["web?"], "right": "view"}, {"user": "{{Writer}}", "domains": ["web1"], "right": "write"}]}""",
            Lab.Cancel);
        await using Lab lab = await StartAsync(machine, "--Sockets:Mode=0666", "--Sockets:Group=daemon", $"--Sockets:AccessFile={policy}");

        // For other users to come as far as the socket.
        File.SetUnixFileMode(Path.GetDirectoryName(lab.Places.Console)!, (UnixFileMode)Convert.ToInt32("755", 8));
        Transcript typed = new("guest");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web1", input: typed.Append);
        UnixFileSystemInfo file = UnixFileSystemInfo.GetFileSystemEntry(SocketOf(lab, "web1"));
        Assert.Equal((new UnixGroupInfo("daemon").GroupId, Convert.ToInt32("666", 8)), (file.OwnerGroupId, (int)file.FileAccessPermissions));

        ChildResult stranger = await ChildProcess.RunAsync("setpriv", TypeAs(lab, Stranger, "x"), Lab.Cancel);
        Assert.Equal("", stranger.Output);
        await lab.Daemon.Process.Error.WaitForTextAsync($"refused to uid {Stranger}", Lab.Cancel);

        ChildProcess viewer = lab.Own(ChildProcess.Start("setpriv", TypeAs(lab, Viewer, "viewer\r")));
        await ViewersAsync(lab, 1);
        ChildProcess writer = lab.Own(ChildProcess.Start("setpriv", TypeAs(lab, Writer, "writer\r")));
        await typed.WaitForTextAsync("writer\r", Lab.Cancel);
        await guest.WriteAsync("hello", Lab.Cancel);
        await viewer.Output.WaitForTextAsync("hello", Lab.Cancel);
        await writer.Output.WaitForTextAsync("hello", Lab.Cancel);
        Assert.Equal(("writer\r", "hello"), (typed.Text, viewer.Output.Text));
    }

    [Fact]
    public async Task With_its_domain_it_ends_behind_the_last_byte_and_with_the_daemon_all_go()
    {
        await using Lab lab = await StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web1");
        await lab.ConsoleGuestAsync("db");
        Transcript seen = new("socket");
        ConsoleSocket socket = lab.Own(await ConsoleSocket.ConnectAsync(SocketOf(lab, "web1"), seen.Append, Lab.Cancel));
        await ViewersAsync(lab, 1);
        await guest.WriteAsync("last words", Lab.Cancel);
        await seen.WaitForTextAsync("last words", Lab.Cancel);
        await guest.Kill9Async(Lab.Cancel);
        await socket.Ended.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        Assert.Equal("last words", seen.Text);
        Assert.Equal(["db.sock", "db.sock.lock"], Files(lab));

        Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));
        Assert.Empty(Files(lab));
    }

    [Fact]
    public async Task After_a_kill_the_next_daemon_listens_anew_and_removes_what_is_left_of_guests_that_are_gone()
    {
        await using Lab lab = await StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web1");
        (GuestProgram gone, uint _) = await lab.ConsoleGuestAsync("db");
        await File.WriteAllTextAsync(Path.Combine(lab.Places.SocketDirectory, "notes.sock"), "mine", Lab.Cancel);
        await lab.Daemon.Process.Kill9Async(Lab.Cancel);
        await gone.Kill9Async(Lab.Cancel);
        await gone.DisposeAsync();
        Assert.Equal(["db.sock", "db.sock.lock", "notes.sock", "web1.sock", "web1.sock.lock"], Files(lab));

        await lab.RestartAsync();
        await lab.ConnectedAsync("web1");
        Transcript seen = new("socket");
        lab.Own(await ConsoleSocket.ConnectAsync(SocketOf(lab, "web1"), seen.Append, Lab.Cancel));
        await guest.WriteAsync("still here", Lab.Cancel);
        await seen.WaitForTextAsync("still here", Lab.Cancel);
        Assert.Equal(["notes.sock", "web1.sock", "web1.sock.lock"], Files(lab));
    }

    [Fact]
    public async Task A_hostile_name_stays_in_the_directory()
    {
        const uint Domid = 9;
        await using Lab lab = await StartAsync();
        await using GuestProgram guest = GuestProgram.StartConsole(lab.Machine, new GuestOptions("web", Domid));
        await lab.ConnectedAsync("web");
        string before = "web";
        foreach (string name in (string[])["../../etc/passwd", "a\u001b]0;owned\a\u001b[2J", "..", "web--back"])
        {
            Assert.Equal(0, (await lab.Machine.CommandAsync(Lab.Cancel, "store", "write", $"/local/domain/{Domid}/name", name)).ExitCode);
            DomainList list = await OperatorQuery.WaitForListAsync(
                lab.Places.Console, now => now.Domains.Single().Name != before, name, Lab.Cancel);
            before = list.Domains.Single().Name;
            string socket = list.Domains.Single().Consoles!.Single().Socket!;
            Assert.Equal(lab.Places.SocketDirectory, Path.GetDirectoryName(socket));
            Assert.Matches("^[A-Za-z0-9._+-]+$", Path.GetFileName(socket));
            Assert.Equal([socket, socket + ".lock"], Files(lab).Select(file => Path.Combine(lab.Places.SocketDirectory, file)));
        }
    }

    [Fact]
    public async Task A_directory_that_cannot_be_used_ends_the_start_with_the_remedy()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        await File.WriteAllTextAsync(machine["file"], "", Lab.Cancel);
        ChildResult result = await XcsdDaemon.RunAsync(new DaemonPlaces(machine), Lab.Cancel, [$"--Consoles:SocketDirectory={machine["file"]}"]);
        Assert.Equal(3, result.ExitCode);
        Assert.Contains("Consoles:SocketDirectory", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at XcsSharp", result.Error, StringComparison.Ordinal);
    }

    private static async Task<Lab> StartAsync(params string[] settings) => await StartAsync(await SimMachine.StartAsync(Lab.Cancel), settings);

    private static Task<Lab> StartAsync(SimMachine machine, params string[] settings)
        => Lab.StartAsync(machine, [$"--Consoles:SocketDirectory={new DaemonPlaces(machine).SocketDirectory}", .. settings]);

    private static string SocketOf(Lab lab, string name) => Path.Combine(lab.Places.SocketDirectory, name + ".sock");

    private static string[] Files(Lab lab)
        => [.. Directory.GetFileSystemEntries(lab.Places.SocketDirectory).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    private static string[] TypeAs(Lab lab, string user, string text)
        => ["--reuid", user, "--regid", user, "--clear-groups", "perl", "-e", Type, SocketOf(lab, "web1"), text];

    private static Task ViewersAsync(Lab lab, int count) => OperatorQuery.WaitForListAsync(
        lab.Places.Console, list => list.Domains.Any(domain => domain.Consoles is [{ } console] && console.Viewers == count), $"{count} viewers", Lab.Cancel);
}
