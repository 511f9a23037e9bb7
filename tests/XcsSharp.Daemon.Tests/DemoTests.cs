using System.Text.RegularExpressions;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The demo as a newcomer starts it.</summary>
public sealed partial class DemoTests
{
    private static readonly string s_demo = Path.Combine(AppContext.BaseDirectory, "xcs-demo.dll");

    [Fact]
    public async Task On_a_terminal_it_shows_guests_attaches_consoles_and_leaves_nothing()
    {
        Assert.SkipWhen(TerminalProgram.Unavailable is not null, TerminalProgram.Unavailable ?? "");
        await using TerminalProgram terminal = TerminalProgram.Start("dotnet", [s_demo], Surroundings());
        Transcript screen = terminal.Screen;

        int seen = await screen.WaitForTextAsync("xcsctl list", Lab.Cancel);
        seen = await screen.WaitForTextAsync("legacy", Lab.Cancel, seen);
        seen = await screen.WaitForTextAsync("xcsctl console web", Lab.Cancel, seen);
        seen = await screen.WaitForTextAsync("web:~# ", Lab.Cancel, seen);
        await terminal.TypeAsync("echo It works.\r", Lab.Cancel);
        seen = await screen.WaitForTextAsync("\r\nIt works.\r\n", Lab.Cancel, seen);
        await terminal.TypeAsync("\x1d.", Lab.Cancel);

        seen = await screen.WaitForTextAsync("quit: ", Lab.Cancel, seen);
        await terminal.TypeAsync("nobody\r", Lab.Cancel);
        seen = await screen.WaitForTextAsync("none of them", Lab.Cancel, seen);
        seen = await screen.WaitForTextAsync("quit: ", Lab.Cancel, seen);
        await terminal.TypeAsync("legacy\r", Lab.Cancel);
        seen = await screen.WaitForTextAsync("legacy:~# ", Lab.Cancel, seen);
        await terminal.TypeAsync("uptime\r", Lab.Cancel);
        seen = await screen.WaitForTextAsync("load average", Lab.Cancel, seen);
        await terminal.TypeAsync("\x1d.", Lab.Cancel);

        seen = await screen.WaitForTextAsync("quit: ", Lab.Cancel, seen);
        await terminal.TypeAsync("quit\r", Lab.Cancel);
        Assert.Equal(0, await terminal.WaitAsync(Lab.Cancel));
        await screen.WaitForTextAsync("All of it is gone again.", Lab.Cancel, seen);
    }

    [Fact]
    public async Task Without_a_terminal_it_says_what_it_needs()
    {
        ChildResult result = await ChildProcess.RunAsync("dotnet", [s_demo], Lab.Cancel, Surroundings());
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--check", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_check_finds_every_byte_and_prints_the_figures()
    {
        await using ChildProcess demo = ChildProcess.Start("dotnet", [s_demo, "--check", "--seed", "42"], Surroundings());
        int code = await demo.WaitAsync(Lab.Cancel, TimeSpan.FromSeconds(60));

        string output = demo.Output.Text;
        Lab.Print(output);
        Assert.Equal((0, ""), (code, demo.Error.Text));
        Assert.Contains("seed 42", output, StringComparison.Ordinal);
        Assert.Equal(4, LostNothing().Count(output)); // three guests and the sum
        Assert.Equal(2, FloodLine("1 guest ").Count(output)); // to the console, and through the socket
        Assert.Equal(2, FloodLine("64 guests").Count(output));
    }

    private static ChildOptions Surroundings()
        => new() { Environment = new Dictionary<string, string> { ["XCS_BIN"] = Executables.Directory } };

    [GeneratedRegex(@"\blost 0$", RegexOptions.Multiline)]
    private static partial Regex LostNothing();

    private static Regex FloodLine(string guests)
        => new($@"^ *{guests}: +[1-9][0-9]* messages/s, [0-9.]+ µs", RegexOptions.Multiline);
}
