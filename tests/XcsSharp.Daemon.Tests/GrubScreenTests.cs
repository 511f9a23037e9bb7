using System.Text;
using System.Text.Json;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// GRUB on a serial console: what it sent to each key (Recordings/, see tests/README.md) comes from a guest, and a terminal behind xcsctl
/// at the level <c>safe</c> shows what one shows that gets the same bytes itself.
/// </summary>
public sealed class GrubScreenTests
{
    private const string Through = "through";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    /// <summary>As tmux calls them.</summary>
    private static readonly Dictionary<string, string[]> s_keys = new()
    {
        ["\u001b[B"] = ["Down"],
        ["\r"] = ["Enter"],
        ["\u001b"] = ["Escape"],
        ["ls\r"] = ["l", "s", "Enter"],
    };

    [Fact]
    public async Task Its_menus_editor_and_command_line_look_and_work_as_on_a_terminal_of_its_own()
    {
        Step[] steps = await ReadAsync();
        await using ViewerScreens screens = await ViewerScreens.StartAsync();
        TmuxServer tmux = screens.Tmux;
        Grub grub = new(steps);
        (grub.Guest, uint _) = await screens.Lab.ConsoleGuestAsync("web", input: grub.Take);
        await screens.AttachAsync(Through, "web");
        await grub.Guest.WriteAsync(steps[0].Output, Lab.Cancel);
        for (int i = 0; i < steps.Length; i++)
        {
            if (i > 0)
            {
                await tmux.PressAsync(Through, Lab.Cancel, s_keys.GetValueOrDefault(steps[i].Keys, [steps[i].Keys]));
            }

            string direct = await ShowAsync(screens, steps[..(i + 1)]);
            string screen = await screens.SameAsync(Through, direct, $"screen {i}", withColours: true);
            Assert.Contains("GNU GRUB  version 2.06", screen, StringComparison.Ordinal);
            const string Cursor = "#{cursor_flag} #{cursor_x} #{cursor_y}";
            Assert.Equal(await tmux.PropertyAsync(direct, Cursor, Lab.Cancel), await tmux.PropertyAsync(Through, Cursor, Lab.Cancel));
            if (i == 1)
            {
                // The chosen entry is shown in reverse, so that the comparisons are of more than text.
                Assert.Contains("\u001b[7m*Advanced options", screen, StringComparison.Ordinal);
            }
        }

        // The menu has hidden the cursor; who leaves gets it back.
        Assert.Equal("0", await tmux.PropertyAsync(Through, "#{cursor_flag}", Lab.Cancel));
        await screens.LeaveAsync(Through);
        Assert.Equal("1", await tmux.PropertyAsync(Through, "#{cursor_flag}", Lab.Cancel));
    }

    /// <summary>A window that gets these bytes from nobody but a file.</summary>
    private static async Task<string> ShowAsync(ViewerScreens screens, Step[] steps)
    {
        string window = $"direct-{steps.Length}";
        string picture = screens.Lab.Machine[window];
        await File.WriteAllTextAsync(picture, string.Concat(steps.Select(static step => step.Output)), Lab.Cancel);
        await screens.Tmux.OpenAsync(window, "/bin/sh", ["-c", $"stty raw -echo; cat {picture}; exec cat"], Lab.Cancel);
        return window;
    }

    private static async Task<Step[]> ReadAsync()
    {
        await using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Recordings", "grub-2.06-serial.json"));
        return (await JsonSerializer.DeserializeAsync<Step[]>(file, s_json, Lab.Cancel))!;
    }

    /// <summary>What GRUB sent once it had got these keys.</summary>
    private sealed record Step(string Keys, string Output);

    /// <summary>Plays the guest: says what GRUB said, when it gets the keys that GRUB got.</summary>
    private sealed class Grub(Step[] steps)
    {
        private readonly StringBuilder _typed = new();
        private int _next = 1;

        public GuestProgram? Guest { get; set; }

        public void Take(ReadOnlySpan<byte> bytes)
        {
            _ = _typed.Append(Encoding.ASCII.GetString(bytes));
            if (_next < steps.Length && _typed.ToString() == steps[_next].Keys)
            {
                _ = _typed.Clear();
                Guest!.Process.Input.Write(Encoding.ASCII.GetBytes(steps[_next++].Output));
                Guest.Process.Input.Flush();
            }
        }
    }
}
