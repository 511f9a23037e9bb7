using System.Globalization;
using System.Text;
using System.Text.Json;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>Several viewers of one console, each a real xcsctl: who types, the menu of the escape key, what the others see.</summary>
public sealed class ViewersTests
{
    [Fact]
    public async Task The_menu_is_one_line_on_the_screen_and_each_of_its_keys_does_what_it_says()
    {
        await using ViewerScreens screens = await ViewerScreens.StartAsync();
        TmuxServer tmux = screens.Tmux;
        (GuestProgram guest, uint _) = await screens.Lab.ConsoleGuestAsync("web");
        await guest.WriteAsync("login: ", Lab.Cancel);
        await screens.AttachAsync("a", "web");
        await tmux.WaitForTextAsync("a", "login:", Lab.Cancel);

        await tmux.PressAsync("a", Lab.Cancel, ViewerScreens.Escape);
        await tmux.WaitForTextAsync(
            "a", "\n[. leave, w who, t take, g give up, r read-only, b break, s sysrq, ? help]\n", Lab.Cancel);
        await tmux.PressAsync("a", Lab.Cancel, "?");
        await tmux.WaitForTextAsync("a", "[t  take: you write, whoever did before]", Lab.Cancel);
        await tmux.PressAsync("a", Lab.Cancel, "Enter");

        // Back at the console: keys are the guest's again.
        await tmux.TypeAsync("a", "x", Lab.Cancel);
        await guest.Output.WaitForTextAsync("x", Lab.Cancel);
        await tmux.PressAsync("a", Lab.Cancel, ViewerScreens.Escape, "l", ViewerScreens.Escape, "b", ViewerScreens.Escape, "s", "h");
        await guest.Output.WaitForTextAsync("x\x1d\x0f\x0fh", Lab.Cancel);
        await tmux.WaitForTextAsync("a", "[sysrq h sent]", Lab.Cancel);

        await tmux.PressAsync("a", Lab.Cancel, ViewerScreens.Escape, "w");
        string who = await tmux.WaitForTextAsync("a", "REFUSED", Lab.Cancel);
        string line = Assert.Single(who.Split('\n'), static line => line.StartsWith("web ", StringComparison.Ordinal));
        Assert.Contains($"* {Environment.UserName} ", line.Replace("  ", " ", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("rw    yes", line, StringComparison.Ordinal);

        // Output that came while the menu was open was not lost, it waited.
        await tmux.PressAsync("a", Lab.Cancel, ViewerScreens.Escape);
        await tmux.WaitForTextAsync("a", "[. leave", Lab.Cancel);
        await guest.WriteAsync("meanwhile\r\n", Lab.Cancel);
        await tmux.PressAsync("a", Lab.Cancel, "q");
        await tmux.WaitForTextAsync("a", "meanwhile", Lab.Cancel);
        await screens.LeaveAsync("a");
    }

    [Fact]
    public async Task One_writes_the_other_is_told_takes_over_and_the_seat_is_handed_back_when_it_is_killed()
    {
        await using ViewerScreens screens = await ViewerScreens.StartAsync();
        TmuxServer tmux = screens.Tmux;
        (GuestProgram guest, uint _) = await screens.Lab.ConsoleGuestAsync("web");
        await screens.AttachAsync("a", "web");
        ViewerEntry first = Assert.Single((await WhoAsync(screens)).Viewers);
        await screens.AttachAsync("b", "web");
        string self = $"{Environment.UserName} (pid {first.Pid})";
        await tmux.WaitForTextAsync("b", $"[{self} writes, you read]", Lab.Cancel);

        await tmux.TypeAsync("b", "no", Lab.Cancel);
        await tmux.WaitForTextAsync("b", $"[read-only: {self} writes; ^] t takes over]", Lab.Cancel);
        await tmux.TypeAsync("a", "yes", Lab.Cancel);
        await guest.Output.WaitForTextAsync("yes", Lab.Cancel);
        Assert.Equal("yes", guest.Output.Text);

        await tmux.PressAsync("b", Lab.Cancel, ViewerScreens.Escape, "t");
        await tmux.WaitForTextAsync("b", "[you write now]", Lab.Cancel);
        ViewerEntry second = Assert.Single((await WhoAsync(screens)).Viewers, static viewer => viewer.Writer);
        Assert.NotEqual(first.Id, second.Id);
        await tmux.WaitForTextAsync("a", $"[{Environment.UserName} (pid {second.Pid}) writes now, you read]", Lab.Cancel);
        await tmux.TypeAsync("b", " mine", Lab.Cancel);
        await guest.Output.WaitForTextAsync("yes mine", Lab.Cancel);

        using (var victim = System.Diagnostics.Process.GetProcessById(second.Pid))
        {
            victim.Kill();
        }

        await tmux.WaitForTextAsync("a", "[you write now]", Lab.Cancel);
        await tmux.TypeAsync("a", " again", Lab.Cancel);
        await guest.Output.WaitForTextAsync("yes mine again", Lab.Cancel);
    }

    [Fact]
    public async Task In_a_full_screen_program_a_notice_and_the_menu_cost_the_lowest_line_alone()
    {
        await using ViewerScreens screens = await ViewerScreens.StartAsync();
        TmuxServer tmux = screens.Tmux;
        (GuestProgram guest, uint _) = await screens.Lab.ConsoleGuestAsync("web");
        await screens.AttachAsync("a", "web");
        StringBuilder picture = new("\x1b[?1049h\x1b[H\x1b[J\x1b[31m");
        for (int row = 1; row <= 24; row++)
        {
            picture.Append(CultureInfo.InvariantCulture, $"\x1b[{row};1Hrow {row} of the picture");
        }

        await guest.WriteAsync(picture + "\x1b[10;5H", Lab.Cancel);
        string before = await tmux.WaitForTextAsync("a", "row 24 of the picture", Lab.Cancel);
        await tmux.PressAsync("a", Lab.Cancel, ViewerScreens.Escape);
        string menu = await tmux.WaitForTextAsync("a", "[. leave", Lab.Cancel);
        Assert.Equal(UpperRows(before), UpperRows(menu));
        await tmux.PressAsync("a", Lab.Cancel, "w");
        await tmux.WaitAsync("a", static screen => !screen.Contains("[. leave", StringComparison.Ordinal), "the menu's end", Lab.Cancel);

        await screens.AttachAsync("b", "--take", "--new", "web");
        string told = await tmux.WaitForTextAsync("a", "writes now, you read]", Lab.Cancel);
        Assert.Equal(UpperRows(before), UpperRows(told));

        // The cursor is where the guest left it, and its colour too.
        await guest.WriteAsync("HERE", Lab.Cancel);
        string after = await tmux.WaitAsync(
            "a", static screen => screen.Contains("HERE", StringComparison.Ordinal), "the guest's next word", Lab.Cancel, withColours: true);
        string upTo = after[..(after.IndexOf("row HERE", StringComparison.Ordinal) + 8)];
        Assert.Equal(["", "31mrow 1 of the picture"], upTo.Split('\n')[0].Split("\x1b["));
        Assert.Equal(2, upTo.Split("\x1b[").Length);
    }

    [Fact]
    public async Task Who_leaves_gets_the_terminal_back_as_it_was()
    {
        await using ViewerScreens screens = await ViewerScreens.StartAsync();
        TmuxServer tmux = screens.Tmux;
        (GuestProgram guest, uint _) = await screens.Lab.ConsoleGuestAsync("web");
        await screens.AttachAsync("a", "web");
        const string Modes = "#{alternate_on} #{cursor_flag} #{keypad_cursor_flag} #{keypad_flag} #{insert_flag} #{wrap_flag} #{scroll_region_upper} #{scroll_region_lower}";
        string usual = await tmux.PropertyAsync("a", Modes, Lab.Cancel);
        await guest.WriteAsync("\x1b[?1049h\x1b[?25l\x1b[?1h\x1b=\x1b[4h\x1b[?7l\x1b[5;10r\x1b[1;7;32mhere", Lab.Cancel);
        await tmux.WaitForTextAsync("a", "here", Lab.Cancel);
        Assert.Equal("1 0 1 1 1 0 4 9", await tmux.PropertyAsync("a", Modes, Lab.Cancel));

        await screens.LeaveAsync("a");
        Assert.Equal(usual, await tmux.PropertyAsync("a", Modes, Lab.Cancel));
        string screen = await tmux.ScreenAsync("a", Lab.Cancel, withColours: true);
        Assert.Contains("Connected to web", screen, StringComparison.Ordinal);
        Assert.DoesNotContain("\x1b[", screen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_shows_every_viewer_for_people_and_as_json()
    {
        await using Lab lab = await Lab.StartAsync();
        await lab.ConsoleGuestAsync("web");
        ChildResult nobody = await RunAsync(lab, "who");
        Assert.Equal((0, "Nobody is attached.\n", ""), (nobody.ExitCode, nobody.Output, nobody.Error));

        Transcript seen = new("viewer");
        await lab.AttachAsync("web", seen.Append);
        await lab.AttachAsync("web mode=ro", seen.Append);
        PtyTerminal pty = lab.OpenPty("web", output: null);
        await pty.WriteAsync("x"u8.ToArray(), Lab.Cancel);
        ConsoleViewers web = await WaitForWhoAsync(lab, static now => now.TerminalTypedSeconds is not null);
        Assert.Equal(("web", 1UL), (web.Name, web.Writer));
        Assert.Equal(
            [(1UL, "rw", true), (2UL, "ro", false)],
            web.Viewers.Select(static viewer => (viewer.Id, viewer.Mode, viewer.Writer)));
        Assert.All(web.Viewers, static viewer => Assert.Equal((Environment.ProcessId, Environment.UserName), (viewer.Pid, viewer.User)));

        ChildResult people = await RunAsync(lab, "who", "web");
        string[] lines = people.Output.Split('\n');
        Assert.Matches("^CONSOLE +VIEWER +USER +PID +FOR +MODE +WRITES +BEHIND +LOST +REFUSED$", lines[0]);
        Assert.Matches($"^web +1 +{Environment.UserName} +{Environment.ProcessId} +[0-9.]+s +rw +yes +0 B +0 B +0 B$", lines[1]);
        Assert.Matches($"^web +2 +{Environment.UserName} +{Environment.ProcessId} +[0-9.]+s +ro +- +0 B +0 B +0 B$", lines[2]);
        Assert.Matches("^web +- +terminal +- +- +rw +[0-9.]+s ago +- +- +-$", lines[3]);
    }

    [Fact]
    public async Task In_a_pipe_who_may_not_write_is_told_on_standard_error_and_who_has_nothing_to_say_keeps_nobody_from_it()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        await using ChildProcess first = Start(lab);
        await WaitForWhoAsync(lab, static now => now.Viewers.Count == 1);
        await using ChildProcess second = Start(lab);
        await second.Error.WaitForTextAsync("Take it over with --take", Lab.Cancel);
        Assert.Contains($"{Environment.UserName} (pid {first.Id}) writes on web", second.Error.Text, StringComparison.Ordinal);

        // As with </dev/null.
        await first.Input.DisposeAsync();
        await WaitForWhoAsync(lab, now => now.Viewers.Single(static viewer => viewer.Writer).Pid == second.Id);
        await second.Input.WriteAsync("mine"u8.ToArray(), Lab.Cancel);
        await second.Input.FlushAsync(Lab.Cancel);
        await guest.Output.WaitForTextAsync("mine", Lab.Cancel);
        Assert.Equal("", first.Error.Text);
    }

    [Fact]
    public async Task Exclusive_keeps_others_from_typing_where_the_settings_allow_it()
    {
        await using Lab lab = await Lab.StartAsync("--Consoles:Exclusive=typing");
        await lab.ConsoleGuestAsync("web");
        await using ChildProcess alone = Start(lab, "--exclusive");
        ConsoleViewers web = await WaitForWhoAsync(lab, static now => now.Viewers.Count == 1);
        Assert.True(web.Exclusive);
        ChildResult other = await RunAsync(lab, "console", "web", "--exclusive");
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("has this console for itself", other.Error, StringComparison.Ordinal);
    }

    private static string[] UpperRows(string screen) => screen.Split('\n')[..23];

    private static ChildProcess Start(Lab lab, params string[] arguments)
        => ChildProcess.Start(Executables.Cli, ["--socket", lab.Places.Console, "console", "web", .. arguments]);

    private static Task<ChildResult> RunAsync(Lab lab, params string[] arguments)
        => ChildProcess.RunAsync(Executables.Cli, ["--socket", lab.Places.Console, .. arguments], Lab.Cancel);

    private static async Task<ConsoleViewers> WhoAsync(ViewerScreens screens) => (await AskWhoAsync(screens.Lab)).Consoles.Single();

    private static async Task<ViewerList> AskWhoAsync(Lab lab)
    {
        await using ConsoleSocket socket = await ConsoleSocket.AskAsync(lab.Places.Console, "WHO", Lab.Cancel);
        Assert.Equal("OK", socket.Reply);
        return JsonSerializer.Deserialize(await socket.ReadToEndAsync(Lab.Cancel), OperatorJson.Default.ViewerList)!;
    }

    /// <summary>The daemon tells nobody who comes and goes, so it is asked.</summary>
    private static async Task<ConsoleViewers> WaitForWhoAsync(Lab lab, Func<ConsoleViewers, bool> wanted)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        while (true)
        {
            ConsoleViewers now = (await AskWhoAsync(lab)).Consoles.Single();
            if (wanted(now))
            {
                return now;
            }

            Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < Transcript.DefaultDeadline, $"in vain: {now}");
            await Task.Delay(20, Lab.Cancel);
        }
    }
}
