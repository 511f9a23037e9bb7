using System.Text.RegularExpressions;

namespace XcsSharp.Daemon.Tests;

/// <summary>A command as a document shows it.</summary>
/// <param name="File">The document, below the repository's root.</param>
/// <param name="Line">Counted from 1.</param>
/// <param name="Text">Without the words behind it that say what it does.</param>
internal sealed record DocumentedCommand(string File, int Line, string Text)
{
    public override string ToString() => $"{File}:{Line}: {Text}";
}

/// <summary>
/// Finds the commands in the documents. In Markdown they stand in fenced blocks without a language, or of a shell's; what is no command names
/// another language. In manual pages they stand between .EX and .EE; what begins with a brace is JSON.
/// </summary>
internal static partial class CommandBlocks
{
    private const string Fence = "```";

    private static readonly string[] s_shells = ["", "sh", "bash", "shell"];

    public static IReadOnlyList<DocumentedCommand> All { get; } =
    [
        .. DocumentFiles.Markdown.SelectMany(static file => InMarkdown(file, DocumentFiles.Lines(file))),
        .. DocumentFiles.ManualPages.SelectMany(static file => InManualPage(file, DocumentFiles.Lines(file))),
    ];

    public static IEnumerable<DocumentedCommand> InMarkdown(string file, IReadOnlyList<string> lines)
    {
        string? language = null;
        for (int at = 0; at < lines.Count; at++)
        {
            if (lines[at].StartsWith(Fence, StringComparison.Ordinal))
            {
                language = language is null ? lines[at][Fence.Length..].Trim() : null;
            }
            else if (language is not null && s_shells.Contains(language) && CommandIn(lines[at]) is { } command)
            {
                yield return new DocumentedCommand(file, at + 1, command);
            }
        }
    }

    /// <summary>Where Markdown makes a block of lines because they are indented: there nobody says what is in it.</summary>
    public static IEnumerable<string> IndentedBlocks(string file, IReadOnlyList<string> lines)
    {
        bool inFence = false;
        for (int at = 0; at < lines.Count; at++)
        {
            inFence ^= lines[at].StartsWith(Fence, StringComparison.Ordinal);
            if (!inFence && lines[at].StartsWith("    ", StringComparison.Ordinal) && at > 0 && lines[at - 1].Length == 0)
            {
                yield return $"{file}:{at + 1}: {lines[at]}";
            }
        }
    }

    public static IEnumerable<DocumentedCommand> InManualPage(string file, IReadOnlyList<string> lines)
    {
        for (int at = 0; at < lines.Count; at++)
        {
            if (lines[at] != ".EX")
            {
                continue;
            }

            bool isJson = at + 1 < lines.Count && lines[at + 1].StartsWith('{');
            for (at++; at < lines.Count && lines[at] != ".EE"; at++)
            {
                if (!isJson && CommandIn(Plain(lines[at])) is { } command)
                {
                    yield return new DocumentedCommand(file, at + 1, command);
                }
            }
        }
    }

    /// <summary>Roff's way of writing taken back.</summary>
    public static string Plain(string roff) => Font().Replace(roff, "")
        .Replace("\\-", "-", StringComparison.Ordinal)
        .Replace("\\(aq", "'", StringComparison.Ordinal)
        .Replace("\\&", "", StringComparison.Ordinal)
        .Replace("\\e", "\\", StringComparison.Ordinal);

    /// <summary>Two spaces or more, or a comment, end a command; a line of a comment is none.</summary>
    private static string? CommandIn(string line)
    {
        string command = Explanation().Split(line, 2)[0].Trim();
        return command.Length == 0 || command.StartsWith('#') ? null : command;
    }

    [GeneratedRegex(@"(?<=\S)(?: {2,}| +# )")]
    private static partial Regex Explanation();

    [GeneratedRegex(@"\\f[BRIP]")]
    private static partial Regex Font();
}
