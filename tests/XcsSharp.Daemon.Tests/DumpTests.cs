using System.Text.Json;

using Mono.Unix.Native;

using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The real xcsctl dump at the real daemon, with real guests that send.</summary>
public sealed class DumpTests
{
    [Fact]
    public async Task Text_shows_the_requests_of_guests_and_their_answers()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram web, uint domid) = await lab.ConsoleGuestAsync("web");
        (GuestProgram legacy, uint old) = await lab.ConsoleGuestAsync("legacy", classic: true);
        ChildProcess dump = await lab.StartDumpAsync("--count", "3");

        await web.WriteAsync("login: ", Lab.Cancel);
        await dump.Output.WaitForTextAsync("\"login: \"\n", Lab.Cancel);
        await legacy.WriteAsync("\e[2Jold\n", Lab.Cancel);
        await dump.Output.WaitForTextAsync("old\\n\"\n", Lab.Cancel);
        using RecordSubscriber other = await lab.SubscribeAsync();
        ControlMessage asked = ControlMessage.Create(MessageType.Shutdown, 0, 9, []);
        await other.Data.SendAsync(XcsRecord.ForMessage(RecordType.Request, domid, 0, asked), Lab.Cancel);

        Assert.Equal(0, await dump.WaitAsync(Lab.Cancel));
        string[] lines = dump.Output.Text.Lines();
        Lab.Print(dump.Output.Text);
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.Matches(@"^\d\d:\d\d:\d\d\.\d{6} ", line));
        Assert.Matches($@"web\({domid}\) +-> request +CONSOLE DATA +id 255 len  7 ""login: ""$", lines[0]);
        Assert.Matches($@"legacy\({old}\) +-> request +CONSOLE DATA +id 255 len  8 ""\\e\[2Jold\\n""$", lines[1]);
        Assert.Matches($@"web\({domid}\) +-> response +SHUTDOWN POWEROFF +id   9 len  0$", lines[2]);
    }

    [Fact]
    public async Task What_other_clients_send_to_guests_is_not_seen()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram web, uint domid) = await lab.ConsoleGuestAsync("web");
        using RecordSubscriber other = await lab.SubscribeAsync();
        ChildProcess dump = await lab.StartDumpAsync("--json", "--count", "2");

        // A request to the guest, and an answer to one of its own: of the four messages, two come from the guest.
        await other.SendInputAsync(domid, "ls"u8.ToArray(), Lab.Cancel);
        await other.ReceiveAsync(RecordType.Response, Lab.Cancel);
        await web.WriteAsync("file\n", Lab.Cancel);
        XcsRecord request = await other.ReceiveAsync(RecordType.Request, Lab.Cancel);
        await other.Data.SendAsync(
            XcsRecord.ForMessage(RecordType.Response, domid, 0, ControlMessage.EmptyAnswerTo(in request.Message)), Lab.Cancel);

        Assert.Equal(0, await dump.WaitAsync(Lab.Cancel));
        JsonElement[] seen = Parse(dump.Output.Text);
        Assert.Equal(["response", "request"], seen.Select(record => record.GetProperty("record").GetString()));
        Assert.All(seen, record => Assert.Equal("from-guest", record.GetProperty("direction").GetString()));
    }

    [Fact]
    public async Task Json_and_text_say_the_same()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram web, uint _) = await lab.ConsoleGuestAsync("web");
        ChildProcess text = await lab.StartDumpAsync("--count", "20");
        ChildProcess json = await lab.StartDumpAsync("--count", "20", "--json");
        await web.WriteAsync(string.Concat(Enumerable.Range(0, 20).Select(i => new string((char)('a' + i), 60))), Lab.Cancel);
        Assert.Equal((0, 0), (await text.WaitAsync(Lab.Cancel), await json.WaitAsync(Lab.Cancel)));

        JsonElement[] records = Parse(json.Output.Text);
        string[] lines = text.Output.Text.Lines();
        Assert.Equal((20, 20), (lines.Length, records.Length));
        Assert.All(lines.Zip(records), pair =>
        {
            (string line, JsonElement record) = pair;
            Assert.Contains(
                $"{record.GetProperty("name").GetString()}({record.GetProperty("domid").GetUInt32()})", line, StringComparison.Ordinal);
            Assert.EndsWith(
                $"len {record.GetProperty("length").GetInt32()} \"{record.GetProperty("fields").GetProperty("text").GetString()}\"",
                line,
                StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Filters_by_domain_and_type_pass_only_these()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram web, uint webDomid) = await lab.ConsoleGuestAsync("web");
        (GuestProgram db, uint _) = await lab.ConsoleGuestAsync("db");
        GuestProgram disk = await lab.GuestAsync("disk", (int)MessageType.BlockFrontEnd);
        ChildProcess all = await lab.StartDumpAsync();
        ChildProcess byName = await lab.StartDumpAsync("--domain", "db");
        ChildProcess byDomid = await lab.StartDumpAsync("--domain", $"{webDomid}", "--domain", "disk");
        ChildProcess byType = await lab.StartDumpAsync("--type", "CMSG_BLKIF_FE");
        ChildProcess byNumber = await lab.StartDumpAsync("--type", "0", "--type", "77");

        await SendAsync(all, web, "one");
        await SendAsync(all, disk, "two");
        await SendAsync(all, db, "three");
        await SendAsync(all, web, "four");
        await SendAsync(all, disk, "five");
        await SendAsync(all, db, "six");

        string[] names = ["web", "disk", "db", "web", "disk", "db"];
        await EndsWithAsync(all, names);
        await EndsWithAsync(byName, ["db", "db"]);
        await EndsWithAsync(byDomid, names.Where(static name => name != "db"));
        await EndsWithAsync(byType, ["disk", "disk"]);
        await EndsWithAsync(byNumber, names.Where(static name => name != "disk"));
    }

    [Fact]
    public async Task A_domain_that_comes_later_has_its_name_and_can_be_waited_for()
    {
        await using Lab lab = await Lab.StartAsync();
        ChildProcess dump = await lab.StartDumpAsync("--domain", "later", "--count", "1");
        await dump.Error.WaitForTextAsync("there is no domain 'later' now", Lab.Cancel);
        (GuestProgram first, uint _) = await lab.ConsoleGuestAsync("first");
        (GuestProgram later, uint domid) = await lab.ConsoleGuestAsync("later");
        await first.WriteAsync("not this\n", Lab.Cancel);
        await later.WriteAsync("this\n", Lab.Cancel);
        Assert.Equal(0, await dump.WaitAsync(Lab.Cancel));
        Assert.Contains($"later({domid})", Assert.Single(dump.Output.Text.Lines()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_console_socket_domains_are_numbers_and_a_filter_by_name_is_refused()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram web, uint domid) = await lab.ConsoleGuestAsync("web");
        string nowhere = lab.Machine["nothing.sock"];
        ChildProcess dump = await lab.StartDumpAsync("--socket", nowhere, "--count", "2");
        await web.WriteAsync(new string('x', 120), Lab.Cancel);
        Assert.Equal(0, await dump.WaitAsync(Lab.Cancel));
        Assert.All(dump.Output.Text.Lines(), line => Assert.Contains($" dom{domid} ", line, StringComparison.Ordinal));
        Assert.Single(dump.Error.Text.Lines(), line => line.Contains("without their names", StringComparison.Ordinal));

        ChildResult refused = await lab.DumpAsync("--socket", nowhere, "--domain", "web");
        Assert.Equal((3, ""), (refused.ExitCode, refused.Output));
        Assert.Contains(nowhere, refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_guest_whose_only_subscriber_is_the_dump_waits_for_the_response_timeout()
    {
        // Of the two patiences one is far beyond the test's: whichever ends the wait is the one that was taken.
        await using Lab lab = await Lab.StartAsync("--Switching:UnboundGrace=10m", "--Switching:ResponseTimeout=100ms");
        GuestProgram disk = await lab.GuestAsync("disk", (int)MessageType.BlockFrontEnd);
        GuestProgram net = await lab.GuestAsync("net", (int)MessageType.NetFrontEnd);
        ChildProcess dump = await lab.StartDumpAsync("--type", "blkif_fe");

        // The older one first: if the dump held it too, it would be answered before the other.
        await net.WriteAsync("held for nobody", Lab.Cancel);
        await OperatorQuery.WaitForListAsync(
            lab.Places.Console, list => Entry(list, "net").Requests == 1, "the first request", Lab.Cancel);
        await SendAsync(dump, disk, "held by the dump");
        await OperatorQuery.WaitForListAsync(
            lab.Places.Console,
            list => Entry(list, "disk") is { Requests: 1, Unanswered: 0 },
            "the daemon's answer",
            Lab.Cancel);

        Assert.Equal(1, Entry(await lab.ListAsync(), "net").Unanswered);
        Assert.Equal((1UL, 0UL), ((await lab.StatusAsync()).AnsweredByDaemon, (await lab.StatusAsync()).AnswersDropped));
    }

    [Theory]
    [InlineData(Signum.SIGINT, 0)]
    [InlineData(Signum.SIGTERM, 143)]
    [InlineData(Signum.SIGHUP, 129)]
    public async Task A_signal_ends_it_and_control_c_is_no_failure(Signum signal, int code)
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram web, uint _) = await lab.ConsoleGuestAsync("web");
        ChildProcess dump = await lab.StartDumpAsync();
        await SendAsync(dump, web, "hello");
        dump.Signal(signal);
        Assert.Equal(code, await dump.WaitAsync(Lab.Cancel));
        Assert.Single(dump.Output.Text.Lines());
        Assert.Single(dump.Error.Text.Lines());
    }

    [Fact]
    public async Task A_dump_that_is_not_read_is_closed_and_told_so_when_it_is()
    {
        await using Lab lab = await Lab.StartAsync("--Switching:SessionQueueBytes=64KiB");
        lab.Own(GuestProgram.Start(lab.Machine, new GuestOptions("flood"), ["flood"]));
        ChildProcess shell = await lab.StartDumpInShellAsync(
            "exec 3<&0\n\"$@\" | (read -r _ <&3; exec cat > /dev/null)\necho \"ended ${PIPESTATUS[0]}\"");
        while ((await lab.StatusAsync()).SlowSessionsClosed == 0)
        {
            await Task.Delay(10, Lab.Cancel);
        }

        await shell.Input.WriteAsync("go\n"u8.ToArray(), Lab.Cancel);
        await shell.Input.FlushAsync(Lab.Cancel);
        await shell.Output.WaitForTextAsync("ended 3\n", Lab.Cancel);
        Assert.Contains("were not read fast enough; write them with --pcap FILE", shell.Error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signal_ends_it_also_while_nobody_reads_what_it_prints()
    {
        await using Lab lab = await Lab.StartAsync("--Switching:SessionQueueBytes=64KiB");
        lab.Own(GuestProgram.Start(lab.Machine, new GuestOptions("flood"), ["flood"]));
        ChildProcess shell = await lab.StartDumpInShellAsync(
            "exec 3<&0\n\"$@\" > >(read -r _ <&3) & echo \"pid $!\"; wait $!; echo \"ended $?\"");
        while ((await lab.StatusAsync()).SlowSessionsClosed == 0)
        {
            await Task.Delay(10, Lab.Cancel);
        }

        int dump = int.Parse(shell.Output.Text.Lines()[0]["pid ".Length..], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(0, Syscall.kill(dump, Signum.SIGTERM));
        await shell.Output.WaitForTextAsync("ended 143\n", Lab.Cancel);
    }

    [Fact]
    public async Task When_nobody_reads_any_more_it_ends_quietly()
    {
        await using Lab lab = await Lab.StartAsync();
        lab.Own(GuestProgram.Start(lab.Machine, new GuestOptions("flood"), ["flood"]));
        ChildProcess shell = await lab.StartDumpInShellAsync("\"$@\" | head -n 2; echo \"ended ${PIPESTATUS[0]}\"");
        await shell.Output.WaitForTextAsync("ended 0\n", Lab.Cancel);
        Assert.Equal(3, shell.Output.Text.Lines().Length);
        Assert.Single(shell.Error.Text.Lines());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_daemons_end_is_exit_code_3_and_a_remedy_and_what_came_before_is_printed(bool killed)
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram web, uint _) = await lab.ConsoleGuestAsync("web");
        ChildProcess dump = await lab.StartDumpAsync();
        await SendAsync(dump, web, "last words");
        await (killed ? lab.Daemon.Kill9Async(Lab.Cancel) : lab.Daemon.TerminateAsync(Lab.Cancel));
        Assert.Equal(3, await dump.WaitAsync(Lab.Cancel));
        Assert.Single(dump.Output.Text.Lines());
        Assert.EndsWith(
            "xcsctl: the daemon has ended; see: systemctl status xcsd, and start the dump again when it runs\n",
            dump.Error.Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_it_has_colors_and_in_a_pipe_none()
    {
        Assert.SkipWhen(TerminalProgram.Unavailable is not null, TerminalProgram.Unavailable ?? "");
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram web, uint _) = await lab.ConsoleGuestAsync("web");
        string[] words = ["--socket", lab.Places.Console, "dump", "--xcs-socket", lab.Places.Xcs];
        await using TerminalProgram terminal = TerminalProgram.Start(
            Executables.Cli, words, new ChildOptions { Environment = new Dictionary<string, string> { ["TERM"] = "xterm" } });
        await terminal.Screen.WaitForTextAsync("^C ends", Lab.Cancel);
        ChildProcess piped = await lab.StartDumpAsync();
        await SendAsync(piped, web, "hello");
        await terminal.Screen.WaitForTextAsync("\"hello\"\e[0m", Lab.Cancel);
        Assert.DoesNotContain('\e', piped.Output.Text);
        await terminal.TypeAsync("\x03", Lab.Cancel);
        Assert.Equal(0, await terminal.WaitAsync(Lab.Cancel));
    }

    private static DomainEntry Entry(DomainList list, string name) => list.Domains.Single(domain => domain.Name == name);

    private static JsonElement[] Parse(string lines)
        => [.. lines.Lines().Select(line => JsonDocument.Parse(line).RootElement)];

    /// <summary>Lets a guest say something and waits until the dump has shown it.</summary>
    private static async Task SendAsync(ChildProcess dump, GuestProgram guest, string text)
    {
        int before = dump.Output.Text.Lines().Length;
        await guest.WriteAsync(text, Lab.Cancel);
        await dump.Output.WaitAsync(
            bytes => bytes.Count((byte)'\n') > before, $"the line of {text}", deadline: null, Lab.Cancel);
    }

    /// <summary>Ends a dump when it has so many lines, each with this domain: that another one has its last line says nothing of this one.</summary>
    private static async Task EndsWithAsync(ChildProcess dump, IEnumerable<string> names)
    {
        string[] wanted = [.. names];
        await dump.Output.WaitAsync(bytes => bytes.Count((byte)'\n') >= wanted.Length, $"{wanted.Length} lines", deadline: null, Lab.Cancel);
        dump.Signal(Signum.SIGINT);
        Assert.Equal(0, await dump.WaitAsync(Lab.Cancel));
        Assert.Equal(wanted, dump.Output.Text.Lines().Select(static line => line.Split(' ', '(')[1]));
    }
}
