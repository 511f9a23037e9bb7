using System.Text;

namespace XcsSharp.Reference;

/// <summary>A table of a Markdown document.</summary>
internal static class MarkdownTable
{
    /// <summary>Appends it, with an empty line behind.</summary>
    public static void Append(StringBuilder text, IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<string>> rows)
    {
        AppendRow(text, heads);
        text.Append("|").Insert(text.Length, "---|", heads.Count).Append("\n");
        foreach (IReadOnlyList<string> row in rows)
        {
            AppendRow(text, row);
        }

        text.Append('\n');
    }

    /// <summary>A word of a protocol or of the code.</summary>
    public static string Code(string word) => $"`{word}`";

    private static void AppendRow(StringBuilder text, IEnumerable<string> cells)
        => text.Append("| ").AppendJoin(" | ", cells.Select(static cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
}
