using Mono.Unix.Native;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The daemon's own log where nobody reads it.</summary>
public sealed class UnreadLogTests
{
    private const int FirstUser = 45_000;

    /// <summary>Of one user, as many as it has lines in ten seconds: two of each.</summary>
    private const int VisitsOfUser = 64;

    private const string Visit =
        """use IO::Socket::UNIX; for (1 .. $ARGV[1]) { my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$!"; syswrite $s, "ATTACH web\n"; sysread $s, my $ok, 2 or die; $ok eq "OK" or die $ok }""";

    [Fact]
    public async Task Nobody_waits_for_its_reader_and_who_reads_on_is_told_what_was_dropped()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be other users, and one user has few lines");

        // A pipe of 64 KiB, and the queue's 1024 lines, of at least 60 bytes each: 2400 are too many.
        const int Users = 20;
        SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        File.SetUnixFileMode(Path.GetDirectoryName(new DaemonPlaces(machine).Console)!, (UnixFileMode)Convert.ToInt32("755", 8));
        string pipe = machine["log.fifo"];

        // Opened for both directions: neither the shell nor the daemon waits for a reader.
        DaemonLaunch launch = new() { Prefix = ["/bin/sh", "-c", $"mkfifo '{pipe}' && exec \"$@\" 2<>'{pipe}'", "sh"] };
        await using Lab lab = await Lab.StartAsync(machine, ["--Sockets:Mode=0666"], launch);
        _ = await lab.ConsoleGuestAsync("web");
        int user = FirstUser;
        while (user < FirstUser + Users)
        {
            await VisitAsync(lab, user++);
        }

        Assert.Single((await lab.ListAsync()).Domains);
        Transcript log = new("the log");
        Task reading = ReadAsync(pipe, log);

        // It is said with the next line that there is room for.
        Task told = log.WaitForTextAsync("dropped because of queue size limit", Lab.Cancel);
        while (!told.IsCompleted)
        {
            await VisitAsync(lab, user++);
        }

        await told;
        Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));
        await reading;
        Assert.Contains("serves 0 domains", log.Text, StringComparison.Ordinal);
    }

    private static async Task VisitAsync(Lab lab, int user)
    {
        ChildResult result = await ChildProcess.RunAsync(
            "setpriv", ["--reuid", $"{user}", "--regid", $"{user}", "--clear-groups", "perl", "-e", Visit, lab.Places.Console, $"{VisitsOfUser}"], Lab.Cancel);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
    }

    /// <summary>To the end of the last writer.</summary>
    private static async Task ReadAsync(string pipe, Transcript log)
    {
        await using FileStream file = new(pipe, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        byte[] buffer = new byte[64 * 1024];
        int count;
        while ((count = await file.ReadAsync(buffer, Lab.Cancel)) > 0)
        {
            log.Append(buffer.AsSpan(0, count));
        }
    }
}
