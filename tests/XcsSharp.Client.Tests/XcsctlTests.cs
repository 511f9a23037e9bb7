using System.Text;
using System.Text.Json;

using Mono.Unix.Native;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Client.Tests;

/// <summary>The built xcsctl against a scripted console socket: what it prints, and what the shell sees.</summary>
public sealed class XcsctlTests : IDisposable
{
    private static readonly string s_xcsctl = Path.Combine(AppContext.BaseDirectory, "xcsctl");

    private readonly ScriptedServer _server = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData("list")]
    [InlineData("list", "--json")]
    public async Task List_prints_what_the_daemon_has(params string[] arguments)
    {
        DomainList list = new([Samples.Domain(3, "web")]);
        string document = JsonSerializer.Serialize(list, OperatorJson.Default.DomainList);
        Task<ChildResult> running = RunAsync(arguments);
        await AnswerAsync("LIST", "OK\n" + document + "\n");
        ChildResult result = await running;
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        if (arguments.Length > 1)
        {
            Assert.Equal(document + "\n", result.Output);
        }
        else
        {
            Assert.Contains("    3  web   connected  granted", result.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("status")]
    [InlineData("--json", "status")]
    public async Task Status_prints_the_daemon(params string[] arguments)
    {
        string document = JsonSerializer.Serialize(Samples.Status, OperatorJson.Default.DaemonStatus);
        Task<ChildResult> running = RunAsync(arguments);
        await AnswerAsync("STATUS", "OK\n" + document + "\n");
        ChildResult result = await running;
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains(arguments.Length > 1 ? "\"pid\":4711" : "pid 4711", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_socket_may_stand_before_or_after_the_verb_or_in_the_environment()
    {
        string[][] lines = [["--socket", _server.Path, "list"], ["list", "--socket", _server.Path], ["list"]];
        foreach (string[] line in lines)
        {
            ChildOptions options = new()
            {
                Environment = line.Length > 1 ? new Dictionary<string, string>() : new() { ["XCS_CONSOLE_SOCKET"] = _server.Path },
            };
            Task<ChildResult> running = ChildProcess.RunAsync(s_xcsctl, line, Cancel, options);
            await AnswerAsync("LIST", "OK\n{\"domains\":[]}\n");
            Assert.Equal((0, "No domains.\n", ""), AsTuple(await running));
        }
    }

    [Fact]
    public async Task A_refusal_is_the_daemons_sentence_and_exit_code_1()
    {
        Task<ChildResult> running = RunAsync("console", "nobody");
        await AnswerAsync("ATTACH nobody follow mode=rw", "ERR unknown-domain no domain 'nobody'; LIST names those that there are\n");
        ChildResult result = await running;
        Assert.Equal((1, "", "xcsctl: no domain 'nobody'; LIST names those that there are\n"), AsTuple(result));
    }

    [Theory]
    [InlineData("ATTACH web#1 follow mode=rw", "web", "-n", "1")]
    [InlineData("ATTACH web#0 follow mode=rw", "-n", "0", "web")]
    [InlineData("ATTACH web#control follow mode=rw", "web#control")]
    [InlineData("ATTACH 3#2 new follow mode=rw", "3#2", "--new")]
    [InlineData("ATTACH true new follow mode=rw", "--new", "true")]
    public async Task A_console_of_a_domain_is_named_behind_the_domain(string request, params string[] arguments)
    {
        Task<ChildResult> running = RunAsync(["console", .. arguments]);
        await AnswerAsync(request, "ERR no-console it has none\n");
        Assert.Equal((1, "", "xcsctl: it has none\n"), AsTuple(await running));
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData]
    [InlineData("console")]
    [InlineData("console", "")]
    [InlineData("console", "a\nb")]
    [InlineData("console", "web", "--new", "--all")]
    [InlineData("console", "web", "--take", "--read-only")]
    [InlineData("console", "web", "--take", "--exclusive")]
    [InlineData("console", "web", "--escape", "x")]
    [InlineData("console", "web", "-n", "10")]
    [InlineData("console", "web", "-n", "-1")]
    [InlineData("console", "web#control", "-n", "1")]
    [InlineData("list", "surplus")]
    [InlineData("dump", "--type", "256")]
    [InlineData("dump", "--type", "consol")]
    [InlineData("dump", "--domain", "")]
    [InlineData("dump", "--count", "0")]
    [InlineData("dump", "--abi", "natural16")]
    [InlineData("dump", "--direction", "up")]
    [InlineData("dump", "--direction", "to-guest")]
    [InlineData("dump", "--json", "--pcap", "-")]
    [InlineData("dump", "--replay", "web.pcapng")]
    public async Task Usage_errors_are_exit_code_2_and_reach_no_daemon(params string[] arguments)
    {
        ChildResult result = await RunAsync(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.StartsWith("xcsctl: ", result.Error, StringComparison.Ordinal);
        Assert.Matches("\nTry: xcsctl (console |list |dump )?--help\n$", result.Error);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("status", "--json")]
    [InlineData("console", "web")]
    public async Task Without_a_daemon_it_is_exit_code_3_and_a_remedy(params string[] arguments)
    {
        _server.Dispose();
        ChildResult result = await RunAsync(arguments);
        Assert.Equal((3, ""), (result.ExitCode, result.Output));
        Assert.Contains("is xcsd running? See: systemctl status xcsd", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_permission_it_is_exit_code_3_and_the_group_is_named()
    {
        File.SetUnixFileMode(_server.Path, UnixFileMode.None);

        // Root without the right to pass over modes is as good as anybody else; for others this changes nothing.
        string[] command = Environment.UserName == "root"
            ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search", s_xcsctl]
            : [s_xcsctl];
        ChildResult result = await ChildProcess.RunAsync(
            command[0], [.. command[1..], "--socket", _server.Path, "list"], Cancel);
        Assert.Equal((3, ""), (result.ExitCode, result.Output));
        Assert.Contains("join the group", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_daemon_that_ends_in_the_middle_is_exit_code_3()
    {
        Task<ChildResult> running = RunAsync("list");
        await AnswerAsync("LIST", "");
        Assert.Equal(3, (await running).ExitCode);
    }

    [Fact]
    public async Task The_version_is_printed()
    {
        ChildResult result = await RunAsync("--version");
        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"^\d+\.\d+\.\d+", result.Output);
    }

    [Fact]
    public async Task In_a_pipe_the_console_passes_every_byte_both_ways_and_outlives_the_end_of_input()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        await using ChildProcess console = Start("console", "web", "--escape", "none");
        using ServerConnection server = await AttachedAsync("ATTACH web follow mode=rw");
        await console.Input.WriteAsync(all, Cancel);
        await console.Input.DisposeAsync();
        Assert.Equal(all, await server.ReceiveBytesAsync(all.Length, Cancel));
        await server.SendAsync(all, Cancel);
        await console.Output.WaitForLengthAsync(all.Length, Cancel);
        Assert.False(console.HasExited);
        server.Dispose();
        Assert.Equal(0, await console.WaitAsync(Cancel));
        Assert.Equal(all, console.Output.ToArray());
        Assert.Equal("", console.Error.Text);
    }

    [Fact]
    public async Task The_escape_key_leaves_from_a_pipe_too_after_what_came_before_it()
    {
        await using ChildProcess console = Start("console", "web");
        using ServerConnection server = await AttachedAsync("ATTACH web follow mode=rw");
        await console.Input.WriteAsync("exit\r\x1dnot this"u8.ToArray(), Cancel);
        await console.Input.FlushAsync(Cancel);
        Assert.Equal(0, await console.WaitAsync(Cancel));
        Assert.Equal("exit\r", await server.ReceiveToEndAsync(Cancel));
    }

    [Fact]
    public async Task With_exit_on_eof_it_leaves_when_the_input_has_ended_and_was_sent()
    {
        await using ChildProcess console = Start("console", "web", "--new", "--exit-on-eof");
        using ServerConnection server = await AttachedAsync("ATTACH web new follow mode=rw");
        await console.Input.WriteAsync("reboot\r"u8.ToArray(), Cancel);
        await console.Input.DisposeAsync();
        Assert.Equal(0, await console.WaitAsync(Cancel));
        Assert.Equal("reboot\r", await server.ReceiveToEndAsync(Cancel));
    }

    [Fact]
    public async Task With_json_the_attach_is_one_line_on_standard_error()
    {
        await using ChildProcess console = Start("console", "web", "--json", "--all");
        using (await AttachedAsync("ATTACH web all follow mode=rw"))
        {
            await console.Error.WaitForTextAsync("{\"domid\":3,\"name\":\"web\"}\n", Cancel);
        }

        Assert.Equal(0, await console.WaitAsync(Cancel));
        Assert.Equal("", console.Output.Text);
    }

    [Theory]
    [InlineData(Signum.SIGTERM, 143)]
    [InlineData(Signum.SIGHUP, 129)]
    [InlineData(Signum.SIGINT, 130)]
    public async Task A_signal_ends_a_console_and_the_shell_sees_which(Signum signal, int code)
    {
        await using ChildProcess console = Start("console", "web");
        using ServerConnection server = await AttachedAsync("ATTACH web follow mode=rw");
        await server.SendAsync("login: ", Cancel);
        await console.Output.WaitForTextAsync("login: ", Cancel);
        console.Signal(signal);
        Assert.Equal(code, await console.WaitAsync(Cancel));
        await server.WaitForEndAsync(Cancel);
    }

    [Fact]
    public async Task When_nobody_reads_its_output_it_ends_quietly()
    {
        await using ChildProcess shell = ChildProcess.Start(
            "/bin/bash",
            ["-c", "\"$0\" --socket \"$1\" console web | head -c 4; echo \" ${PIPESTATUS[0]}\"", s_xcsctl, _server.Path]);
        using ServerConnection server = await AttachedAsync("ATTACH web follow mode=rw");
        await server.SendAsync("1234", Cancel);
        await shell.Output.WaitForTextAsync("1234", Cancel);

        // head has gone, or goes any moment; a byte that finds it gone is the end.
        Task ended = server.WaitForEndAsync(Cancel);
        while (!ended.IsCompleted && await server.TrySendAsync("5", Cancel))
        {
            await Task.WhenAny(ended, Task.Delay(10, Cancel));
        }

        await ended;
        await shell.Output.WaitForTextAsync(" 0\n", Cancel);
        Assert.Equal("", shell.Error.Text);
    }

    [Fact]
    public async Task When_the_disk_that_gets_its_output_is_full_it_says_so_and_is_exit_code_4()
    {
        await using ChildProcess shell = ChildProcess.Start(
            "/bin/sh", ["-c", "exec \"$0\" --socket \"$1\" console web >/dev/full", s_xcsctl, _server.Path]);
        using ServerConnection server = await AttachedAsync("ATTACH web follow mode=rw");
        await server.SendAsync("login: ", Cancel);
        Assert.Equal(4, await shell.WaitAsync(Cancel));
        Assert.StartsWith("xcsctl: ", shell.Error.Text, StringComparison.Ordinal);
        Assert.Contains("standard output", shell.Error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_standard_output_closed_no_byte_goes_astray()
    {
        await using ChildProcess shell = ChildProcess.Start(
            "/bin/sh", ["-c", "\"$0\" --socket \"$1\" console web >&- 2>&-", s_xcsctl, _server.Path]);
        using ServerConnection server = await AttachedAsync("ATTACH web follow mode=rw");
        await shell.Input.WriteAsync("x"u8.ToArray(), Cancel);
        await shell.Input.FlushAsync(Cancel);
        Assert.Equal("x"u8.ToArray(), await server.ReceiveBytesAsync(1, Cancel));
        await server.SendAsync("output that goes nowhere", Cancel);
        server.CompleteSending();
        Assert.Equal("", await server.ReceiveToEndAsync(Cancel));
        await shell.WaitAsync(Cancel);
    }

    [Fact]
    public async Task On_a_terminal_it_says_who_it_is_and_how_to_leave_and_the_input_is_raw()
    {
        Assert.SkipWhen(TerminalProgram.Unavailable is not null, TerminalProgram.Unavailable ?? "");
        await using TerminalProgram terminal = TerminalProgram.Start(s_xcsctl, ["--socket", _server.Path, "console", "web"]);
        using ServerConnection server = await AttachedAsync("ATTACH web follow mode=rw notices=framed");
        await terminal.Screen.WaitForTextAsync("Connected to web (domid 3). Leave with ^] and a dot; ^] ? helps.", Cancel);
        await terminal.TypeAsync("a\x03\x04\r\x1d.", Cancel);
        Assert.Equal("a\x03\x04\r", Encoding.ASCII.GetString(await server.ReceiveBytesAsync(4, Cancel)));
        Assert.Equal(0, await terminal.Exited.WaitAsync(Transcript.DefaultDeadline, Cancel));
        await terminal.Screen.WaitForTextAsync("Left web.", Cancel);
    }

    [Fact]
    public async Task With_a_reader_of_its_output_that_has_stopped_it_can_be_left_and_leaves_the_terminal_as_it_was()
    {
        Assert.SkipWhen(TerminalProgram.Unavailable is not null, TerminalProgram.Unavailable ?? "");
        using PrivateDirectory place = new("fifo");
        Assert.Equal(0, Syscall.mkfifo(place["out"], FilePermissions.S_IRUSR | FilePermissions.S_IWUSR));

        // Both ends, so that nobody waits for the other; nothing is read.
        using FileStream stopped = new(place["out"], FileMode.Open, FileAccess.ReadWrite);
        await using TerminalProgram terminal = TerminalProgram.Start(
            "/bin/sh",
            [
                "-c",
                "found=$(stty -g); \"$0\" --socket \"$1\" console web >\"$2\"; echo \"code $?\"; test \"$(stty -g)\" = \"$found\" && echo as it was",
                s_xcsctl, _server.Path, place["out"],
            ]);
        using ServerConnection server = await AttachedAsync("ATTACH web follow mode=rw notices=framed");
        Task sending = server.TrySendAsync(new string('x', 1 << 20), Cancel);
        Pollfd[] room = [new() { fd = (int)stopped.SafeFileHandle.DangerousGetHandle(), events = PollEvents.POLLOUT }];
        while (Syscall.poll(room, 1, 0) != 0)
        {
            await Task.Delay(10, Cancel);
        }

        await terminal.TypeAsync("\x1d.", Cancel);

        await terminal.Screen.WaitForTextAsync("Left web.", Cancel);
        await terminal.Screen.WaitForTextAsync("code 0\r\nas it was", Cancel);
        await sending.WaitAsync(Transcript.DefaultDeadline, Cancel);
    }

    private static (int Code, string Output, string Error) AsTuple(ChildResult result)
        => (result.ExitCode, result.Output, result.Error);

    private Task<ChildResult> RunAsync(params string[] arguments)
        => ChildProcess.RunAsync(s_xcsctl, ["--socket", _server.Path, .. arguments], Cancel);

    private ChildProcess Start(params string[] arguments)
        => ChildProcess.Start(s_xcsctl, ["--socket", _server.Path, .. arguments]);

    private async Task AnswerAsync(string request, string answer)
    {
        using ServerConnection server = await _server.AcceptAsync(Cancel);
        Assert.Equal(request, await server.ReceiveLineAsync(Cancel));
        await server.SendAsync(answer, Cancel);
    }

    private async Task<ServerConnection> AttachedAsync(string request, string seat = "writer")
    {
        ServerConnection server = await _server.AcceptAsync(Cancel);
        Assert.Equal(request, await server.ReceiveLineAsync(Cancel));
        await server.SendAsync($"OK 3 web viewer=7 seat={seat}\n", Cancel);
        return server;
    }
}
