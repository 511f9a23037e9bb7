using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>What a start needs in memory, and what of it stays.</summary>
public sealed class SettledStartTests
{
    [Fact]
    public async Task What_the_start_needed_is_given_back_once_and_nobody_notices()
    {
        await using Lab lab = await Lab.StartAsync();
        await lab.ConsoleGuestAsync("web");
        long atStart = ProcessFigures.ResidentKiB(lab.Daemon.Pid);

        await lab.Daemon.Process.Error.WaitForTextAsync("The start has settled: ", Lab.Cancel);

        long settled = ProcessFigures.ResidentKiB(lab.Daemon.Pid);
        Lab.Print($"{atStart} KiB resident at the start, {settled} after it");
        Assert.True(settled < atStart, $"{atStart} KiB resident at the start, {settled} KiB when it had settled");
        Assert.Contains((await OperatorQuery.ListAsync(lab.Daemon.Places.Console, Lab.Cancel)).Domains, domain => domain is { Name: "web", State: "connected" });
    }
}
