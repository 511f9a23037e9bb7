using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// A daemon that filters at <c>safe</c>, and a tmux: programs in a guest's own pty, seen through <c>xcsctl console</c> in one window and directly in
/// another.
/// </summary>
internal sealed class ViewerScreens : IAsyncDisposable
{
    /// <summary>The escape key, as tmux calls it.</summary>
    public const string Escape = "C-]";

    private readonly Lab _lab;

    private ViewerScreens(Lab lab, TmuxServer tmux)
    {
        _lab = lab;
        Tmux = tmux;
    }

    public Lab Lab => _lab;

    public TmuxServer Tmux { get; }

    public static async Task<ViewerScreens> StartAsync(params string[] settings)
    {
        Assert.SkipWhen(TmuxServer.Unavailable is not null, TmuxServer.Unavailable ?? "");
        Lab lab = await Lab.StartAsync(["--Consoles:TerminalOutput=safe", .. settings]);
        return new ViewerScreens(lab, lab.Own(await TmuxServer.StartAsync(Lab.Cancel)));
    }

    /// <summary>A guest whose console is the pty of a program, 80 by 24, as a getty's is; and a window that is attached before its first byte.</summary>
    /// <param name="window">The window's name.</param>
    /// <param name="name">The guest's.</param>
    /// <param name="command">A command of the shell.</param>
    public async Task AttachToProgramAsync(string window, string name, string command)
    {
        ChildProcess? program = null;
        (GuestProgram guest, uint _) = await _lab.ConsoleGuestAsync(name, input: bytes =>
        {
            program!.Input.Write(bytes);
            program.Input.Flush();
        });

        await AttachAsync(window, name);

        // The pty has no size of its own, since nobody sits at it; Linux gives a console 80 by 24 where it knows no better.
        program = _lab.Own(ChildProcess.Start(
            "/usr/bin/script",
            ["-qfec", $"stty rows 24 cols 80; export TERM=screen LANG=C.UTF-8; exec {command}", "/dev/null"],
            new()
            {
                Name = $"program of {name}",
                OnOutput = bytes =>
                {
                    guest.Process.Input.Write(bytes);
                    guest.Process.Input.Flush();
                },
            }));
    }

    /// <summary>A window with <c>xcsctl console</c>, and a shell's line behind it.</summary>
    /// <param name="window">The window's name.</param>
    /// <param name="arguments">Behind <c>console</c>.</param>
    public async Task AttachAsync(string window, params string[] arguments)
    {
        await Tmux.OpenAsync(
            window,
            "/bin/sh",
            ["-c", "\"$@\"; echo \"ended with $?\"; exec cat", "sh", Executables.Cli, "--socket", _lab.Places.Console, "console", .. arguments],
            Lab.Cancel);
        await Tmux.WaitForTextAsync(window, "Leave with ^] and a dot", Lab.Cancel);
    }

    /// <summary>Leaves the console through the menu.</summary>
    public async Task LeaveAsync(string window)
    {
        await Tmux.PressAsync(window, Lab.Cancel, Escape, ".");
        await Tmux.WaitForTextAsync(window, "ended with 0", Lab.Cancel);
    }

    /// <summary>Waits until two windows show the same.</summary>
    /// <param name="one">A window.</param>
    /// <param name="other">The other one.</param>
    /// <param name="what">What is compared, for the message.</param>
    /// <param name="withColours">Whether colours count.</param>
    /// <param name="see">What of a screen is compared; null: all.</param>
    /// <returns>The screen.</returns>
    public async Task<string> SameAsync(string one, string other, string what, bool withColours = false, Func<string, string>? see = null)
    {
        see ??= static screen => screen;
        string seen = "";
        string expected = "-";
        try
        {
            await Tmux.WaitAsync(
                one,
                screen =>
                {
                    seen = see(screen);
                    expected = see(Tmux.ScreenAsync(other, Lab.Cancel, withColours).GetAwaiter().GetResult());
                    return seen.Length > 0 && seen == expected;
                },
                what,
                Lab.Cancel,
                withColours);
        }
        catch (TimeoutException)
        {
            // Shows where they differ.
            Assert.Equal(expected, seen);
            throw;
        }

        return expected;
    }

    public ValueTask DisposeAsync() => _lab.DisposeAsync();
}
