using XcsSharp.Daemon.Settings;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The manual pages and the completions of the package: made from the programs, whole, and without a complaint of who prints them.</summary>
public sealed class ManualTests(ManualTests.Pages manual) : IClassFixture<ManualTests.Pages>
{
    private static readonly string s_systemd = Path.Combine(Repository.Root, "systemd");

    [Fact]
    public async Task Each_page_is_made_and_printed_without_a_complaint()
    {
        PrivateDirectory made = manual.Made;
        string[] pages = [.. Directory.GetFiles(made.Path).Select(static page => Path.GetFileName(page)!).Order(StringComparer.Ordinal)];
        Assert.Equal(["xcs-exporter.8", "xcs-guest.1", "xcsctl.1", "xcsd-guide.7", "xcsd-switchover.8", "xcsd.8", "xcsd.json.5"], pages);
        Assert.SkipUnless(File.Exists("/usr/bin/groff"), "there is no groff here");
        foreach (string page in pages)
        {
            ChildResult printed = await ChildProcess.RunAsync("groff", ["-man", "-Tutf8", "-ww", "-z", made[page]], Lab.Cancel);
            Assert.Equal((page, 0, "", ""), (page, printed.ExitCode, printed.Output, printed.Error));
        }
    }

    [Fact]
    public async Task Every_setting_and_every_command_is_in_its_page()
    {
        PrivateDirectory made = manual.Made;
        string settings = (await File.ReadAllTextAsync(made["xcsd.json.5"], Lab.Cancel)).Replace("\\-", "-", StringComparison.Ordinal);
        Assert.All(SettingsTable.All, setting => Assert.Contains($"\n.B {setting.Key}\n", settings, StringComparison.Ordinal));
        foreach ((string program, string page) in ((string, string)[])[(Executables.Cli, "xcsctl.1"), (Executables.Guest, "xcs-guest.1")])
        {
            string text = (await File.ReadAllTextAsync(made[page], Lab.Cancel)).Replace("\\-", "-", StringComparison.Ordinal);
            string[] commands = await CommandsOfAsync(program);
            Assert.NotEmpty(commands);
            Assert.All(commands, command => Assert.Contains($"\n.SS {Path.GetFileName(program)} {command} ", text, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Every_option_of_the_exporter_is_in_its_page()
    {
        PrivateDirectory made = manual.Made;
        string text = (await File.ReadAllTextAsync(made["xcs-exporter.8"], Lab.Cancel)).Replace("\\-", "-", StringComparison.Ordinal);
        foreach (string option in (string[])["--socket", "--listen", "--otlp", "--interval", "--logs"])
        {
            Assert.Contains($"\n.B {option}", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_exit_code_of_the_help_is_in_the_page()
    {
        PrivateDirectory made = manual.Made;
        string page = await File.ReadAllTextAsync(made["xcsctl.1"], Lab.Cancel);
        ChildResult help = await ChildProcess.RunAsync(Executables.Cli, ["--help"], Lab.Cancel);
        string[] codes =
        [
            .. help.Output.Split('\n').SkipWhile(static line => line != "Exit codes:").Skip(1).TakeWhile(static line => line.Length > 0)
                .Select(static line => line.Trim().Split(' ', 2))
                .Select(static words => $".TP\n.B {words[0]}\n{words[1].Trim()}\n"),
        ];
        Assert.True(codes.Length >= 6, help.Output);
        Assert.Contains(".SH EXIT STATUS\n" + string.Concat(codes) + ".SH ", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("xcsctl con", "console console-add console-del")]
    [InlineData("xcsctl log --ta", "--tail")]
    [InlineData("xcsctl doc", "doctor")]
    [InlineData("xcsctl /", "")]
    public async Task What_is_begun_in_bash_is_completed(string line, string words)
    {
        string script = $"""
            PATH={Executables.Directory}:$PATH; source {s_systemd}/completions/xcsctl.bash
            COMP_LINE='{line}'; COMP_POINT=${'{'}#COMP_LINE{'}'}; read -r -a COMP_WORDS <<<"$COMP_LINE"; COMP_CWORD=$((${'{'}#COMP_WORDS[@]{'}'} - 1))
            _xcsctl; echo "${'{'}COMPREPLY[*]{'}'}"
            """;
        ChildResult result = await ChildProcess.RunAsync("bash", ["-c", script], Lab.Cancel);
        Assert.Equal((0, words + "\n", ""), (result.ExitCode, result.Output, result.Error));
    }

    private static async Task<string[]> CommandsOfAsync(string program)
    {
        ChildResult help = await ChildProcess.RunAsync(program, ["--help"], Lab.Cancel);
        return
        [
            .. help.Output.Split('\n').SkipWhile(static line => line != "Commands:").Skip(1).TakeWhile(static line => line.Length > 0)
                .Where(static line => line.Length > 2 && line[..2] == "  " && line[2] != ' ')
                .Select(static line => line.Trim().Split(' ')[0]),
        ];
    }

    /// <summary>Made once: every command is asked for its help.</summary>
    public sealed class Pages : IAsyncLifetime
    {
        public PrivateDirectory Made { get; } = new("man");

        public async ValueTask InitializeAsync()
        {
            await using ChildProcess make = ChildProcess.Start(Path.Combine(s_systemd, "man/make"), [Executables.Directory, Made.Path]);
            int code = await make.WaitAsync(Lab.Cancel, TimeSpan.FromMinutes(2));
            Assert.Equal((0, "", ""), (code, make.Output.Text, make.Error.Text));
        }

        public ValueTask DisposeAsync()
        {
            Made.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
