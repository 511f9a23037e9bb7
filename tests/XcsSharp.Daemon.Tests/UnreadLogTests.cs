using XcsSharp.Client;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The daemon's own log where nobody reads it.</summary>
public sealed class UnreadLogTests
{
    [Fact]
    public async Task Nobody_waits_for_its_reader_and_who_reads_on_is_told_what_was_dropped()
    {
        // A pipe of 64 KiB, and the queue's 1024 lines, of at least 60 bytes each, two of every viewer.
        const int Viewers = 1200;
        SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        string pipe = machine["log.fifo"];

        // Opened for both directions: neither the shell nor the daemon waits for a reader.
        DaemonLaunch launch = new() { Prefix = ["/bin/sh", "-c", $"mkfifo '{pipe}' && exec \"$@\" 2<>'{pipe}'", "sh"] };
        await using Lab lab = await Lab.StartAsync(machine, [], launch);
        _ = await lab.ConsoleGuestAsync("web");
        for (int i = 0; i < Viewers; i++)
        {
            await VisitAsync(lab).WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        }

        Assert.Single((await lab.ListAsync()).Domains);
        Transcript log = new("the log");
        Task reading = ReadAsync(pipe, log);

        // It is said with the next line that there is room for.
        Task told = log.WaitForTextAsync("dropped because of queue size limit", Lab.Cancel);
        while (!told.IsCompleted)
        {
            await VisitAsync(lab).WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        }

        await told;
        Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));
        await reading;
        Assert.Contains("serves 0 domains", log.Text, StringComparison.Ordinal);
    }

    private static async Task VisitAsync(Lab lab)
    {
        ConsoleConnection visit = await ConsoleConnection.AttachAsync(lab.Places.Console, "web", cancel: Lab.Cancel);
        await visit.DisposeAsync();
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
