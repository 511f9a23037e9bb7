using System.Globalization;
using System.Text;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The history of consoles with the real executables: parts of it, after its domain's end, over a reboot, and what is missing of it.</summary>
public sealed class HistoryTests
{
    [Fact]
    public async Task Log_prints_all_the_last_lines_or_what_came_since()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        Transcript all = new("viewer");
        await lab.AttachAsync("web all", all.Append);
        await guest.WriteAsync("one\ntwo\nthree\n", Lab.Cancel);
        await all.WaitForTextAsync("three\n", Lab.Cancel);

        // Longer than a stretch of the list of times, and than the hundredth of a second that a time is rounded to.
        DateTimeOffset since = DateTimeOffset.UtcNow.AddMilliseconds(30);
        await Until(since.AddMilliseconds(30));
        await guest.WriteAsync("four\n", Lab.Cancel);
        await all.WaitForTextAsync("four\n", Lab.Cancel);

        Assert.Equal("one\ntwo\nthree\nfour\n", await LogAsync(lab, "web"));
        Assert.Equal("one\ntwo\nthree\nfour\n", await LogAsync(lab, "web", "--from-boot"));
        Assert.Equal("three\nfour\n", await LogAsync(lab, "web", "--tail", "2"));
        Assert.Equal("four\n", await LogAsync(lab, "web", "--since", since.ToString("yyyy-MM-ddTHH:mm:ss.fffK", CultureInfo.InvariantCulture)));
        Assert.Equal("one\ntwo\nthree\nfour\n", await LogAsync(lab, "web", "--since", "10m"));

        // Nothing of it has reached the guest, and nobody counts as a viewer.
        DomainEntry entry = await lab.ConnectedAsync("web");
        Assert.Equal((1, 0UL), (entry.Viewers, entry.BytesIn));
    }

    [Theory]
    [InlineData("--tail 1", "three\n")]
    [InlineData("--since 1h", "one\ntwo\nthree\n")]
    [InlineData("--from-boot", "one\ntwo\nthree\n")]
    public async Task Console_begins_where_it_is_told_to(string options, string expected)
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        Transcript all = new("viewer");
        await lab.AttachAsync("web all", all.Append);
        await guest.WriteAsync("one\ntwo\nthree\n", Lab.Cancel);
        await all.WaitForTextAsync("three\n", Lab.Cancel);

        await using ChildProcess console = Xcsctl(lab, ["console", "web", .. options.Split(' ')]);
        await console.Output.WaitForTextAsync("three\n", Lab.Cancel);
        await guest.WriteAsync("four\n", Lab.Cancel);
        await console.Output.WaitForTextAsync("four\n", Lab.Cancel);
        Assert.Equal(expected + "four\n", console.Output.Text);
    }

    [Fact]
    public async Task A_log_that_follows_prints_what_comes_and_goes_on_after_a_reboot()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint first) = await lab.ConsoleGuestAsync("web");
        await guest.WriteAsync("first life\n", Lab.Cancel);
        await using ChildProcess log = Xcsctl(lab, ["log", "-f", "web"]);
        await log.Output.WaitForTextAsync("first life\n", Lab.Cancel);
        await guest.WriteAsync("panic\n", Lab.Cancel);
        await log.Output.WaitForTextAsync("panic\n", Lab.Cancel);

        uint second = await RebootAsync(lab, guest);
        await log.Output.WaitForTextAsync("second life\n", Lab.Cancel);
        Assert.Equal(
            $"first life\npanic\n\r\n[web rebooted: domain {first} is gone, domain {second} begins]\r\nsecond life\n", log.Output.Text);
        Assert.False(log.HasExited);
    }

    [Fact]
    public async Task A_console_session_goes_on_after_a_reboot_and_types_to_the_new_guest()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint first) = await lab.ConsoleGuestAsync("web");
        await using ChildProcess console = Xcsctl(lab, ["console", "web", "--escape", "none"]);
        await OperatorQuery.WaitForListAsync(
            lab.Places.Console, list => list.Domains.Single().Viewers == 1, "the viewer", Lab.Cancel);
        await guest.Kill9Async(Lab.Cancel);
        await OperatorQuery.WaitForListAsync(lab.Places.Console, list => list.Domains.Count == 0, "the end", Lab.Cancel);

        (GuestProgram again, uint second) = await lab.ConsoleGuestAsync("web");
        await console.Output.WaitForTextAsync(
            $"[web rebooted: domain {first} is gone, domain {second} begins]\r\n", Lab.Cancel);
        await again.WriteAsync("login: ", Lab.Cancel);
        await console.Output.WaitForTextAsync("login: ", Lab.Cancel);
        console.Input.Write("root\r"u8);
        await console.Input.FlushAsync(Lab.Cancel);
        await again.Output.WaitForTextAsync("root\r", Lab.Cancel);
    }

    [Fact]
    public async Task Who_attaches_after_a_domains_end_sees_its_last_life_and_types_to_the_next()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint first) = await lab.ConsoleGuestAsync("web");
        await guest.WriteAsync("Kernel panic\n", Lab.Cancel);
        await OperatorQuery.WaitForListAsync(lab.Places.Console, list => list.Domains.Single().BytesOut == 13, "the output", Lab.Cancel);
        await guest.Kill9Async(Lab.Cancel);
        await OperatorQuery.WaitForListAsync(lab.Places.Console, list => list.Domains.Count == 0, "the end", Lab.Cancel);

        ChildResult once = await RunAsync(lab, "console", "--from-boot", "--once", "web");
        Assert.Equal((0, "Kernel panic\n"), (once.ExitCode, once.Output));
        await using ChildProcess console = Xcsctl(lab, ["console", "web", "--escape", "none"]);
        await console.Output.WaitForTextAsync("Kernel panic\n", Lab.Cancel);
        (GuestProgram again, uint second) = await lab.ConsoleGuestAsync("web");
        await console.Output.WaitForTextAsync(
            $"Kernel panic\n\r\n[web rebooted: domain {first} is gone, domain {second} begins]\r\n", Lab.Cancel);
        console.Input.Write("root\r"u8);
        await console.Input.FlushAsync(Lab.Cancel);
        await again.Output.WaitForTextAsync("root\r", Lab.Cancel);
    }

    [Fact]
    public async Task The_log_of_a_domain_that_is_gone_is_its_last_life_until_it_is_kept_no_longer()
    {
        await using Lab lab = await Lab.StartAsync("--Consoles:KeepAfterEnd=5s");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        Transcript all = new("viewer");
        await lab.AttachAsync("web all", all.Append);
        await guest.WriteAsync("last words\n", Lab.Cancel);
        await all.WaitForTextAsync("last words\n", Lab.Cancel);
        await guest.Kill9Async(Lab.Cancel);
        await OperatorQuery.WaitForListAsync(lab.Places.Console, list => list.Domains.Count == 0, "the end", Lab.Cancel);

        Assert.Equal("last words\n", await LogAsync(lab, "web"));
        Assert.Equal("last words\n", await LogAsync(lab, "web", "--tail", "1"));

        // What follows it waits for a next life, and ends when there is none in time.
        await using ChildProcess log = Xcsctl(lab, ["log", "-f", "web"]);
        Assert.Equal(0, await log.WaitAsync(Lab.Cancel));
        Assert.Equal("last words\n", log.Output.Text);
        ChildResult gone = await RunAsync(lab, "log", "web");
        Assert.Equal((1, ""), (gone.ExitCode, gone.Output));
        Assert.Contains("no domain 'web'", gone.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_stretch_is_shown_where_it_was_and_the_rest_is_there_byte_for_byte()
    {
        const int Boot = 1000;
        const int Newest = 4096;
        const int Lost = 18_312;
        await using Lab lab = await Lab.StartAsync($"--Consoles:BootBytes={Boot}", $"--Consoles:HistoryBytes={Newest}");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        SeededStream output = Lab.Seeded("output");
        await guest.WriteAsync(output.Take(0, Boot + Lost + Newest), Lab.Cancel);
        await OperatorQuery.WaitForListAsync(
            lab.Places.Console, list => list.Domains.Single().BytesOut == Boot + Lost + Newest, "all output", Lab.Cancel);

        Transcript log = new("log");
        await using ChildProcess process = ChildProcess.Start(
            Executables.Cli, ["--socket", lab.Places.Console, "log", "web", "--raw"], new() { OnOutput = log.Append });
        Assert.Equal(0, await process.WaitAsync(Lab.Cancel));
        byte[] expected =
        [
            .. output.Take(0, Boot), .. Encoding.ASCII.GetBytes("\r\n[gap: 18,312 bytes]\r\n"), .. output.Take(Boot + Lost, Newest),
        ];
        Assert.Equal(expected, log.ToArray());
    }

    [Theory]
    [InlineData("log web --since yesterday", "--since yesterday: give how long ago")]
    [InlineData("log web --tail -1", "--tail")]
    [InlineData("log web --tail 1 --from-boot", "--from-boot and --tail exclude each other")]
    [InlineData("console web --all --since 10m", "--all and --since exclude each other")]
    public async Task Options_that_ask_for_nothing_are_refused(string arguments, string problem)
    {
        ChildResult result = await ChildProcess.RunAsync(Executables.Cli, arguments.Split(' '), Lab.Cancel);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(problem, result.Error, StringComparison.Ordinal);
    }

    private static async Task<uint> RebootAsync(Lab lab, GuestProgram guest)
    {
        await guest.Kill9Async(Lab.Cancel);
        await OperatorQuery.WaitForListAsync(lab.Places.Console, list => list.Domains.Count == 0, "the end", Lab.Cancel);
        (GuestProgram again, uint domid) = await lab.ConsoleGuestAsync("web");
        await again.WriteAsync("second life\n", Lab.Cancel);
        return domid;
    }

    private static async Task<string> LogAsync(Lab lab, params string[] arguments)
    {
        ChildResult result = await RunAsync(lab, ["log", .. arguments]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return result.Output;
    }

    private static Task<ChildResult> RunAsync(Lab lab, params string[] arguments)
        => ChildProcess.RunAsync(Executables.Cli, ["--socket", lab.Places.Console, .. arguments], Lab.Cancel);

    private static ChildProcess Xcsctl(Lab lab, string[] arguments)
        => ChildProcess.Start(Executables.Cli, ["--socket", lab.Places.Console, .. arguments]);

    /// <summary>The wall clock itself is what is tested: nothing else says when a moment has passed.</summary>
    private static async Task Until(DateTimeOffset time)
    {
        while (DateTimeOffset.UtcNow < time)
        {
            await Task.Delay(5, Lab.Cancel);
        }
    }
}
