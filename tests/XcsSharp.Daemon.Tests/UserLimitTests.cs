using Mono.Unix.Native;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>What one user may take of the console socket, with users that are others.</summary>
public sealed class UserLimitTests
{
    private const string Greedy = "65532";
    private const string Modest = "65533";

    /// <summary>For each line on its input connects, sends that line, prints the daemon's and keeps the connection; for an empty one closes the oldest.</summary>
    private const string Connector =
        """
        use IO::Socket::UNIX; $| = 1; my @kept; $SIG{PIPE} = "IGNORE"; # who is turned away may hear of it before it has asked
        while (my $line = <STDIN>) {
          if ($line eq "\n") { close shift @kept; next; }
          my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "connect: $!";
          print $s $line; $s->flush; print scalar <$s>; push @kept, $s;
        }
        """;

    [Fact]
    public async Task One_user_uses_up_its_own_connections_and_nobody_elses()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be other users");
        await using Lab lab = await StartAsync("--Consoles:MaxConnectionsPerUser=3", "--Consoles:MaxConnections=10");
        await lab.ConsoleGuestAsync("web");
        ChildProcess greedy = Connect(lab, Greedy);
        for (int i = 0; i < 3; i++)
        {
            Assert.StartsWith("OK ", await AskAsync(greedy, "ATTACH web"), StringComparison.Ordinal);
        }

        string refused = await AskAsync(greedy, "STATUS");
        Assert.StartsWith($"ERR too-many-connections your user (uid {Greedy}) has 3 connections already", refused, StringComparison.Ordinal);
        Assert.Contains("raise Consoles:MaxConnectionsPerUser", refused, StringComparison.Ordinal);
        await lab.Daemon.Process.Error.WaitForTextAsync($"refused to uid {Greedy}", Lab.Cancel);

        // Another has its own three, and root is not counted: it has all that are left.
        ChildProcess modest = Connect(lab, Modest);
        Assert.StartsWith("OK ", await AskAsync(modest, "ATTACH web"), StringComparison.Ordinal);
        ChildProcess root = Connect(lab, "0");
        for (int i = 0; i < 5; i++)
        {
            Assert.StartsWith("OK ", await AskAsync(root, "ATTACH web"), StringComparison.Ordinal);
        }

        // A place that becomes free is its user's again.
        await greedy.Input.WriteAsync("\n"u8.ToArray(), Lab.Cancel);
        await greedy.Input.FlushAsync(Lab.Cancel);
        _ = await OperatorQuery.WaitForListAsync(
            lab.Places.Console, static list => list.Domains.Any(static domain => domain.Consoles is [{ Viewers: 8 }]), "one viewer less", Lab.Cancel);
        Assert.StartsWith("OK ", await AskAsync(greedy, "ATTACH web"), StringComparison.Ordinal);
        Assert.StartsWith("ERR too-many-connections ", await AskAsync(greedy, "ATTACH web"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Viewers_of_one_console_are_limited_whoever_they_are_and_other_consoles_are_not_affected()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be other users");
        await using Lab lab = await StartAsync("--Consoles:MaxViewersPerConsole=2");
        await lab.ConsoleGuestAsync("web");
        await lab.ConsoleGuestAsync("db");
        ChildProcess greedy = Connect(lab, Greedy);
        ChildProcess modest = Connect(lab, Modest);
        Assert.StartsWith("OK ", await AskAsync(greedy, "ATTACH web"), StringComparison.Ordinal);
        Assert.StartsWith("OK ", await AskAsync(modest, "ATTACH web"), StringComparison.Ordinal);
        foreach (ChildProcess user in (ChildProcess[])[greedy, modest])
        {
            string refused = await AskAsync(user, "ATTACH web");
            Assert.StartsWith("ERR too-many-viewers ", refused, StringComparison.Ordinal);
            Assert.Contains("raise Consoles:MaxViewersPerConsole", refused, StringComparison.Ordinal);
            Assert.StartsWith("OK ", await AskAsync(user, "ATTACH db"), StringComparison.Ordinal);
        }
    }

    private static async Task<Lab> StartAsync(params string[] settings)
    {
        SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);

        // For other users to come as far as the socket.
        File.SetUnixFileMode(Path.GetDirectoryName(new DaemonPlaces(machine).Console)!, (UnixFileMode)Convert.ToInt32("755", 8));
        return await Lab.StartAsync(machine, ["--Sockets:Mode=0666", .. settings]);
    }

    private static ChildProcess Connect(Lab lab, string user) => lab.Own(ChildProcess.Start(
        "setpriv", ["--reuid", user, "--regid", user, "--clear-groups", "perl", "-e", Connector, lab.Places.Console]));

    private static async Task<string> AskAsync(ChildProcess user, string line)
    {
        int lines = CountLines(user);
        await user.Input.WriteAsync(System.Text.Encoding.ASCII.GetBytes(line + "\n"), Lab.Cancel);
        await user.Input.FlushAsync(Lab.Cancel);
        await user.Output.WaitAsync(bytes => bytes.Count((byte)'\n') > lines, "an answer", deadline: null, Lab.Cancel);
        return user.Output.Text.Split('\n')[lines];
    }

    private static int CountLines(ChildProcess user) => user.Output.Text.Count(static one => one == '\n');
}
