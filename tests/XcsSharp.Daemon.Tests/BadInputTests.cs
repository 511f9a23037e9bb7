using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>Wrong input gets a clear error with a remedy, and nothing else changes.</summary>
public sealed class BadInputTests
{
    private const int BadSettings = 2;
    private const int CannotStart = 3;

    [Theory]
    [InlineData("nobody")]
    [InlineData("4711")]
    public async Task An_unknown_domain_is_an_error_on_that_connection_only(string domain)
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        Transcript seen = new("viewer");
        await lab.AttachAsync("web", seen.Append);

        await using ConsoleSocket refused = await ConsoleSocket.AskAsync(lab.Places.Console, $"ATTACH {domain}", Lab.Cancel);

        Assert.StartsWith($"{OperatorProtocol.Error} {OperatorError.UnknownDomain} ", refused.Reply, StringComparison.Ordinal);
        Assert.Contains(domain, refused.Reply, StringComparison.Ordinal);
        Assert.Empty(await refused.ReadToEndAsync(Lab.Cancel));
        await guest.WriteAsync("unmoved\n", Lab.Cancel);
        await seen.WaitForTextAsync("unmoved\n", Lab.Cancel);
    }

    [Fact]
    public async Task An_unknown_request_on_the_console_socket_is_an_error_with_the_words_that_are_known()
    {
        await using Lab lab = await Lab.StartAsync();
        await using ConsoleSocket refused = await ConsoleSocket.AskAsync(lab.Places.Console, "HELLO", Lab.Cancel);
        Assert.StartsWith($"{OperatorProtocol.Error} {OperatorError.UnknownRequest} ", refused.Reply, StringComparison.Ordinal);
        Assert.Contains(OperatorProtocol.List, refused.Reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_path_that_cannot_be_written_ends_the_start_and_leaves_nothing()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonPlaces places = new(machine);
        const string Path = "/proc/xcs/xcs.sock"; // not even root can make it

        ChildResult result = await XcsdDaemon.RunAsync(places, Lab.Cancel, [$"--Sockets:Xcs={Path}"]);

        AssertRefused(result, CannotStart, Path);
        AssertNoSockets(places);
    }

    [Fact]
    public async Task A_log_directory_that_cannot_be_written_ends_the_start_and_leaves_nothing()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonPlaces places = new(machine);
        const string Path = "/proc/xcs"; // not even root can make it

        ChildResult result = await XcsdDaemon.RunAsync(places, Lab.Cancel, [$"--Consoles:LogDirectory={Path}"]);

        AssertRefused(result, CannotStart, Path);
        Assert.Contains("--Consoles:LogDirectory=", result.Error, StringComparison.Ordinal);
        AssertNoSockets(places);
    }

    [Fact]
    public async Task A_second_daemon_on_the_same_sockets_refuses_and_leaves_the_first_one_working()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        Transcript seen = new("viewer");
        await lab.AttachAsync("web", seen.Append);

        ChildResult second = await XcsdDaemon.RunAsync(lab.Places, Lab.Cancel, []);

        AssertRefused(second, CannotStart, lab.Places.Xcs);
        await guest.WriteAsync("still here\n", Lab.Cancel);
        await seen.WaitForTextAsync("still here\n", Lab.Cancel);
        foreach (string socket in (string[])[lab.Places.Xcs, lab.Places.Classic])
        {
            using RecordSubscriber subscriber = await RecordSubscriber.ConnectAsync(socket, Lab.Cancel);
            await subscriber.BindAsync(Lab.Cancel);
        }

        Assert.Equal(lab.Daemon.Pid, (await lab.StatusAsync()).Pid);
        Transcript again = new("viewer by the pty");
        lab.OpenPty("web", again.Append);
        await guest.WriteAsync("and its terminals\n", Lab.Cancel);
        await again.WaitForTextAsync("and its terminals\n", Lab.Cancel);
    }

    [Theory]
    [InlineData("--Consoles:HistoryBytes=1", "Consoles:HistoryBytes", "4 KiB")]
    [InlineData("--Consoles:HistoryBytes=many", "Consoles:HistoryBytes", "4 KiB")]
    [InlineData("--Consoles:LogBytes=1", "Consoles:LogBytes", "4 KiB")]
    [InlineData("--Consoles:LogDirectory=log", "Consoles:LogDirectory", "absolute")]
    [InlineData("--Switching:ResponseTimeout=5h", "Switching:ResponseTimeout", "1h")]
    [InlineData("--Sockets:Mode=999", "Sockets:Mode", "octal")]
    [InlineData("--Hypervisor:Backend=kvm", "Hypervisor:Backend", "sim")]
    public async Task A_setting_out_of_range_ends_the_start_with_what_is_allowed(string argument, string name, string allowed)
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonPlaces places = new(machine);

        ChildResult result = await XcsdDaemon.RunAsync(places, Lab.Cancel, [argument]);

        AssertRefused(result, BadSettings, name);
        Assert.Contains(allowed, result.Error, StringComparison.Ordinal);
        AssertNoSockets(places);
    }

    [Theory]
    [InlineData("--Consoles:HistoryByte=65536", "Consoles:HistoryBytes")]
    [InlineData("--Sokets:Xcs=/run/x", "Sockets:Xcs")]
    public async Task An_unknown_setting_ends_the_start_with_the_one_that_was_probably_meant(string argument, string meant)
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonPlaces places = new(machine);

        ChildResult result = await XcsdDaemon.RunAsync(places, Lab.Cancel, [argument]);

        AssertRefused(result, BadSettings, meant);
        AssertNoSockets(places);
    }

    [Theory]
    [InlineData("{ \"Sockets\": { \"Mode\": \"0660\" ", "JSON")]
    [InlineData("{ \"Sockets\": { \"Moode\": \"0660\" } }", "Sockets:Mode")]
    public async Task A_wrong_settings_file_ends_the_start_and_is_named(string content, string hint)
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonPlaces places = new(machine);
        await File.WriteAllTextAsync(places.SettingsFile, content, Lab.Cancel);

        ChildResult result = await XcsdDaemon.RunAsync(places, Lab.Cancel, []);

        AssertRefused(result, BadSettings, places.SettingsFile);
        Assert.Contains(hint, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machine_that_does_not_exist_ends_the_start()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonPlaces places = new(machine);

        ChildResult result = await XcsdDaemon.RunAsync(places, Lab.Cancel, [$"--Hypervisor:SimMachine={machine["none"]}"]);

        AssertRefused(result, CannotStart, machine["none"]);
        AssertNoSockets(places);
    }

    private static void AssertRefused(ChildResult result, int code, string named)
    {
        Lab.Print(result.Error);
        Assert.Equal(code, result.ExitCode);
        Assert.Contains(named, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at XcsSharp", result.Error, StringComparison.Ordinal); // a stack trace is no remedy
        Assert.True(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length >= 2, "there is no remedy");
    }

    private static void AssertNoSockets(DaemonPlaces places)
    {
        Assert.False(File.Exists(places.Xcs));
        Assert.False(File.Exists(places.Classic));
        Assert.False(File.Exists(places.Console));
    }
}
