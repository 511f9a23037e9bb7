using System.Text.RegularExpressions;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// Full-screen programs on a guest's console at the level <c>safe</c>: what xcsctl's terminal shows is what the program shows on a
/// terminal of its own, under the same keys.
/// </summary>
public sealed partial class FullScreenTests
{
    private const string Through = "through";
    private const string Direct = "direct";
    private const string Environment = "env TERM=screen LANG=C.UTF-8";

    private static readonly string? s_vim = new[] { "/usr/bin/vim", "/usr/bin/vim.tiny" }.FirstOrDefault(File.Exists);

    [Fact]
    public async Task Vim_shows_the_same_text_colours_and_cursor_as_on_a_terminal_of_its_own()
    {
        Assert.SkipWhen(s_vim is null, "neither vim nor vim.tiny is installed");
        await using ViewerScreens screens = await ViewerScreens.StartAsync();
        TmuxServer tmux = screens.Tmux;
        string text = screens.Lab.Machine["text"];
        await File.WriteAllLinesAsync(
            text, Enumerable.Range(1, 200).Select(static i => $"line {i}: Grüße, \u4f60\u597d, tab\tand more"), Lab.Cancel);

        // Nothing of this machine's settings; and no swap file, because of which the second one would ask.
        string vim = $"{s_vim} -u NONE -i NONE -n -N -c \"set number ruler laststatus=2 noesckeys\" {text}";
        await StartBothAsync(screens, vim);
        await screens.SameAsync(Through, Direct, "first screen", see: static screen => screen.Contains("line 1:", StringComparison.Ordinal) ? screen : "");

        foreach (string[] keys in (string[][])[["G"], ["k", "z", "t"], ["g", "g", "V", "j", "j"]])
        {
            await PressBothAsync(tmux, keys);
            await screens.SameAsync(Through, Direct, $"screen after {string.Join(' ', keys)}", withColours: true);
        }

        // What is selected is shown in reverse, so that the comparisons were of more than text.
        Assert.Contains("\x1b[7m", await tmux.ScreenAsync(Through, Lab.Cancel, withColours: true), StringComparison.Ordinal);
        await PressBothAsync(tmux, "Escape", "o");
        await tmux.TypeAsync(Through, "typed über here", Lab.Cancel);
        await tmux.TypeAsync(Direct, "typed über here", Lab.Cancel);
        await PressBothAsync(tmux, "Escape", "5", "j", "d", "d");
        await tmux.WaitForTextAsync(Direct, "typed über here", Lab.Cancel);
        string last = await screens.SameAsync(Through, Direct, "screen after typing", withColours: true);
        Assert.Contains("typed über here", last, StringComparison.Ordinal);
        Assert.Equal(await tmux.PropertyAsync(Direct, "#{cursor_x} #{cursor_y}", Lab.Cancel), await tmux.PropertyAsync(Through, "#{cursor_x} #{cursor_y}", Lab.Cancel));

        // The way out, to the screen of before.
        Assert.Equal("1", await tmux.PropertyAsync(Through, "#{alternate_on}", Lab.Cancel));
        await tmux.TypeAsync(Through, ":q!\r", Lab.Cancel);
        await tmux.WaitForTextAsync(Through, "Connected to web", Lab.Cancel);
        Assert.Equal("0", await tmux.PropertyAsync(Through, "#{alternate_on}", Lab.Cancel));
        await screens.LeaveAsync(Through);
    }

    [Fact]
    public async Task Top_shows_the_same_picture_but_for_its_numbers_and_obeys_its_keys()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/top"), "/usr/bin/top is missing (package procps)");
        await using ViewerScreens screens = await ViewerScreens.StartAsync();
        TmuxServer tmux = screens.Tmux;
        await using ChildProcess watched = ChildProcess.Start("/bin/sleep", ["1000"]);
        await StartBothAsync(screens, $"env HOME={screens.Lab.Machine["home"]} top -d 3600 -p {watched.Id}");
        await tmux.WaitForTextAsync(Direct, "sleep", Lab.Cancel);
        string first = await screens.SameAsync(Through, Direct, "picture", withColours: true, see: WithoutNumbers);
        Assert.Contains("PIDUSER", first, StringComparison.Ordinal);

        // The summary goes, a help screen comes and goes.
        await PressBothAsync(tmux, "t", "m");
        await PressBothAsync(tmux, "h");
        await tmux.WaitForTextAsync(Direct, "Help for Interactive Commands", Lab.Cancel);
        string help = await screens.SameAsync(Through, Direct, "help", withColours: true, see: WithoutNumbers);
        Assert.Contains("HelpforInteractiveCommands", help, StringComparison.Ordinal);
        await PressBothAsync(tmux, "Escape");
        await tmux.WaitForTextAsync(Direct, "PID USER", Lab.Cancel);
        await screens.SameAsync(Through, Direct, "picture after the help", withColours: true, see: WithoutNumbers);
        await screens.LeaveAsync(Through);
    }

    private static async Task StartBothAsync(ViewerScreens screens, string command)
    {
        await screens.AttachToProgramAsync(Through, "web", command);
        await screens.Tmux.OpenAsync(Direct, "/bin/sh", ["-c", $"exec {Environment} {command}"], Lab.Cancel);
    }

    private static async Task PressBothAsync(TmuxServer tmux, params string[] keys)
    {
        await tmux.PressAsync(Direct, Lab.Cancel, keys);
        await tmux.PressAsync(Through, Lab.Cancel, keys);
    }

    /// <summary>Numbers change between two looks, with their widths the spaces around them, and the bars that show them too.</summary>
    private static string WithoutNumbers(string screen)
        => Bars().Replace(Numbers().Replace(screen, "#"), "[bar]").Replace(" ", "", StringComparison.Ordinal);

    [GeneratedRegex(@"(?<!\[[0-9;]*)[0-9][0-9.,:]*")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"(?<!\u001b)\[(?:\u001b\[[0-9;]*m|[| ])*\]")]
    private static partial Regex Bars();
}
