using System.Globalization;
using System.Text;

namespace XcsSharp.Client.Capture;

/// <summary>Text on the columns of a terminal.</summary>
internal static class TextColumns
{
    private const int LeastColumns = 40;

    /// <summary>How many columns a text takes.</summary>
    public static int Of(string text) => text.EnumerateRunes().Sum(Of);

    /// <summary>Breaks a text at spaces, and a word that is wider than a line anywhere.</summary>
    /// <param name="parts">Each begins a line of its own.</param>
    /// <param name="columns">Of the widest line; fewer than 40 count as 40.</param>
    /// <param name="indent">Before all lines but the first; below 40.</param>
    public static string Wrap(IEnumerable<string> parts, int columns, int indent)
    {
        StringBuilder text = new();
        foreach (string part in parts)
        {
            string rest = part;
            while (rest.Length > 0)
            {
                int start = text.Length == 0 ? 0 : indent;
                int length = Fitting(rest, Math.Max(columns, LeastColumns) - start);
                text.Append(text.Length == 0 ? "" : "\n").Append(' ', start).Append(rest, 0, length);
                rest = rest[length..].TrimStart(' ');
            }
        }

        return text.ToString();
    }

    /// <summary>How many characters make a line: up to the last space that fits, if there is one.</summary>
    private static int Fitting(string text, int columns)
    {
        int end = 0;
        int space = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            columns -= Of(rune);
            if (columns < 0)
            {
                return space > 0 ? space : end;
            }

            if (rune.Value == ' ' && end > 0)
            {
                space = end;
            }

            end += rune.Utf16SequenceLength;
        }

        return end;
    }

    /// <summary>Terminals differ, so nothing is taken for less than one column, and whatever may be wide for two.</summary>
    private static int Of(Rune rune) => rune.Value >= 0x1100 && Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark ? 2 : 1;
}
