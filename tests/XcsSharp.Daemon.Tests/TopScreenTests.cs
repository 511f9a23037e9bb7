using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

using Mono.Unix.Native;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>What a person sees of xcsctl top: the real program and daemon, on a screen of tmux, by its text.</summary>
public sealed partial class TopScreenTests
{
    public TopScreenTests()
    {
        Assert.SkipWhen(TmuxServer.Unavailable is not null, TmuxServer.Unavailable ?? "");
    }

    [Fact]
    public async Task Guests_are_sorted_by_their_rate_keys_change_that_and_q_gives_the_screen_back()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram _, uint idle) = await lab.ConsoleGuestAsync("idle");
        (GuestProgram busy, uint busyId) = await lab.ConsoleGuestAsync("busy");
        await lab.AttachAsync("idle", static _ => { });
        await using TmuxTerminal terminal = await StartAsync(lab);
        string[] screen = await terminal.WaitForAsync(
            text => text.Contains(" busy ", StringComparison.Ordinal) && text.Contains(" idle ", StringComparison.Ordinal), "both guests", Lab.Cancel);
        Assert.True(await terminal.IsAlternateAsync(Lab.Cancel));
        Assert.Contains($"pid {lab.Daemon.Pid}", screen[0], StringComparison.Ordinal);
        Assert.StartsWith("2 guests,", screen[1], StringComparison.Ordinal);
        Assert.Equal(
            $"DOMID {"NAME",-18} STATE VIEW  RATE/s LAST 20{new string(' ', 13)} DROPPED THROTTL", screen[3]);

        await busy.WriteAsync(new string('x', 300_000), Lab.Cancel);
        screen = await terminal.WaitForAsync(text => Bar().IsMatch(text), "a bar", Lab.Cancel);
        Lab.Print(string.Join('\n', screen));
        Assert.StartsWith($"{busyId,5} busy", screen[4], StringComparison.Ordinal);
        Assert.Contains(screen, line => Regex.IsMatch(line, $@"^ *{idle} idle +ok +1 "));

        await terminal.TypeAsync("ss", Lab.Cancel);
        screen = await terminal.WaitForAsync(static text => text.Contains("by domid:", StringComparison.Ordinal), "another order", Lab.Cancel);
        Assert.StartsWith($"{idle,5} idle", screen[4], StringComparison.Ordinal);
        await terminal.TypeAsync("/bus", Lab.Cancel);
        screen = await terminal.WaitForAsync(static text => text.Contains("with: bus_", StringComparison.Ordinal), "a filter", Lab.Cancel);
        Assert.DoesNotContain(screen, static line => line.Contains(" idle ", StringComparison.Ordinal));
        await terminal.TypeAsync("\n", Lab.Cancel);
        await terminal.TypeAsync("?", Lab.Cancel);
        await terminal.WaitForAsync(static text => text.Contains("Any key goes back", StringComparison.Ordinal), "help", Lab.Cancel);
        await terminal.TypeAsync("q", Lab.Cancel);
        await terminal.ResizeAsync(60, 12, Lab.Cancel);
        screen = await terminal.WaitForAsync(static text => text.Contains("by domid: 1 to 1 of 1", StringComparison.Ordinal), "the table", Lab.Cancel);
        Assert.All(screen, static line => Assert.InRange(line.Length, 0, 60));

        await terminal.TypeAsync("q", Lab.Cancel);
        await terminal.WaitForAsync(static text => text.Contains("ended 0", StringComparison.Ordinal), "the shell", Lab.Cancel);
        Assert.False(await terminal.IsAlternateAsync(Lab.Cancel));
        await AssertEchoesAsync(terminal);
    }

    [Theory]
    [InlineData("interrupt", "ended 130")]
    [InlineData("terminate", "ended 143")]
    [InlineData("daemon", "ended 3")]
    public async Task Whatever_ends_it_the_terminal_is_as_before(string how, string ended)
    {
        await using Lab lab = await Lab.StartAsync();
        await lab.ConsoleGuestAsync("web");
        await using TmuxTerminal terminal = await StartAsync(lab);
        await terminal.WaitForAsync(static text => text.Contains(" web ", StringComparison.Ordinal), "the guest", Lab.Cancel);
        switch (how)
        {
            case "interrupt":
                await terminal.TypeAsync("\x03", Lab.Cancel);
                break;
            case "terminate":
                Assert.Equal(0, Syscall.kill(FindTop(lab), Signum.SIGTERM));
                break;
            default:
                await lab.Daemon.Kill9Async(Lab.Cancel);
                break;
        }

        string[] screen = await terminal.WaitForAsync(text => text.Contains(ended, StringComparison.Ordinal), ended, Lab.Cancel);
        Assert.False(await terminal.IsAlternateAsync(Lab.Cancel));
        Assert.Equal(how == "daemon", screen.Any(static line => line.StartsWith("xcsctl: ", StringComparison.Ordinal)));
        await AssertEchoesAsync(terminal);
    }

    [Fact]
    public async Task A_hostile_name_shows_nothing_that_a_terminal_would_obey()
    {
        const uint Domid = 9;
        await using Lab lab = await Lab.StartAsync();
        await using GuestProgram guest = GuestProgram.StartConsole(lab.Machine, new GuestOptions("web", Domid));
        await lab.ConnectedAsync("web");
        await using TmuxTerminal terminal = await StartAsync(lab);
        foreach ((string name, string part) in new[] { ("../../etc/passwd", "etc"), ("a\nb\e[2J\e]0;c\acde", "cde") })
        {
            Assert.Equal(0, (await lab.Machine.CommandAsync(Lab.Cancel, "store", "write", $"/local/domain/{Domid}/name", name)).ExitCode);
            string[] screen = await terminal.WaitForAsync(text => text.Contains(part, StringComparison.Ordinal), name, Lab.Cancel);
            Assert.StartsWith($"{Domid,5} ", screen[4], StringComparison.Ordinal);
            Assert.StartsWith("DOMID NAME", screen[3], StringComparison.Ordinal);
            foreach (string verb in (string[])["list", "top"])
            {
                string[] arguments = verb == "top" ? ["top", "--once", "--interval", "0.1"] : ["list"];
                ChildResult shown = await ChildProcess.RunAsync(
                    Executables.Cli, ["--socket", lab.Places.Console, .. arguments], Lab.Cancel);
                Assert.Equal(0, shown.ExitCode);
                Assert.All(shown.Output, static letter => Assert.True(letter == '\n' || !char.IsControl(letter)));
                Assert.Single(shown.Output.Split('\n'), line => line.StartsWith($"{Domid,5} ", StringComparison.Ordinal));
            }
        }

        // The log and the terminal of such a name stay where they belong.
        await guest.WriteAsync("x", Lab.Cancel);
        DomainList list = await OperatorQuery.WaitForListAsync(
            lab.Places.Console, static list => list.Domains.Any(static d => d.Domid == Domid && d.Consoles![0].BytesLogged == 1), "the log", Lab.Cancel);
        ConsoleEntry console = list.Domains.Single(static d => d.Domid == Domid).Consoles![0];
        Assert.Equal(Path.Combine(lab.Places.LogDirectory, "guest-a_b__2J__0_c_cde.log"), console.Log);
        Assert.Equal(Path.Combine(lab.Places.PtyDirectory, "a_b__2J__0_c_cde"), console.Pty);
    }

    [Fact]
    public async Task Without_a_terminal_it_prints_one_sample_and_as_json_too()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram _, uint domid) = await lab.ConsoleGuestAsync("web");
        ChildResult text = await ChildProcess.RunAsync(Executables.Cli, ["--socket", lab.Places.Console, "top", "--interval", "0.1"], Lab.Cancel);
        Assert.Equal((0, ""), (text.ExitCode, text.Error));
        Assert.DoesNotContain('\e', text.Output);
        Assert.Contains(text.Output.Split('\n'), line => line.StartsWith($"{domid,5} web", StringComparison.Ordinal));
        ChildResult json = await ChildProcess.RunAsync(Executables.Cli, ["--socket", lab.Places.Console, "top", "--json"], Lab.Cancel);
        using JsonDocument document = JsonDocument.Parse(json.Output);
        JsonElement guest = document.RootElement.GetProperty("guests").EnumerateArray().Single(one => one.GetProperty("domid").GetUInt32() == domid);
        Assert.Equal("web", guest.GetProperty("name").GetString());
        Assert.Equal(0, guest.GetProperty("bytesPerSecond").GetDouble());
        Assert.Equal(lab.Daemon.Pid, document.RootElement.GetProperty("daemon").GetProperty("pid").GetInt32());
        ChildResult wrong = await ChildProcess.RunAsync(Executables.Cli, ["top", "--interval", "0"], Lab.Cancel);
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("give 0.1 to 60 seconds", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thousand_guests_fit_on_80_by_24()
    {
        const int Guests = 1000;
        await using Lab lab = await Lab.StartAsync("--Consoles:PtyDirectory=");

        // They live as long as the shell's standard input is open.
        ChildProcess shell = lab.Own(ChildProcess.Start(
            "/bin/sh",
            ["-c", "exec 3<&0; i=0; while [ $i -lt $1 ]; do i=$((i+1)); \"$0\" create --name guest-$i --console <&3 >/dev/null & done; wait", Executables.Simxen, $"{Guests}"],
            new ChildOptions { Name = "guests", Environment = lab.Machine.Environment }));
        await OperatorQuery.WaitForListAsync(
            lab.Places.Console, static list => list.Domains.Count(static d => d.Consoles is [{ State: "connected" }, ..]) >= Guests, "all guests", Lab.Cancel,
            TimeSpan.FromMinutes(2));
        await using TmuxTerminal terminal = await StartAsync(lab);
        string[] screen = await terminal.WaitForAsync(static text => text.Contains($"by rate: 1 to 20 of {Guests}", StringComparison.Ordinal)
            || text.Contains($"by rate: 1 to 20 of {Guests + 1}", StringComparison.Ordinal), "all guests", Lab.Cancel);
        Lab.Print(string.Join('\n', screen));
        Assert.StartsWith($"{Guests} guests,", screen[1], StringComparison.Ordinal);
        Assert.Equal(24, screen.Length);
        Assert.All(screen, static line => Assert.InRange(line.Length, 1, 80));
        await terminal.TypeAsync("s\e[F", Lab.Cancel);
        screen = await terminal.WaitForAsync(static text => text.Contains("by name: 98", StringComparison.Ordinal), "the end", Lab.Cancel);
        Assert.Contains(screen, static line => line.Contains(" guest-999 ", StringComparison.Ordinal));

        Print("TOP", await TimeAsync(lab, "TOP"));
        Print("LIST", await TimeAsync(lab, "LIST"));
        shell.Input.Close();
        await shell.Exited.WaitAsync(TimeSpan.FromMinutes(1), Lab.Cancel);

        static void Print(string word, (TimeSpan Time, int Bytes, TimeSpan Processor) cost) => Lab.Print(
            $"{word}: {cost.Bytes} bytes, {cost.Time.TotalMilliseconds:0.0} ms, of the daemon's processor {cost.Processor.TotalMilliseconds:0.0} ms");
    }

    private static async Task<(TimeSpan Time, int Bytes, TimeSpan Processor)> TimeAsync(Lab lab, string word)
    {
        const int Rounds = 20;
        using Process daemon = Process.GetProcessById(lab.Daemon.Pid);
        TimeSpan before = daemon.TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        int bytes = 0;
        for (int i = 0; i < Rounds; i++)
        {
            await using ConsoleSocket connection = await ConsoleSocket.AskAsync(lab.Places.Console, word, Lab.Cancel);
            bytes = (await connection.ReadToEndAsync(Lab.Cancel)).Length;
        }

        TimeSpan time = Stopwatch.GetElapsedTime(start) / Rounds;
        daemon.Refresh();
        return (time, bytes, (daemon.TotalProcessorTime - before) / Rounds);
    }

    private static Task<TmuxTerminal> StartAsync(Lab lab) => TmuxTerminal.StartAsync(
        80, 24, $"{Executables.Cli} --socket {lab.Places.Console} top --interval 0.2; echo ended $?", Lab.Cancel);

    /// <summary>A shell whose terminal was left raw would not show what is typed.</summary>
    private static async Task AssertEchoesAsync(TmuxTerminal terminal)
    {
        await terminal.TypeAsync("echo one-$((1+1))\n", Lab.Cancel);
        await terminal.WaitForAsync(
            static text => text.Contains("echo one-$((1+1))", StringComparison.Ordinal) && text.Contains("\none-2", StringComparison.Ordinal), "an echo", Lab.Cancel);
    }

    private static int FindTop(Lab lab) => Process.GetProcessesByName("xcsctl").Single(process =>
    {
        string[] words = File.ReadAllText($"/proc/{process.Id}/cmdline").Split('\0');
        return words.Contains("top") && words.Contains(lab.Places.Console);
    }).Id;

    [GeneratedRegex(@" busy .*[▁▂▃▄▅▆▇█]")]
    private static partial Regex Bar();
}
