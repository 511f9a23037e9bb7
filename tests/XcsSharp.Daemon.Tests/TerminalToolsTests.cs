using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The tools that people have already, on a console's socket and on its terminal.</summary>
public sealed class TerminalToolsTests
{
    private const string Window = "tool";

    [Fact]
    public async Task Socat_on_the_consoles_socket_shows_output_types_and_leaves_at_its_escape_key()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/socat"), "/usr/bin/socat is missing (package socat)");
        await using Lab lab = await StartAsync();
        TmuxServer tmux = lab.Own(await TmuxServer.StartAsync(Lab.Cancel));
        (GuestProgram guest, Transcript typed) = await GuestAsync(lab);
        await guest.WriteAsync("web1 login: ", Lab.Cancel);

        // As the README has it, and a shell that stays behind it.
        await tmux.OpenAsync(
            Window, "/bin/sh", ["-c", $"socat -,raw,echo=0,escape=0x1d UNIX-CONNECT:{lab.Places.SocketDirectory}/web1.sock; echo left; stty -a | grep -o ' echo '; exec sleep 1000"], Lab.Cancel);
        await tmux.WaitForTextAsync(Window, "web1 login:", Lab.Cancel);
        await tmux.TypeAsync(Window, "root", Lab.Cancel);
        await tmux.PressAsync(Window, Lab.Cancel, "Enter", "C-c", "Up");
        await typed.WaitForTextAsync("root\r\u0003\u001b[A", Lab.Cancel);
        await guest.WriteAsync("\u001b[2J\u001b[5;10Hin its place", Lab.Cancel);
        await tmux.WaitAsync(Window, screen => screen.Split('\n')[4] == "         in its place", "text in the fifth line", Lab.Cancel);

        await tmux.PressAsync(Window, Lab.Cancel, "C-]");
        await tmux.WaitAsync(Window, screen => screen.Contains("left", StringComparison.Ordinal) && screen.Contains(" echo", StringComparison.Ordinal), "the shell, with its echo", Lab.Cancel);
    }

    [Fact]
    public async Task A_pipe_through_socat_types_and_reads_in_a_script()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/socat"), "/usr/bin/socat is missing (package socat)");
        await using Lab lab = await StartAsync();
        (GuestProgram guest, Transcript typed) = await GuestAsync(lab);
        await using ChildProcess socat = ChildProcess.Start("/usr/bin/socat", ["-", $"UNIX-CONNECT:{lab.Places.SocketDirectory}/web1.sock"]);
        await socat.Input.WriteAsync("reboot\r"u8.ToArray(), Lab.Cancel);
        await socat.Input.FlushAsync(Lab.Cancel);
        await typed.WaitForTextAsync("reboot\r", Lab.Cancel);
        await guest.WriteAsync("going down", Lab.Cancel);
        await socat.Output.WaitForTextAsync("going down", Lab.Cancel);
        await guest.Kill9Async(Lab.Cancel);
        Assert.Equal(0, await socat.WaitAsync(Lab.Cancel));
    }

    [Fact]
    public async Task Screen_on_the_consoles_terminal_shows_output_and_types()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/screen"), "/usr/bin/screen is missing (package screen)");
        await using Lab lab = await StartAsync();
        TmuxServer tmux = lab.Own(await TmuxServer.StartAsync(Lab.Cancel));
        (GuestProgram guest, Transcript typed) = await GuestAsync(lab);
        using PrivateDirectory sessions = new("screen");
        await tmux.OpenAsync(
            Window, "/usr/bin/env", [$"SCREENDIR={sessions.Path}", "TERM=screen", "screen", "-c", "/dev/null", lab.PtyOf("web1")], Lab.Cancel);

        // It does not say when it has opened the terminal, and throws away what was there for it and what was typed until then: so keys until one arrives.
        Task isOpen = typed.WaitForLengthAsync(1, Lab.Cancel);
        while (!isOpen.IsCompleted)
        {
            await tmux.PressAsync(Window, Lab.Cancel, "Enter");
            _ = await Task.WhenAny(isOpen, Task.Delay(TimeSpan.FromMilliseconds(50), Lab.Cancel));
        }

        await isOpen;
        await guest.WriteAsync("\u001b[2J\u001b[3;5Hweb1 login: ", Lab.Cancel);
        await tmux.WaitAsync(Window, screen => screen.Split('\n')[2] == "    web1 login:", "the prompt in its place", Lab.Cancel);
        await tmux.TypeAsync(Window, "root", Lab.Cancel);
        await tmux.PressAsync(Window, Lab.Cancel, "Enter");
        await typed.WaitForTextAsync("root\r", Lab.Cancel);

        // Another program on the same terminal's socket sees what goes on.
        Transcript seen = new("socket");
        lab.Own(await ConsoleSocket.ConnectAsync(Path.Combine(lab.Places.SocketDirectory, "web1.sock"), seen.Append, Lab.Cancel));
        await guest.WriteAsync("Password: ", Lab.Cancel);
        await tmux.WaitForTextAsync(Window, "Password:", Lab.Cancel);
        await seen.WaitForTextAsync("Password: ", Lab.Cancel);

        await tmux.PressAsync(Window, Lab.Cancel, "C-a", "k");
        await tmux.WaitForTextAsync(Window, "Really kill this window", Lab.Cancel);
        await tmux.PressAsync(Window, Lab.Cancel, "y");

        // tmux tells of the end in the last line, where screen's own word for it may stand already.
        await tmux.WaitAsync(
            Window,
            static screen => screen.Contains("Pane is dead (status 0", StringComparison.Ordinal) || screen.Contains("[screen is terminating]", StringComparison.Ordinal),
            "its end",
            Lab.Cancel);
    }

    private static async Task<Lab> StartAsync()
    {
        Assert.SkipWhen(TmuxServer.Unavailable is not null, TmuxServer.Unavailable ?? "");
        SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        return await Lab.StartAsync(machine, $"--Consoles:SocketDirectory={new DaemonPlaces(machine).SocketDirectory}", "--Consoles:TerminalOutput=safe");
    }

    private static async Task<(GuestProgram Guest, Transcript Typed)> GuestAsync(Lab lab)
    {
        Transcript typed = new("guest");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web1", input: typed.Append);
        return (guest, typed);
    }
}
