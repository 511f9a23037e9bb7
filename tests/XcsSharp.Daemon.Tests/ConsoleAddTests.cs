using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>Consoles that an operator adds to a running guest, by the console socket and by <c>xcsctl</c>.</summary>
public sealed class ConsoleAddTests
{
    [Fact]
    public async Task A_console_is_added_named_and_removed()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram _, uint domid) = await lab.ConsoleGuestAsync("web");

        ChildResult added = await XcsctlAsync(lab, "console-add", "web");
        ChildResult again = await XcsctlAsync(lab, "--json", "console-add", $"{domid}");
        string state = await StoreAsync(lab, "read", $"/local/domain/0/backend/console/{domid}/1/state");
        ChildResult removed = await XcsctlAsync(lab, "console-del", "web");
        ChildResult first = await XcsctlAsync(lab, "console-del", "web", "1");
        ChildResult none = await XcsctlAsync(lab, "console-del", "web", "1");

        Assert.Equal((0, "web#1\n"), (added.ExitCode, added.Output));
        Assert.Equal($$"""{"domid":{{domid}},"name":"web#2"}""" + "\n", again.Output);
        Assert.Equal("2\n", state);
        Assert.Equal((0, "web#2\n"), (removed.ExitCode, removed.Output));
        Assert.Equal((0, "web#1\n"), (first.ExitCode, first.Output));
        Assert.NotEqual(0, none.ExitCode);
        Assert.Contains("has no such console that was added here", none.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CONSOLE-ADD nobody", OperatorError.UnknownDomain)]
    [InlineData("CONSOLE-ADD ", OperatorError.UnknownRequest)]
    [InlineData("CONSOLE-DEL web#0", OperatorError.NoConsole)]
    [InlineData("CONSOLE-DEL web#control", OperatorError.NoConsole)]
    [InlineData("CONSOLE-DEL web", OperatorError.NoConsole)]
    public async Task A_request_that_can_not_be_met_is_an_error_with_its_code(string request, string code)
    {
        await using Lab lab = await Lab.StartAsync();
        await lab.ConsoleGuestAsync("web");

        await using ConsoleSocket refused = await ConsoleSocket.AskAsync(lab.Places.Console, request, Lab.Cancel);

        Assert.StartsWith($"{OperatorProtocol.Error} {code} ", refused.Reply, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("console-del", "web", "0")]
    [InlineData("console-del", "web", "10")]
    [InlineData("console-del", "web", "one")]
    [InlineData("console-add", "")]
    [InlineData("console", "-n", "one", "web")]
    [InlineData("console", "-n", "10", "web")]
    public async Task A_wrong_argument_is_refused_before_anybody_is_asked(params string[] arguments)
    {
        ChildResult result = await ChildProcess.RunAsync(
            Executables.Cli, ["--socket", "/nowhere", .. arguments], Lab.Cancel, new() { Name = "xcsctl" });

        Assert.Equal(2, result.ExitCode);
        Assert.Contains($"Try: xcsctl {arguments[0]} --help", result.Error, StringComparison.Ordinal);
    }

    private static Task<ChildResult> XcsctlAsync(Lab lab, params string[] arguments)
        => ChildProcess.RunAsync(
            Executables.Cli, ["--socket", lab.Places.Console, .. arguments], Lab.Cancel, new() { Name = "xcsctl" });

    private static async Task<string> StoreAsync(Lab lab, params string[] arguments)
        => (await lab.Machine.CommandAsync(Lab.Cancel, ["store", .. arguments])).Output;
}
