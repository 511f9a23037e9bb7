using System.Text.RegularExpressions;

using Mono.Unix.Native;

using XcsSharp.Interop.Xen;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// xcsctl doctor, the executable: healthy, with a guest that lies, without Xen, for who may not, and beside xenconsoled. What it says in each case is in a file beside
/// this one, whole, with what differs from run to run in braces.
/// </summary>
[Collection(OtherConsoleDaemonTests.Collection)]
public sealed partial class DoctorTests
{
    private static readonly string[] s_libraries = ["libxenevtchn.so.1", "libxenforeignmemory.so.1", "libxengnttab.so.1", "libxenstore.so.4", "libxcs_xenctrl.so"];

    [Fact]
    public async Task On_a_healthy_simulated_machine_there_is_nothing_to_say()
    {
        await using Lab lab = await Lab.StartAsync();
        await lab.ConsoleGuestAsync("web");
        await AssertSaysAsync("healthy", 0, await RunAsync(lab));
    }

    [Fact]
    public async Task A_guest_that_is_refused_and_what_a_daemon_has_left_are_warnings_with_a_remedy()
    {
        await using Lab lab = await Lab.StartAsync();
        (ChildProcess holder, uint domid) = await lab.Machine.CreateAsync(new GuestOptions("evil"), console: true, Lab.Cancel);
        _ = lab.Own(holder);
        using XenStoreConnection guest = lab.Machine.As(domid, XenStoreConnection.Open);
        using XenStoreConnection dom0 = lab.Machine.As(0, XenStoreConnection.Open);
        _ = guest.Write($"/local/domain/{domid}/data/xcs/ready", "no number");
        await lab.Daemon.Process.Error.WaitForTextAsync("its key ready is", Lab.Cancel);
        _ = dom0.Write("/local/domain/777/console/tty", "/dev/pts/99999");
        _ = dom0.Write("/local/domain/0/backend/console/4242/1/state", "4");
        await AssertSaysAsync("lying-guest-and-stale-keys", 0, await RunAsync(lab), ($"({domid})", "({domid})"));
    }

    [Fact]
    public async Task Who_may_not_connect_is_told_so()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be another user");
        await using Lab lab = await Lab.StartAsync("--Sockets:Mode=0600");
        File.SetUnixFileMode(Path.GetDirectoryName(lab.Places.Console)!, (UnixFileMode)Convert.ToInt32("755", 8));
        ChildResult result = await ChildProcess.RunAsync(
            "setpriv",
            ["--reuid", "65534", "--regid", "65534", "--clear-groups", Executables.Cli, "doctor", "--socket", lab.Places.Console],
            Lab.Cancel,
            new() { Environment = lab.Machine.Environment });

        // The simulated library says there itself what keeps it from its machine.
        Assert.All(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), static line => Assert.StartsWith("simxen: ", line, StringComparison.Ordinal));
        await AssertSaysAsync("missing-rights", 1, result with { Error = "" }, (lab.Places.Console, "{socket}"));
    }

    [Fact]
    public async Task Without_Xen_and_without_a_daemon_each_is_named_with_what_to_do()
        => await AssertSaysAsync("without-xen", 1, await RunWithoutXenAsync());

    [Fact]
    public async Task A_running_xenconsoled_is_a_problem_with_the_way_out()
    {
        await using ChildProcess other = await OtherConsoleDaemonTests.StartOtherAsync();
        await AssertSaysAsync("xenconsoled-runs", 1, await RunWithoutXenAsync(), ($"process {other.Id}", "process {pid}"));
    }

    private static Task<ChildResult> RunAsync(Lab lab) => ChildProcess.RunAsync(
        Executables.Cli, ["doctor", "--socket", lab.Places.Console], Lab.Cancel, new() { Environment = lab.Machine.Environment });

    /// <summary>Also where Xen's libraries are installed, and ours is built: the loader meets files first that are none.</summary>
    private static async Task<ChildResult> RunWithoutXenAsync()
    {
        Assert.SkipWhen(File.Exists("/dev/xen/evtchn") || File.Exists("/sys/hypervisor/type"), "this machine has Xen");
        using PrivateDirectory libraries = new("l");
        foreach (string library in s_libraries)
        {
            await File.WriteAllTextAsync(libraries[library], "not a library", Lab.Cancel);
        }

        File.Copy(Executables.Cli, libraries["xcsctl"]);
        return await ChildProcess.RunAsync(
            libraries["xcsctl"], ["doctor", "--socket", "/nowhere/console.sock"], Lab.Cancel,
            new() { Environment = new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = libraries.Path } });
    }

    /// <summary>Compares with the file of that name.</summary>
    private static async Task AssertSaysAsync(string name, int code, ChildResult result, params (string Value, string Name)[] variable)
    {
        string said = variable.Aggregate(result.Output, static (text, one) => text.Replace(one.Value, one.Name, StringComparison.Ordinal));
        said = Version().Replace(said, "{version}, process {pid}");
        said = Uptime().Replace(said, "up {time}");
        Lab.Print(said);
        string expected = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests/XcsSharp.Daemon.Tests/Doctor", name + ".txt"), Lab.Cancel);
        Assert.Equal(expected, said);
        Assert.Equal(code, result.ExitCode);
        Assert.Empty(result.Error);
    }

    [GeneratedRegex(@"\d+\.\d+\.\d+\S*, process \d+")]
    private static partial Regex Version();

    [GeneratedRegex(@"up \d+\.\d+s")]
    private static partial Regex Uptime();
}
