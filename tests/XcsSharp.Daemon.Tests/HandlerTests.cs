using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The daemon's handlers: the real xcsctl asks, the real xcs-guest answers, or does not.</summary>
public sealed class HandlerTests
{
    private const string On = "--Handlers:Shutdown=on";
    private const string MemoryOn = "--Handlers:Memory=on";

    /// <summary>Longer than any test: who is answered meanwhile did not wait for it.</summary>
    private const string VeryPatient = "--Handlers:AnswerTimeout=10m";

    [Theory]
    [InlineData(false, "shutdown", "POWEROFF")]
    [InlineData(true, "shutdown", "POWEROFF")]
    [InlineData(false, "reboot", "REBOOT")]
    [InlineData(true, "reboot", "REBOOT")]
    public async Task A_guest_is_asked_acknowledges_and_goes_and_who_waits_is_told_so(bool classic, string verb, string message)
    {
        await using Lab lab = await Lab.StartAsync(On);
        (GuestProgram first, uint firstId) = await GuestAsync(lab, "first", classic, "exit");
        (GuestProgram second, uint secondId) = await GuestAsync(lab, "second", classic, "exit");

        ChildResult asked = await XcsctlAsync(lab, verb, "first");
        ChildResult waited = await XcsctlAsync(lab, verb, "second", "--wait", "--json");

        Assert.Equal((0, $"first ({firstId}) has taken the request\n", ""), (asked.ExitCode, asked.Output, asked.Error));
        Assert.Equal(
            (0, $$"""{"domid":{{secondId}},"name":"second","gone":true}""" + "\n", ""),
            (waited.ExitCode, waited.Output, waited.Error));
        Assert.DoesNotContain((await lab.ListAsync()).Domains, domain => domain.Domid == secondId);
        foreach (GuestProgram guest in (GuestProgram[])[first, second])
        {
            Assert.Equal(0, await guest.Process.WaitAsync(Lab.Cancel));
            Assert.Equal($"asked for {message}\n", guest.Process.Error.Text);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_suspend_is_acknowledged_and_the_guest_lives_on(bool classic)
    {
        await using Lab lab = await Lab.StartAsync(On);
        (GuestProgram guest, uint domid) = await GuestAsync(lab, "web", classic, "exit");
        ChildResult asked = await XcsctlAsync(lab, "suspend", $"{domid}", "--json");
        Assert.Equal(
            (0, $$"""{"domid":{{domid}},"name":"web","gone":false}""" + "\n"), (asked.ExitCode, asked.Output));
        Assert.Equal("asked for SUSPEND\n", guest.Process.Error.Text);
        await AssertConsoleWorksAsync(lab, guest);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_guest_that_ignores_it_is_reported_after_the_timeout_and_its_console_still_works(bool classic)
    {
        await using Lab lab = await Lab.StartAsync(On, "--Handlers:AnswerTimeout=200ms");
        (GuestProgram guest, uint domid) = await GuestAsync(lab, "deaf", classic, "ignore");
        ChildResult asked = await XcsctlAsync(lab, "shutdown", "deaf");

        Assert.Equal((1, ""), (asked.ExitCode, asked.Output));
        Assert.Equal(
            $"xcsctl: domain {domid} (deaf) was asked and has not answered for 0.2 s (Handlers:AnswerTimeout); "
            + $"it may still do it, otherwise use: xl shutdown {domid}\n",
            asked.Error);
        await AssertConsoleWorksAsync(lab, guest);
    }

    [Fact]
    public async Task While_one_guest_ignores_it_its_neighbour_is_served()
    {
        await using Lab lab = await Lab.StartAsync(On, VeryPatient);
        (GuestProgram deaf, _) = await GuestAsync(lab, "deaf", classic: false, "ignore");
        (GuestProgram neighbour, _) = await GuestAsync(lab, "web", classic: true, "exit");
        await using ChildProcess waiting = StartXcsctl(lab, "shutdown", "deaf", "--wait");
        await deaf.Process.Error.WaitForTextAsync("asked for POWEROFF\n", Lab.Cancel);

        await AssertConsoleWorksAsync(lab, neighbour);
        ChildResult other = await XcsctlAsync(lab, "shutdown", "web", "--wait");

        Assert.Equal(0, other.ExitCode);
        Assert.False(waiting.HasExited);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_guest_that_dies_while_it_is_waited_for_is_reported(bool classic)
    {
        await using Lab lab = await Lab.StartAsync(On, VeryPatient);
        (GuestProgram guest, uint domid) = await GuestAsync(lab, "web", classic, "ignore");
        await using ChildProcess waiting = StartXcsctl(lab, "reboot", "web");
        await guest.Process.Error.WaitForTextAsync("asked for REBOOT\n", Lab.Cancel);
        await guest.Kill9Async(Lab.Cancel);

        Assert.Equal(1, await waiting.WaitAsync(Lab.Cancel));
        Assert.StartsWith(
            $"xcsctl: the control channel of domain {domid} (web) ended before there was an answer: ",
            waiting.Error.Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_guest_that_acknowledges_and_stays_is_waited_for_as_long_as_the_operator_wants()
    {
        await using Lab lab = await Lab.StartAsync(On);
        (GuestProgram guest, _) = await GuestAsync(lab, "web", classic: false, "answer");
        ChildResult late = await XcsctlAsync(lab, "shutdown", "web", "--wait", "--timeout", "0.5");
        Assert.Equal(
            (1, "", "xcsctl: web was asked and has not gone in time; see its console: xcsctl console web\n"),
            (late.ExitCode, late.Output, late.Error));
        await AssertConsoleWorksAsync(lab, guest);
    }

    [Fact]
    public async Task Operators_at_once_all_get_their_answer_also_when_one_of_them_is_killed()
    {
        await using Lab lab = await Lab.StartAsync(On, VeryPatient);
        (GuestProgram guest, _) = await GuestAsync(lab, "web", classic: false, "answer");
        await using ChildProcess killed = StartXcsctl(lab, "shutdown", "web", "--wait");
        await guest.Process.Error.WaitForTextAsync("asked for POWEROFF\n", Lab.Cancel);
        await using ChildProcess stays = StartXcsctl(lab, "reboot", "web", "--wait");
        await guest.Process.Error.WaitForTextAsync("asked for REBOOT\n", Lab.Cancel);
        ChildResult third = await XcsctlAsync(lab, "suspend", "web");

        await killed.Kill9Async(Lab.Cancel);
        await guest.Kill9Async(Lab.Cancel);

        Assert.Equal(0, third.ExitCode);
        Assert.Equal(0, await stays.WaitAsync(Lab.Cancel));
        Assert.EndsWith("has gone\n", stays.Output.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_daemon_that_stops_ends_the_wait_with_exit_code_3()
    {
        await using Lab lab = await Lab.StartAsync(On, VeryPatient);
        (GuestProgram guest, _) = await GuestAsync(lab, "web", classic: false, "ignore");
        await using ChildProcess waiting = StartXcsctl(lab, "shutdown", "web");
        await guest.Process.Error.WaitForTextAsync("asked for POWEROFF\n", Lab.Cancel);
        Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));
        Assert.Equal(3, await waiting.WaitAsync(Lab.Cancel));
    }

    [Fact]
    public async Task What_cannot_be_asked_is_refused_with_the_remedy_and_disturbs_no_guest()
    {
        await using Lab lab = await Lab.StartAsync(On);
        (GuestProgram guest, _) = await GuestAsync(lab, "web", classic: false, "exit", "0");
        (ChildProcess holder, uint quiet) = await lab.Machine.CreateAsync(new GuestOptions("quiet"), console: true, Lab.Cancel);
        await using ChildProcess bare = holder;
        await OperatorQuery.WaitForListAsync(
            lab.Places.Console, list => list.Domains.Any(domain => domain.Name == "quiet"), "the domain quiet", Lab.Cancel);

        ChildResult off = await XcsctlAsync(lab, "mem-set", "web", "512M");
        ChildResult none = await XcsctlAsync(lab, "shutdown", "quiet");
        ChildResult nobody = await XcsctlAsync(lab, "shutdown", "nobody");

        Assert.Equal((1, 1, 1), (off.ExitCode, none.ExitCode, nobody.ExitCode));
        Assert.Contains("set Handlers:Memory=on", off.Error, StringComparison.Ordinal);
        Assert.Equal(
            $"xcsctl: domain {quiet} (quiet) has no open control channel, so it cannot be asked; use: xl shutdown {quiet}\n", none.Error);
        Assert.Contains("no domain 'nobody'", nobody.Error, StringComparison.Ordinal);
        Assert.Equal("", guest.Process.Error.Text);
    }

    [Theory]
    [InlineData(false, "0", 0)]
    [InlineData(true, "0", 0)]
    [InlineData(false, "1", 0)]
    [InlineData(false, "-12", 1)]
    public async Task A_size_is_asked_for_in_pages_and_the_guests_status_is_shown(bool classic, string status, int exitCode)
    {
        await using Lab lab = await Lab.StartAsync(MemoryOn);
        (GuestProgram guest, uint domid) = await GuestAsync(lab, "web", classic, "answer", status);

        ChildResult people = await XcsctlAsync(lab, "mem-set", "web", "512M");
        ChildResult json = await XcsctlAsync(lab, "mem-set", "web", "131073p", "--json");

        Assert.Equal(
            (exitCode, $"web ({domid}): target 512.0 MiB (131072 pages), status {status}\n"), (people.ExitCode, people.Output));
        Assert.Equal(
            (exitCode, $$"""{"domid":{{domid}},"name":"web","pages":131073,"status":{{status}}}""" + "\n"), (json.ExitCode, json.Output));
        Assert.Equal("asked for 131072 pages\nasked for 131073 pages\n", guest.Process.Error.Text);
    }

    [Fact]
    public async Task A_guest_without_a_balloon_driver_says_so()
    {
        await using Lab lab = await Lab.StartAsync(MemoryOn);
        (_, uint domid) = await GuestAsync(lab, "web", classic: false, "answer");
        ChildResult result = await XcsctlAsync(lab, "mem-set", "web", "512M");
        Assert.Equal(1, result.ExitCode);
        Assert.EndsWith($"use: xl mem-set {domid} 524288k\n", result.Error, StringComparison.Ordinal);
    }

    /// <summary>xend of 2005 shut guests down through xcs; a handler that is on takes nothing from it.</summary>
    [Theory]
    [InlineData("off")]
    [InlineData("on")]
    public async Task A_client_of_2005_gets_what_it_got_before(string setting)
    {
        await using Lab lab = await Lab.StartAsync($"--Handlers:Shutdown={setting}");
        GuestProgram guest = lab.Own(GuestProgram.Start(
            lab.Machine, new GuestOptions("web", Classic: true), ["console", "--type", "6", "--on-shutdown", "answer"]));
        uint domid = (await lab.ConnectedAsync("web")).Domid;
        using RecordSubscriber client = await lab.SubscribeAsync();

        // The guest's own request of the type.
        await guest.WriteAsync("gone", Lab.Cancel);
        XcsRecord request = await client.ReceiveAsync(RecordType.Request, Lab.Cancel);
        Assert.Equal((MessageType.Shutdown, "gone"), (request.Message.Type, System.Text.Encoding.UTF8.GetString(request.Message.Data)));
        await client.Data.SendAsync(XcsRecord.ForMessage(RecordType.Response, domid, 0, request.Message), Lab.Cancel);

        // An operator's question: a copy of the answer, as of anybody's.
        ChildResult asked = await XcsctlAsync(lab, "shutdown", "web");
        Assert.Equal(setting == "on" ? 0 : 1, asked.ExitCode);
        if (setting == "on")
        {
            XcsRecord copy = await client.ReceiveAsync(RecordType.Response, Lab.Cancel);
            Assert.Equal((MessageType.Shutdown, (byte)0), (copy.Message.Type, copy.Message.Length));
            Assert.InRange(copy.Message.Id, 0xF0, 0xFF);
        }

        // Its own question, and its answer.
        await client.Data.SendAsync(
            XcsRecord.ForMessage(RecordType.Request, domid, 0, ControlMessage.Create(MessageType.Shutdown, 0, 7, [])), Lab.Cancel);
        XcsRecord response = await client.ReceiveAsync(RecordType.Response, Lab.Cancel);
        Assert.Equal((MessageType.Shutdown, (byte)7), (response.Message.Type, response.Message.Id));
        Assert.Equal(0, (await lab.ListAsync()).Domains.Single().Unanswered);
    }

    [Fact]
    public async Task The_sample_answers_and_counts_what_a_guest_sends_once_it_is_on()
    {
        await using Lab lab = await Lab.StartAsync("--Handlers:Sample=on");
        GuestProgram guest = lab.Own(GuestProgram.Start(lab.Machine, new GuestOptions("web"), ["console", "--type", "11"]));
        uint domid = (await lab.ConnectedAsync("web")).Domid;
        await guest.WriteAsync("one message", Lab.Cancel);
        await lab.Daemon.Process.Error.WaitForTextAsync("sends debug messages", Lab.Cancel);

        await using ConsoleSocket count = await ConsoleSocket.AskAsync(lab.Places.Console, "DEBUG-COUNT web", Lab.Cancel);
        Assert.Equal($"OK {domid} web 1", count.Reply);
        Assert.Equal(0, (await lab.ListAsync()).Domains.Single().Unanswered);
    }

    [Theory]
    [InlineData("shutdown")]
    [InlineData("shutdown", "")]
    [InlineData("shutdown", "web", "--timeout", "0")]
    [InlineData("reboot", "web", "--timeout", "soon")]
    [InlineData("suspend", "web", "--wait")]
    [InlineData("mem-set", "web")]
    [InlineData("mem-set", "web", "512")]
    [InlineData("mem-set", "web", "3M")]
    [InlineData("mem-set", "web", "16T")]
    public async Task A_wrong_argument_is_refused_before_anybody_is_asked(params string[] arguments)
    {
        ChildResult result = await ChildProcess.RunAsync(
            Executables.Cli, ["--socket", "/nowhere", .. arguments], Lab.Cancel, new() { Name = "xcsctl" });
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.EndsWith($"Try: xcsctl {arguments[0]} --help\n", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--on-shutdown", "maybe")]
    [InlineData("--on-memory", "much")]
    [InlineData("--on-memory", "2147483648")]
    public async Task A_guest_takes_no_manners_that_it_does_not_know(params string[] arguments)
    {
        ChildResult result = await ChildProcess.RunAsync(
            Executables.Guest, ["console", .. arguments], Lab.Cancel, new() { Name = "xcs-guest" });
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("Try: xcs-guest --help", result.Error, StringComparison.Ordinal);
    }

    private static async Task<(GuestProgram Guest, uint Domid)> GuestAsync(
        Lab lab, string name, bool classic, string onShutdown, string onMemory = "unknown")
    {
        GuestProgram guest = lab.Own(GuestProgram.Start(
            lab.Machine,
            new GuestOptions(name, Classic: classic),
            ["console", "--on-shutdown", onShutdown, $"--on-memory={onMemory}"]));
        return (guest, (await lab.ConnectedAsync(name)).Domid);
    }

    /// <summary>A line out and a line in.</summary>
    private static async Task AssertConsoleWorksAsync(Lab lab, GuestProgram guest)
    {
        Transcript output = new("console");
        ConsoleSocket console = await lab.AttachAsync(guest.Name, output.Append);
        await guest.WriteAsync("from the guest\n", Lab.Cancel);
        await output.WaitForTextAsync("from the guest\n", Lab.Cancel);
        await console.SendAsync("to the guest\n"u8.ToArray(), Lab.Cancel);
        await guest.Output.WaitForTextAsync("to the guest\n", Lab.Cancel);
    }

    private static Task<ChildResult> XcsctlAsync(Lab lab, params string[] arguments)
        => ChildProcess.RunAsync(
            Executables.Cli, ["--socket", lab.Places.Console, .. arguments], Lab.Cancel, new() { Name = "xcsctl" });

    private static ChildProcess StartXcsctl(Lab lab, params string[] arguments)
        => ChildProcess.Start(Executables.Cli, ["--socket", lab.Places.Console, .. arguments], new() { Name = "xcsctl" });
}
