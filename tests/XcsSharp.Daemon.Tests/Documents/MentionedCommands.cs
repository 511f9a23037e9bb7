using System.Text.RegularExpressions;

namespace XcsSharp.Daemon.Tests;

/// <summary>A command in the middle of a sentence or in a table.</summary>
/// <param name="Place">Document and line.</param>
/// <param name="Program">What is run.</param>
/// <param name="Words">What stands behind it.</param>
internal sealed record MentionedCommand(string Place, string Program, IReadOnlyList<string> Words)
{
    public override string ToString() => $"{Place}: {Program} {string.Join(' ', Words)}";
}

/// <summary>
/// Finds commands where a document speaks of them: between back-quotes, or in bold in a manual page. In a cell of a table a program's name counts for all
/// that follows in the cell: <c>`xcsctl list`, `status`</c>.
/// </summary>
internal static partial class MentionedCommands
{
    private static readonly string[] s_programs = ["xcsctl", "xcs-guest", "xcsd", "simxen", "xcsd-switchover", "./build.sh"];

    public static IReadOnlyList<MentionedCommand> All { get; } =
    [
        .. DocumentFiles.Markdown.SelectMany(static file => InMarkdown(file, DocumentFiles.Lines(file))),
        .. DocumentFiles.ManualPages.SelectMany(static file => InManualPage(file, DocumentFiles.Lines(file))),
        .. CommandBlocks.All.SelectMany(static command => Commands($"{command.File}:{command.Line}", command.Text)),
    ];

    public static IEnumerable<MentionedCommand> InMarkdown(string file, IReadOnlyList<string> lines)
    {
        bool inFence = false;
        for (int at = 0; at < lines.Count; at++)
        {
            inFence ^= lines[at].StartsWith("```", StringComparison.Ordinal);
            if (inFence)
            {
                continue;
            }

            bool isTable = lines[at].StartsWith('|');
            foreach (string cell in isTable ? Cells().Split(lines[at]) : [lines[at]])
            {
                string? program = null;
                foreach (string span in Code().Matches(cell).Select(static match => match.Groups[1].Value))
                {
                    string first = span.Split(' ')[0];
                    bool isCommand = s_programs.Contains(first);
                    program = isCommand ? first : program;

                    // What follows a program in its cell is a word of it, if it looks like one: not an option, a path, a setting.
                    string text = isCommand || !isTable || program is null || !Word().IsMatch(first) ? span : $"{program} {span}";
                    foreach (MentionedCommand command in Commands($"{file}:{at + 1}", text))
                    {
                        yield return command;
                    }
                }
            }
        }
    }

    public static IEnumerable<MentionedCommand> InManualPage(string file, IReadOnlyList<string> lines)
    {
        for (int at = 0; at < lines.Count; at++)
        {
            if (Bold().Match(CommandBlocks.Plain(lines[at])) is { Success: true } bold)
            {
                foreach (MentionedCommand command in Commands($"{file}:{at + 1}", bold.Groups["quoted"].Success ? bold.Groups["quoted"].Value : bold.Groups["rest"].Value))
                {
                    yield return command;
                }
            }
        }
    }

    /// <summary>The commands of a pipeline that are ours, also those that another runs.</summary>
    private static IEnumerable<MentionedCommand> Commands(string place, string text)
    {
        foreach (string part in Pipe().Split(text))
        {
            string[] words = part.Split(' ', StringSplitOptions.RemoveEmptyEntries);

            // A page and its section, xcsd (8), is no command.
            if (words.Length > 1 && s_programs.Contains(words[0]) && !words[1].StartsWith('('))
            {
                yield return new MentionedCommand(place, words[0], words[1..]);
            }
        }
    }

    [GeneratedRegex(@"`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Cells();

    [GeneratedRegex(@"^[a-z][a-z-]+$")]
    private static partial Regex Word();

    [GeneratedRegex(@" \| | -- ")]
    private static partial Regex Pipe();

    [GeneratedRegex(@"^\.BR? (?:""(?<quoted>[^""]*)""|(?<rest>.*))")]
    private static partial Regex Bold();
}
