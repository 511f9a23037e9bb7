using System.Reflection;
using System.Text.Json;

using XcsSharp.Cli;
using XcsSharp.Client.Capture;
using XcsSharp.Client.Tests.Capture;
using XcsSharp.TestKit;

namespace XcsSharp.Client.Tests.Commands;

/// <summary>What holds for every command of xcsctl, the executable, without an exception: exit codes, errors, JSON, and what it prints where.</summary>
public sealed class CommandTableTests : IDisposable
{
    private const string Escape = "\x1b";

    /// <summary>Of a terminal that would show colors.</summary>
    private static readonly Dictionary<string, string> s_colorful = new() { ["TERM"] = "xterm-256color", ["NO_COLOR"] = "" };

    private readonly ScriptedServer _server = new();
    private readonly PrivateDirectory _files = new("f");
    private readonly string _capture;

    public CommandTableTests()
    {
        _capture = _files["web.pcapng"];
        using FileStream file = File.Create(_capture);
        PcapngWriter writer = new(file);
        writer.Write(CaptureSamples.FromGuest(CaptureSamples.Console("login: "u8)));
    }

    public static TheoryData<string> Names => [.. CommandRow.All.Select(static row => row.Name)];

    public static TheoryData<string> NamesOfThoseThatAsk => [.. CommandRow.All.Where(static row => row.Talk.Length > 0).Select(static row => row.Name)];

    public static TheoryData<string> NamesWithArguments => [.. CommandRow.All.Where(static row => row.Arguments.Length > 0).Select(static row => row.Name)];

    public static TheoryData<string> NamesOnTerminals => [.. CommandRow.All.Where(static row => !row.IsForPeople).Select(static row => row.Name)];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _server.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task The_table_has_every_command()
    {
        ChildResult help = await RunAsync(["--help"]);
        IEnumerable<string> commands = Section(help.Output, "Commands:").Where(static line => line.Length > 2 && line[2] != ' ').Select(static line => line.Trim().Split(' ')[0]);
        Assert.Equal(CommandRow.All.Select(static row => row.Name).Order(), commands.Order());
    }

    [Fact]
    public async Task The_help_says_what_every_exit_code_means()
    {
        IEnumerable<string> codes = typeof(ExitCode).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(static field => field.IsLiteral).Select(static field => $"{field.GetRawConstantValue()}");
        Assert.Equal(codes, ExitCode.Meanings.Select(static one => one.Code.Split('+')[0]));

        ChildResult help = await RunAsync(["--help"]);
        Assert.Equal(
            ExitCode.Meanings.Select(static one => $"{one.Code} {one.Meaning}"),
            Section(help.Output, "Exit codes:").Select(static line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))));
        Assert.Equal((0, ""), (help.ExitCode, help.Error));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_help_of_a_command_is_no_error(string name)
    {
        ChildResult help = await RunAsync([name, "--help"]);
        Assert.Equal((0, ""), (help.ExitCode, help.Error));
        Assert.Contains($"xcsctl {name} ", help.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task An_option_that_does_not_exist_is_refused(string name)
    {
        AssertUsage(name, await RunAsync([.. CommandRow.Of(name).Line(_capture), "--frobnicate"]), "--frobnicate");
        AssertUsage(name, await RunAsync([name, "--frobnicate"]), "--frobnicate");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Words_too_many_are_refused(string name)
        => AssertUsage(name, await RunAsync([.. CommandRow.Of(name).Line(_capture), "surplus", "more"]), name == "who" ? "more" : "surplus");

    [Theory]
    [MemberData(nameof(NamesWithArguments))]
    public async Task An_argument_that_is_missing_or_empty_is_refused(string name)
    {
        string[] arguments = CommandRow.Of(name).Arguments;
        for (int i = 0; i < arguments.Length; i++)
        {
            AssertUsage(name, await RunAsync([name, .. arguments[..i]]), name);
            foreach (string nothing in (string[])["", " ", "a\nb", "-x"])
            {
                AssertUsage(name, await RunAsync([name, .. arguments[..i], nothing, .. arguments[(i + 1)..]]), "give ");
            }
        }
    }

    [Theory]
    [InlineData("console", "web", "-n", "x")]
    [InlineData("console", "web", "-n", "10")]
    [InlineData("console", "web", "--tail", "x")]
    [InlineData("console-del", "web", "x")]
    [InlineData("console-del", "web", "0")]
    [InlineData("dump", "--count", "x")]
    [InlineData("log", "web", "--since", "x")]
    [InlineData("log", "web", "--tail", "-1")]
    [InlineData("mem-set", "web", "x")]
    [InlineData("shutdown", "web", "--timeout", "x")]
    [InlineData("top", "--interval", "x")]
    [InlineData("who", "")]
    public async Task A_value_that_makes_no_sense_is_named_with_those_that_do(params string[] line)
        => AssertUsage(line[0], await RunAsync(line), "give ");

    [Theory]
    [MemberData(nameof(NamesOfThoseThatAsk))]
    public async Task Without_a_daemon_it_is_3_with_what_to_look_at(string name)
    {
        _server.Dispose();
        ChildResult result = await RunAsync(name);
        AssertFailure(name, 3, result, _server.Path);
        Assert.Contains("systemctl sta", result.Output + result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_daemon_a_dump_is_3_too()
        => AssertFailure("dump", 3, await RunAsync(["dump", "--xcs-socket", _files["nowhere"]]), "systemctl status xcsd");

    [Theory]
    [MemberData(nameof(NamesOfThoseThatAsk))]
    public async Task What_the_daemon_refuses_is_1_and_its_own_sentence(string name)
        => AssertFailure(name, 1, await RunAgainstAsync(name, "ERR failed no, do this instead\n"), "no, do this instead");

    [Theory]
    [MemberData(nameof(NamesOfThoseThatAsk))]
    public async Task A_daemon_that_ends_before_it_answers_is_3(string name)
        => AssertFailure(name, 3, await RunAgainstAsync(name, ""), "before it answered; see: systemctl status xcsd");

    [Theory]
    [MemberData(nameof(NamesOfThoseThatAsk))]
    public async Task What_is_no_xcsd_is_3(string name)
        => AssertFailure(name, 3, await RunAgainstAsync(name, "220 mail ready\n"), "it is not the console socket of xcsd");

    [Theory]
    [MemberData(nameof(Names))]
    public async Task As_json_it_is_one_document(string name)
    {
        ChildResult result = await SucceedAsync(name, ["--json"]);
        string json = CommandRow.Of(name).OutputIsGuests ? result.Error : result.Output;
        Assert.EndsWith("\n", json, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', json[..^1]);
        using JsonDocument document = JsonDocument.Parse(json);
        Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
        Assert.NotEmpty(document.RootElement.EnumerateObject());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task In_a_pipe_there_is_text_and_no_sequence(string name)
    {
        ChildResult result = await SucceedAsync(name, []);
        Assert.DoesNotContain(Escape, result.Output, StringComparison.Ordinal);
        Assert.Equal("", result.Error);
        if (name != "console")
        {
            // That one may leave at the end of its input before the guest's output has come.
            Assert.NotEqual("", result.Output);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Without_any_terminal_it_is_the_same(string name)
    {
        string[] line = ["--socket", _server.Path, .. CommandRow.Of(name).Line(_capture)];
        Task<ChildResult> running = ChildProcess.RunAsync(
            "env", ["-u", "TERM", "-u", "HOME", "sh", "-c", "exec \"$0\" \"$@\" </dev/null", Executables.Cli, .. line], Cancel);
        await TalkAsync(CommandRow.Of(name));
        ChildResult result = await running;
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
    }

    [Theory]
    [MemberData(nameof(NamesOnTerminals))]
    public async Task Onto_a_full_disk_it_is_4(string name)
    {
        string[] line = ["--socket", _server.Path, .. CommandRow.Of(name).Line(_capture)];
        Task<ChildResult> running = ChildProcess.RunAsync("sh", ["-c", "exec \"$0\" \"$@\" >/dev/full", Executables.Cli, .. line], Cancel);
        await TalkAsync(CommandRow.Of(name));
        ChildResult result = await running;
        Assert.Equal(4, result.ExitCode);
        Assert.StartsWith("xcsctl: ", result.Error, StringComparison.Ordinal);
        Assert.Contains("standard output", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(NamesOnTerminals))]
    public async Task On_a_terminal_without_colors_there_is_no_sequence_either(string name)
    {
        Assert.SkipWhen(TerminalProgram.Unavailable is not null, TerminalProgram.Unavailable ?? "");
        string screen = await ShowAsync(name, new Dictionary<string, string>(s_colorful) { ["NO_COLOR"] = "1" });
        Assert.DoesNotContain(Escape, screen, StringComparison.Ordinal);
        Assert.NotEqual("", screen);
    }

    [Theory]
    [InlineData("xterm-256color", true)]
    [InlineData("dumb", false)]
    [InlineData("", false)]
    public async Task Colors_are_for_terminals_that_have_them(string terminal, bool colors)
    {
        Assert.SkipWhen(TerminalProgram.Unavailable is not null, TerminalProgram.Unavailable ?? "");
        string screen = await ShowAsync("dump", new Dictionary<string, string>(s_colorful) { ["TERM"] = terminal });
        Assert.Equal(colors, screen.Contains(Escape + "[", StringComparison.Ordinal));
    }

    private static void AssertUsage(string name, ChildResult result, string about)
    {
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("xcsctl: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(about, result.Error, StringComparison.Ordinal);
        Assert.EndsWith($"\nTry: xcsctl {name} --help\n", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", result.Error, StringComparison.Ordinal);
    }

    private static void AssertFailure(string name, int code, ChildResult result, string about)
    {
        if (CommandRow.Of(name).Reports)
        {
            Assert.Equal((1, ""), (result.ExitCode, result.Error));
            Assert.Contains("problem", result.Output, StringComparison.Ordinal);
            Assert.Contains(about, result.Output, StringComparison.Ordinal);
            return;
        }

        Assert.Equal((code, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("xcsctl: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(about, result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(static letter => letter == '\n'));
    }

    /// <summary>The lines of a part of a help text.</summary>
    private static IEnumerable<string> Section(string help, string head)
        => help.Split('\n').SkipWhile(line => line != head).Skip(1).TakeWhile(static line => line.Length > 0);

    private async Task<ChildResult> SucceedAsync(string name, string[] options)
    {
        Task<ChildResult> running = RunAsync([.. CommandRow.Of(name).Line(_capture), .. options]);
        await TalkAsync(CommandRow.Of(name));
        ChildResult result = await running;
        Assert.True(result.ExitCode == 0, $"{result.ExitCode}: {result.Output}{result.Error}");
        return result;
    }

    private async Task<string> ShowAsync(string name, Dictionary<string, string> environment)
    {
        await using TerminalProgram terminal = TerminalProgram.Start(
            Executables.Cli, ["--socket", _server.Path, .. CommandRow.Of(name).Line(_capture)], new() { Environment = environment });
        await TalkAsync(CommandRow.Of(name));
        Assert.Equal(0, await terminal.WaitAsync(Cancel));
        return terminal.Screen.Text;
    }

    private async Task<ChildResult> RunAgainstAsync(string name, string answer)
    {
        Task<ChildResult> running = RunAsync(name);
        await AnswerAsync(CommandRow.Of(name).Talk[0].Request, answer);
        return await running;
    }

    private async Task TalkAsync(CommandRow row)
    {
        foreach ((string request, string answer) in row.Talk)
        {
            await AnswerAsync(request, answer);
        }
    }

    private async Task AnswerAsync(string request, string answer)
    {
        using ServerConnection connection = await _server.AcceptAsync(Cancel);
        Assert.Equal(request, await connection.ReceiveLineAsync(Cancel));
        await connection.SendAsync(answer, Cancel);
    }

    private Task<ChildResult> RunAsync(string name) => RunAsync(CommandRow.Of(name).Line(_capture));

    private Task<ChildResult> RunAsync(string[] line)
        => ChildProcess.RunAsync(Executables.Cli, ["--socket", _server.Path, .. line], Cancel, new() { Environment = s_colorful });
}
