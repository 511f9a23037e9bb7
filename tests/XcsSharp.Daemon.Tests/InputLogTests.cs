using System.Text.RegularExpressions;

using Mono.Unix.Native;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The record of what is typed, of the real daemon, with people who are others.</summary>
public sealed class InputLogTests
{
    private const string User = "65533";

    /// <summary>Attaches and types, then reads to the end.</summary>
    private const string Type =
        """
        use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "connect: $!";
        print $s "ATTACH web mode=take\nsudo -s\rsecret\r"; $s->flush; while (sysread $s, my $bytes, 4096) { }
        """;

    [Fact]
    public async Task Who_typed_what_on_each_way_is_in_it_and_what_was_not_a_line_yet_at_the_daemons_end()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be other users");
        SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonPlaces places = new(machine);
        File.SetUnixFileMode(Path.GetDirectoryName(places.Console)!, (UnixFileMode)Convert.ToInt32("755", 8));
        await using Lab lab = await Lab.StartAsync(
            machine, "--Consoles:InputLog=on", "--Sockets:Mode=0666", $"--Consoles:SocketDirectory={places.SocketDirectory}");
        Transcript typed = new("guest");
        await lab.ConsoleGuestAsync("web", input: typed.Append);

        Transcript output = new("socket");
        ConsoleSocket socket = lab.Own(await ConsoleSocket.ConnectAsync(Path.Combine(places.SocketDirectory, "web.sock"), output.Append, Lab.Cancel));
        await socket.SendAsync("root\r"u8.ToArray(), Lab.Cancel);
        await typed.WaitForTextAsync("root\r", Lab.Cancel);
        ChildProcess other = lab.Own(ChildProcess.Start(
            "setpriv", ["--reuid", User, "--regid", User, "--clear-groups", "perl", "-e", Type, places.Console]));
        await typed.WaitForTextAsync("secret\r", Lab.Cancel);
        await lab.OpenPty("web", null).WriteAsync("\u001b[A"u8.ToArray(), Lab.Cancel);
        await typed.WaitForTextAsync("\u001b[A", Lab.Cancel);
        Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));

        string file = Path.Combine(places.LogDirectory, "typed-web.log");
        const string Stamp = @"^20[0-9-]{8}T[0-9:]{8}\.[0-9]{3}Z ";
        string me = Stamp + $"user=root uid=0 pid={Environment.ProcessId} viewer=1 ";
        string they = Stamp + $"user=[^ ]+ uid={User} pid={other.Id} viewer=2 ";
        string[] wanted = [me + "\"root\\\\r\"$", they + "\"sudo -s\\\\r\"$", they + "\"secret\\\\r\"$", Stamp + "pty \"\\\\x1b\\[A\"$"];
        string[] lines = await File.ReadAllLinesAsync(file, Lab.Cancel);
        Assert.True(lines.Length == wanted.Length && lines.Zip(wanted, Regex.IsMatch).All(static same => same), string.Join('\n', lines));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task Without_a_place_for_it_the_daemon_does_not_start_and_says_so()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        ChildResult result = await XcsdDaemon.RunAsync(
            new DaemonPlaces(machine), Lab.Cancel, ["--Consoles:InputLog=on", "--Consoles:LogDirectory="]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("Consoles:InputLog is on, and Consoles:LogDirectory is empty", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at XcsSharp", result.Error, StringComparison.Ordinal);
    }
}
