using Mono.Unix.Native;

using XcsSharp.Interop.Xen;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>xcsctl doctor, the executable, beside a running daemon: healthy, with a guest that lies, for who may not, and beside xenconsoled.</summary>
public sealed class DoctorTests
{
    [Fact]
    public async Task On_a_healthy_simulated_machine_there_is_nothing_to_say()
    {
        await using Lab lab = await Lab.StartAsync();
        await lab.ConsoleGuestAsync("web");
        ChildResult result = await RunAsync(lab);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.EndsWith("0 problems, 0 warnings\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("ok       xcsd", result.Output, StringComparison.Ordinal);
        Assert.Contains("ok       xenstore", result.Output, StringComparison.Ordinal);
        Lab.Print(result.Output);
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

        ChildResult result = await RunAsync(lab);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("its key ready is 'no number'", result.Output, StringComparison.Ordinal);
        Assert.Contains("/local/domain/777/console/tty is /dev/pts/99999, which does not exist", result.Output, StringComparison.Ordinal);
        Assert.Contains("xenstore-rm /local/domain/0/backend/console/4242", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("0 problems, 3 warnings\n", result.Output, StringComparison.Ordinal);
        Lab.Print(result.Output);
    }

    [Fact]
    public async Task Who_may_not_connect_is_told_so()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be another user");
        await using Lab lab = await Lab.StartAsync("--Sockets:Mode=0600");
        File.SetUnixFileMode(Path.GetDirectoryName(lab.Places.Console)!, (UnixFileMode)Convert.ToInt32("755", 8));
        ChildResult result = await ChildProcess.RunAsync(
            "setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", Executables.Cli, "doctor", "--socket", lab.Places.Console], Lab.Cancel);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("problem  xcsd", result.Output, StringComparison.Ordinal);
        Assert.Contains("no permission to connect", result.Output, StringComparison.Ordinal);
        Assert.Contains($"-> as root, or as a member of the socket's group: ls -l {lab.Places.Console}", result.Output, StringComparison.Ordinal);
        Lab.Print(result.Output);
    }

    [Fact]
    public async Task A_running_xenconsoled_is_a_problem_with_the_way_out()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root's processes count, and this is not root");
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        await using ChildProcess other = await OtherConsoleDaemonTests.StartOtherAsync();
        ChildResult result = await ChildProcess.RunAsync(
            Executables.Cli, ["doctor", "--socket", new DaemonPlaces(machine).Console], Lab.Cancel);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"xenconsoled (process {other.Id}) serves the guests' console rings", result.Output, StringComparison.Ordinal);
        Assert.Contains("-> xcsd-switchover xcsd", result.Output, StringComparison.Ordinal);
        Lab.Print(result.Output);
    }

    private static Task<ChildResult> RunAsync(Lab lab) => ChildProcess.RunAsync(
        Executables.Cli, ["doctor", "--socket", lab.Places.Console], Lab.Cancel, new() { Environment = lab.Machine.Environment });
}
