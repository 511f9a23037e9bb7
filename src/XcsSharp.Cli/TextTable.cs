using System.Text;

namespace XcsSharp.Cli;

/// <summary>Rows under a head line, columns as wide as their widest cell.</summary>
internal sealed class TextTable(params TextTable.Column[] columns)
{
    private const string Gap = "  ";

    private readonly List<string[]> _rows = [];

    /// <param name="Head">Its title.</param>
    /// <param name="AlignRight">For numbers.</param>
    public readonly record struct Column(string Head, bool AlignRight = false);

    public void Add(params string[] cells) => _rows.Add([.. cells.Select(Printable)]);

    public override string ToString()
    {
        int[] widths = [.. columns.Select(
            (column, i) => _rows.Select(row => row[i].Length).Append(column.Head.Length).Max())];
        StringBuilder text = new();
        AppendRow(text, [.. columns.Select(column => column.Head)], widths);
        foreach (string[] row in _rows)
        {
            AppendRow(text, row, widths);
        }

        return text.ToString();
    }

    /// <summary>Names come from outside: what would move a terminal's cursor is replaced.</summary>
    public static string Printable(string text)
        => text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '?' : c)) : text;

    private void AppendRow(StringBuilder text, string[] cells, int[] widths)
    {
        int start = text.Length;
        for (int i = 0; i < cells.Length; i++)
        {
            text.Append(i == 0 ? "" : Gap)
                .Append(columns[i].AlignRight ? cells[i].PadLeft(widths[i]) : cells[i].PadRight(widths[i]));
        }

        while (text.Length > start && text[^1] == ' ')
        {
            text.Length--;
        }

        text.Append('\n');
    }
}
