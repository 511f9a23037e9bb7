using System.Text.RegularExpressions;

using XcsSharp.TestKit;

namespace XcsSharp.Client.Tests.Commands;

/// <summary>Who waits at a terminal for longer than a second is told for what; a pipe is not.</summary>
public sealed class ProgressTests : IDisposable
{
    private readonly ScriptedServer _server = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData("waiting for xcsd's answer", "LIST", "OK\n{\"domains\":[]}\n", "No domains.", "list")]
    [InlineData("waiting for the answer of web", "SHUTDOWN web", "OK 3 web\n", "web (3) has taken the request", "shutdown", "web")]
    [InlineData("waiting until web has gone", "REBOOT web wait", "OK 3 web\n", "web (3) has gone", "reboot", "web", "--wait")]
    [InlineData("waiting for the xcsd that is installed to take over", "UPGRADE", "OK 0.1.0 4711\n", "xcsd 0.1.0 serves now, in process 4711", "upgrade")]
    public async Task What_takes_long_says_so_on_a_terminal_and_is_gone_before_the_answer(
        string waiting, string request, string answer, string shown, params string[] line)
    {
        Assert.SkipWhen(TerminalProgram.Unavailable is not null, TerminalProgram.Unavailable ?? "");

        // The pipe's comes first, so that it has waited longer than the terminal's when that one says something.
        await using ChildProcess piped = ChildProcess.Start(Executables.Cli, ["--socket", _server.Path, .. line]);
        using ServerConnection first = await AcceptAsync(request);
        await using TerminalProgram terminal = TerminalProgram.Start(Executables.Cli, ["--socket", _server.Path, .. line]);
        using ServerConnection second = await AcceptAsync(request);
        await terminal.Screen.WaitForTextAsync($"xcsctl: {waiting}, 2 s", Cancel);
        foreach (ServerConnection connection in (ServerConnection[])[first, second])
        {
            await connection.SendAsync(answer, Cancel);
            connection.CompleteSending();
        }

        Assert.Equal((0, 0), (await piped.WaitAsync(Cancel), await terminal.WaitAsync(Cancel)));
        Assert.Equal((shown + "\n", ""), (piped.Output.Text, piped.Error.Text));
        Assert.Matches(
            $@"^\rxcsctl: {Regex.Escape(waiting)}, 1 s\rxcsctl: {Regex.Escape(waiting)}, 2 s(\rxcsctl: [^\r]*)*\r +\r{Regex.Escape(shown)}\r\n$", terminal.Screen.Text);
    }

    [Fact]
    public async Task A_large_history_shows_how_much_of_it_has_come()
    {
        Assert.SkipWhen(TerminalProgram.Unavailable is not null, TerminalProgram.Unavailable ?? "");
        await using TerminalProgram terminal = TerminalProgram.Start(Executables.Cli, ["--socket", _server.Path, "log", "web"]);
        using ServerConnection connection = await AcceptAsync("LOG web");
        await connection.SendAsync("OK 3 web\n" + new string('x', 2048), Cancel);
        await terminal.Screen.WaitForTextAsync("xcsctl: reading what web has printed, 2.0 KiB so far, 1 s", Cancel);
        await connection.SendAsync("end", Cancel);
        connection.CompleteSending();
        Assert.Equal(0, await terminal.WaitAsync(Cancel));
        Assert.EndsWith("\r" + new string('x', 2048) + "end", terminal.Screen.Text, StringComparison.Ordinal);
    }

    private async Task<ServerConnection> AcceptAsync(string request)
    {
        ServerConnection connection = await _server.AcceptAsync(Cancel);
        Assert.Equal(request, await connection.ReceiveLineAsync(Cancel));
        return connection;
    }
}
