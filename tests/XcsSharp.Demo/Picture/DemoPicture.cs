using XcsSharp.TestKit;

namespace XcsSharp.Demo;

/// <summary>The demo on a real screen, under keys as a newcomer might press them, and what the screen shows in the end.</summary>
public static class DemoPicture
{
    /// <summary>Below the repository's root.</summary>
    public const string Path = "tests/XcsSharp.Demo/demo.svg";

    private const string Window = "demo";
    private const int Columns = 124;

    /// <summary>So few that what the demo says first, with the paths of its machine, has scrolled away.</summary>
    private const int Rows = 36;

    /// <summary>Plays the demo.</summary>
    /// <returns>The screen, as SVG.</returns>
    /// <exception cref="InvalidOperationException">There is no tmux here.</exception>
    public static async Task<string> RecordAsync(CancellationToken cancel)
    {
        if (TmuxServer.Unavailable is { } why)
        {
            throw new InvalidOperationException(why);
        }

        await using TmuxServer tmux = await TmuxServer.StartAsync(cancel);
        string program = System.IO.Path.Combine(AppContext.BaseDirectory, "xcs-demo.dll");
        await tmux.OpenAsync(Window, "/usr/bin/env", [$"XCS_BIN={Executables.Directory}", "dotnet", program], cancel, Columns, Rows);
        await tmux.WaitForTextAsync(Window, "web:~#", cancel);
        await AskAsync(tmux, "uname", "60-byte messages", cancel);
        await LeaveAsync(tmux, cancel);
        await AskAsync(tmux, "list", "legacy ", cancel);
        await AskAsync(tmux, "legacy", "legacy:~#", cancel);
        await AskAsync(tmux, "uptime", "load average", cancel);
        string screen = await tmux.WaitAsync(
            Window, static screen => screen.TrimEnd().EndsWith("legacy:~#", StringComparison.Ordinal), "the prompt", cancel, withColours: true);
        await LeaveAsync(tmux, cancel);
        await tmux.TypeAsync(Window, "quit", cancel);
        await tmux.PressAsync(Window, cancel, "Enter");
        await tmux.WaitForTextAsync(Window, "All of it is gone again.", cancel);
        return ScreenSvg.Draw("$ ./build.sh demo", screen.TrimEnd('\n').Split('\n'), Columns);
    }

    private static async Task AskAsync(TmuxServer tmux, string line, string answer, CancellationToken cancel)
    {
        await tmux.TypeAsync(Window, line, cancel);
        await tmux.PressAsync(Window, cancel, "Enter");
        await tmux.WaitForTextAsync(Window, answer, cancel);
    }

    private static async Task LeaveAsync(TmuxServer tmux, CancellationToken cancel)
    {
        await tmux.PressAsync(Window, cancel, "C-]");
        await tmux.TypeAsync(Window, ".", cancel);
        await tmux.WaitAsync(Window, static screen => screen.TrimEnd().EndsWith("quit:", StringComparison.Ordinal), "the question", cancel);
    }
}
