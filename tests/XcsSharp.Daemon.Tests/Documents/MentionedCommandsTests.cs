using System.Collections.Concurrent;
using System.Text.RegularExpressions;

using XcsSharp.Daemon.Settings;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>What a document calls a command, an option or a setting is one: the program's own help has it.</summary>
public sealed partial class MentionedCommandsTests
{
    private static readonly ConcurrentDictionary<string, Task<string>> s_help = new();

    [Fact]
    public void They_are_found_in_sentences_tables_and_pages()
    {
        string[] lines = ["see `xcsctl who web` and `list`", "| `xcsctl list`, `status`, `console DOMAIN` | `xcsd` |", "```", "`xcsctl hidden`", "```"];
        Assert.Equal(
            ["x:1: xcsctl who web", "x:2: xcsctl list", "x:2: xcsctl status", "x:2: xcsctl console DOMAIN"],
            MentionedCommands.InMarkdown("x", lines).Select(static command => command.ToString()));
        string[] page = [".B xcsctl upgrade", ".BR \"xcsctl top\" ,", ".BR xcsctl (1)", "xcsctl unseen"];
        Assert.Equal(
            ["x:1: xcsctl upgrade", "x:2: xcsctl top"],
            MentionedCommands.InManualPage("x", page).Select(static command => command.ToString()));
    }

    [Fact]
    public async Task Each_is_in_its_programs_help()
    {
        Assert.Contains(MentionedCommands.All, static command => command is { Program: "xcsctl", Words: ["mem-set", ..] });
        List<string> unknown = [];
        foreach (MentionedCommand command in MentionedCommands.All)
        {
            if (await UnknownAsync(command) is { } word)
            {
                unknown.Add($"{command}\n  {command.Program} knows no {word}: mend the document, or the program's help");
            }
        }

        Assert.True(unknown.Count == 0, string.Join('\n', unknown));
    }

    [Theory]
    [InlineData("xcsctl nothing", "nothing")]
    [InlineData("xcsctl list --nothing", "--nothing")]
    [InlineData("xcsctl console --take --json web", null)]
    [InlineData("xcs-guest nothing", "nothing")]
    [InlineData("simxen fault nothing", null)]
    [InlineData("simxen nothing", "nothing")]
    [InlineData("xcsd --nothing", "--nothing")]
    [InlineData("xcsd-switchover nothing", "nothing")]
    [InlineData("./build.sh nothing", "nothing")]
    [InlineData("./build.sh demo --check", null)]
    public async Task What_is_not_there_is_seen(string text, string? unknown)
    {
        string[] words = text.Split(' ');
        Assert.Equal(unknown, await UnknownAsync(new MentionedCommand("here", words[0], words[1..])));
    }

    [Fact]
    public void Each_setting_that_is_named_exists()
    {
        string[] unknown =
        [
            .. DocumentFiles.Markdown.Concat(DocumentFiles.ManualPages)
                .SelectMany(static file => DocumentFiles.Lines(file).SelectMany(line => SettingName().Matches(CommandBlocks.Plain(line)).Select(match => (file, match.Value))))
                .Where(static named => SettingsTable.Find(named.Value) is null && named.Value != "Handlers:Name")
                .Select(static named => $"{named.file}: there is no setting {named.Value}"),
        ];
        Assert.Empty(unknown);
    }

    /// <returns>The first word that the program does not know; null: it knows all.</returns>
    private static async Task<string?> UnknownAsync(MentionedCommand command)
    {
        string first = command.Words[0];
        string[] options = [.. command.Words.Where(static word => word != "--help").Select(static word => word.TrimStart('[').TrimEnd(']', '.').Split('=')[0]).Where(static word => LongOption().IsMatch(word))];
        switch (command.Program)
        {
            case "xcsctl" or "xcs-guest" when CommandWord().IsMatch(first):
                string program = Executables.Path(command.Program);
                string commands = await HelpAsync(program, "--help");
                if (!Regex.IsMatch(commands, $"(?m)^  {Regex.Escape(first)}(?: |$)"))
                {
                    return first;
                }

                string help = await HelpAsync(program, first, "--help");
                return options.FirstOrDefault(option => !Has(help, option));
            case "xcsctl" or "xcs-guest":
                // An option alone: of one of the commands.
                string all = await AllHelpAsync(Executables.Path(command.Program));
                return options.FirstOrDefault(option => !Has(all, option));
            case "xcsd":
                return options.FirstOrDefault(static option => !option.Contains(':', StringComparison.Ordinal)) is { } plain
                    && !Has(await HelpAsync(Executables.Daemon, "--help"), plain) ? plain : null;
            case "simxen":
                string simulated = await HelpAsync(Executables.Simxen, "--help");
                return CommandWord().IsMatch(first) && !Regex.IsMatch(simulated, $"(?m)^  {Regex.Escape(first)}\\b") ? first : options.FirstOrDefault(option => !Has(simulated, option));
            case "xcsd-switchover":
                return Regex.IsMatch(File.ReadAllText(Path.Combine(Repository.Root, "systemd/xcsd-switchover")), $"(?m)^    .*\\b{Regex.Escape(first)}\\b.*\\)") ? null : first;
            default:
                string usage = File.ReadAllText(Path.Combine(Repository.Root, "build.sh"));
                return CommandWord().IsMatch(first) && !Regex.IsMatch(usage, $"(?m)^  {Regex.Escape(first)}(?: |$)") ? first : null;
        }
    }

    private static bool Has(string help, string option) => Regex.IsMatch(help, $"(?<![\\w-]){Regex.Escape(option)}(?![\\w-])");

    private static async Task<string> AllHelpAsync(string program)
    {
        string commands = await HelpAsync(program, "--help");
        string[] names = [.. CommandLine().Matches(commands[commands.IndexOf("Commands:", StringComparison.Ordinal)..]).Select(static match => match.Groups[1].Value)];
        return commands + string.Concat(await Task.WhenAll(names.Select(name => HelpAsync(program, name, "--help"))));
    }

    private static Task<string> HelpAsync(string program, params string[] arguments) => s_help.GetOrAdd(
        string.Join(' ', arguments.Prepend(program)),
        async _ => (await ChildProcess.RunAsync(program, arguments, CancellationToken.None)) is var result ? result.Output + result.Error : "");

    [GeneratedRegex(@"^[a-z][a-z-]+$")]
    private static partial Regex CommandWord();

    [GeneratedRegex(@"^--[A-Za-z]")]
    private static partial Regex LongOption();

    [GeneratedRegex(@"(?m)^  ([a-z][a-z-]+)")]
    private static partial Regex CommandLine();

    [GeneratedRegex(@"\b(?:Hypervisor|Sockets|Consoles|Switching|Handlers|Xcs):[A-Z]\w+")]
    private static partial Regex SettingName();
}
