using XcsSharp.Interop.Linux;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>Console rings are served by one daemon: on Xen xcsd refuses to start beside a xenconsoled.</summary>
[Collection(Collection)]
public sealed class OtherConsoleDaemonTests
{
    /// <summary>Of those for whom it matters who else is called so: one after the other.</summary>
    internal const string Collection = "xenconsoled";

    private const int CannotStart = 3;
    private const string OnXen = "--Hypervisor:Backend=xen";

    [Fact]
    public async Task A_running_xenconsoled_is_named_with_both_ways_out()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        await using ChildProcess other = await StartOtherAsync();
        DaemonPlaces places = new(machine);

        ChildResult refused = await XcsdDaemon.RunAsync(places, Lab.Cancel, [OnXen]);
        ChildResult beside = await XcsdDaemon.RunAsync(places, Lab.Cancel, [OnXen, "--Consoles:Rings=off"]);

        Assert.Equal(CannotStart, refused.ExitCode);
        Assert.Contains($"xenconsoled (process {other.Id})", refused.Error, StringComparison.Ordinal);
        Assert.Contains("xcsd-switchover xcsd", refused.Error, StringComparison.Ordinal);
        Assert.Contains("--Consoles:Rings=off", refused.Error, StringComparison.Ordinal);

        // There is no Xen here, so it does not start for another reason.
        Assert.Equal(CannotStart, beside.ExitCode);
        Assert.DoesNotContain("xenconsoled", beside.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_of_that_name_that_is_not_roots_is_no_obstacle()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        await using ChildProcess other = await StartOtherAsync(["--reuid=65534", "--regid=65534", "--clear-groups"]);

        ChildResult result = await XcsdDaemon.RunAsync(new DaemonPlaces(machine), Lab.Cancel, [OnXen]);

        Assert.DoesNotContain($"process {other.Id}", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_has_ended_and_was_not_asked_for_is_no_obstacle()
    {
        const string Program = """
            $| = 1; my $child = fork; if (!$child) { $0 = 'xenconsoled'; exit }
            my $state = ''; until ($state =~ /^State:\tZ/m) { open my $f, '<', "/proc/$child/status"; local $/; $state = <$f> }
            print "$child\n"; sleep 1000;
            """;
        Assert.SkipUnless(Environment.UserName == "root", "only root's processes count, and this is not root");
        await using ChildProcess parent = ChildProcess.Start("perl", ["-e", Program], new() { Name = "parent" });
        await parent.Output.WaitForTextAsync("\n", Lab.Cancel);
        string ended = parent.Output.Text.TrimEnd();
        Assert.Equal("xenconsoled\n", await File.ReadAllTextAsync($"/proc/{ended}/comm", Lab.Cancel));

        Assert.NotEqual(ended, RunningPrograms.OfRoot("xenconsoled"));
    }

    [Fact]
    public async Task A_process_with_a_longer_name_is_no_obstacle()
    {
        await using ChildProcess other = await StartOtherAsync(name: "xenconsoled2");

        Assert.NotEqual($"{other.Id}", RunningPrograms.OfRoot("xenconsoled"));
    }

    [Fact]
    public async Task On_the_simulated_xen_it_does_not_matter()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        await using ChildProcess other = await StartOtherAsync();

        await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(new DaemonPlaces(machine), Lab.Cancel);

        Assert.True(File.Exists(daemon.Places.Console));
    }

    /// <summary>A program of that name that does nothing.</summary>
    internal static async Task<ChildProcess> StartOtherAsync(string[]? privileges = null, string name = "xenconsoled")
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root's processes count, and this is not root");
        ChildProcess started = ChildProcess.Start(
            "setpriv",
            [.. privileges ?? [], "perl", "-e", $"$0 = '{name}'; $| = 1; print \"up\\n\"; sleep 1000"],
            new() { Name = "xenconsoled" });
        await started.Output.WaitForTextAsync("up\n", Lab.Cancel);
        return started;
    }
}
