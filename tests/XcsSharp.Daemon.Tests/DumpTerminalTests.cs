using System.Text.RegularExpressions;

using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>What a person sees of xcsctl dump on a terminal of 80 columns.</summary>
public sealed partial class DumpTerminalTests
{
    /// <summary>As the toolstack has it; the daemon takes out what no name needs.</summary>
    private const string Hostile = "web (1) -> request";
    private const string Harmless = "web__1__-__request";

    public DumpTerminalTests()
    {
        Assert.SkipWhen(TerminalProgram.Unavailable is not null, TerminalProgram.Unavailable ?? "");
    }

    [Fact]
    public async Task Each_record_begins_with_who_and_what_and_no_line_is_too_wide()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram web, uint domid) = await lab.ConsoleGuestAsync("web");
        GuestProgram hostile = lab.Own(GuestProgram.StartConsole(lab.Machine, new GuestOptions(Hostile)));
        uint number = (await lab.ConnectedAsync(Harmless)).Domid;
        GuestProgram odd = await lab.GuestAsync("odd", 77);
        await using TerminalProgram terminal = await StartAsync(lab, 80, ("TERM", "xterm"));

        int seen = await AfterAsync(terminal, web, new string('w', 60), "www\"\e[0m");
        seen = await AfterAsync(terminal, hostile, "\e[2Jgone \u202e", "gone \\u{202e}\"\e[0m", seen);
        seen = await AfterAsync(terminal, odd, "what is this?", "3f\e[0m", seen);
        using RecordSubscriber other = await lab.SubscribeAsync();
        ControlMessage ask = ControlMessage.Create(MessageType.Shutdown, 0, 9, []);
        await other.Data.SendAsync(XcsRecord.ForMessage(RecordType.Request, domid, 0, ask), Lab.Cancel);
        await terminal.Screen.WaitForTextAsync("id   9 len  0", Lab.Cancel, seen);
        await terminal.TypeAsync("\x03", Lab.Cancel);
        Assert.Equal(0, await terminal.WaitAsync(Lab.Cancel));

        Lab.Print(terminal.Screen.Text);
        Assert.All(Color().Replace(terminal.Screen.Text, "").Split("\r\n").SkipWhile(line => !Time().IsMatch(line)), line => Assert.InRange(line.Length, 0, 80));
        string[] lines = Shown(terminal);
        Assert.Equal(
            [
                $"TIME {$"web({domid})",-16} -> request  CONSOLE DATA",
                $"    id 255 len 60 \"{new string('w', 60)}\"",
                $"TIME {Harmless}({number}) -> request  CONSOLE DATA",
                $"    id 255 len 12 \"\\e[2Jgone \\u{{202e}}\"",
                $"TIME odd({number + 1})           -> request  type-77 subtype-0",
                $"    id 255 len 13 {Convert.ToHexStringLower("what is this?"u8)}",
                $"TIME {$"web({domid})",-16} -> response SHUTDOWN POWEROFF",
                "    id   9 len  0",
            ],
            lines.SkipWhile(line => !line.StartsWith("TIME ", StringComparison.Ordinal)).Take(8));
        Assert.Single(Warned().Matches(terminal.Screen.Text));
    }

    [Fact]
    public async Task A_wide_terminal_has_a_record_a_line_and_no_color_where_none_is_wanted()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram web, uint domid) = await lab.ConsoleGuestAsync("web");
        await using TerminalProgram terminal = await StartAsync(lab, 160, ("TERM", "xterm"), ("NO_COLOR", "1"));
        await AfterAsync(terminal, web, new string('w', 60), "www\"\r\n");
        await terminal.TypeAsync("\x03", Lab.Cancel);
        Assert.Equal(0, await terminal.WaitAsync(Lab.Cancel));
        Assert.DoesNotContain('\e', terminal.Screen.Text);
        Assert.Contains(
            $"TIME {$"web({domid})",-16} -> request  CONSOLE DATA               id 255 len 60 \"{new string('w', 60)}\"", Shown(terminal));
    }

    private static async Task<TerminalProgram> StartAsync(Lab lab, int columns, params (string Name, string Value)[] environment)
    {
        TerminalProgram terminal = TerminalProgram.Start(
            "/bin/sh",
            [
                "-c", "stty cols \"$0\" && exec \"$@\"", $"{columns}", Executables.Cli, "--socket", lab.Places.Console, "dump",
                "--xcs-socket", lab.Places.Xcs,
            ],
            new ChildOptions { Environment = environment.ToDictionary(one => one.Name, one => one.Value) });
        await terminal.Screen.WaitForTextAsync("^C ends", Lab.Cancel);
        return terminal;
    }

    private static async Task<int> AfterAsync(TerminalProgram terminal, GuestProgram guest, string text, string sign, int from = 0)
    {
        await guest.WriteAsync(text, Lab.Cancel);
        return await terminal.Screen.WaitForTextAsync(sign, Lab.Cancel, from);
    }

    /// <summary>The lines without colors, with a word for each time.</summary>
    private static string[] Shown(TerminalProgram terminal)
        => [.. Time().Replace(Color().Replace(terminal.Screen.Text, ""), "TIME ").Split("\r\n", StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>What stands out, which of these records only the unknown one does.</summary>
    [GeneratedRegex("\e\\[33m odd")]
    private static partial Regex Warned();

    [GeneratedRegex("\e\\[[0-9;]*m")]
    private static partial Regex Color();

    [GeneratedRegex(@"\d\d:\d\d:\d\d\.\d{6} ")]
    private static partial Regex Time();
}
