using System.Globalization;
using System.Text;

namespace XcsSharp.Demo;

/// <summary>Letters of one look.</summary>
/// <param name="Column">Where they begin, from 0.</param>
/// <param name="Text">Without sequences.</param>
/// <param name="IsBold">Shown stronger.</param>
/// <param name="Colour">0 to 15 of a terminal's palette; null: as all other text.</param>
/// <param name="IsReverse">Text and ground change places.</param>
internal sealed record ScreenRun(int Column, string Text, bool IsBold, int? Colour, bool IsReverse);

/// <summary>Takes a line as <c>tmux capture-pane -e</c> gives it apart: text, and sequences that say how it looks (SGR), nothing else.</summary>
internal static class ScreenLine
{
    private const char Escape = '\x1b';

    public static IReadOnlyList<ScreenRun> Parse(string line)
    {
        List<ScreenRun> runs = [];
        StringBuilder text = new();
        ScreenRun look = new(0, "", false, null, false);
        int column = 0;
        for (int at = 0; at < line.Length; at++)
        {
            int end = line[at] == Escape && at + 1 < line.Length && line[at + 1] == '[' ? line.IndexOf('m', at) : -1;
            if (end < 0)
            {
                text.Append(line[at]);
                continue;
            }

            End();
            look = Next(look, line[(at + 2)..end]);
            at = end;
        }

        End();
        return runs;

        void End()
        {
            if (text.Length > 0)
            {
                runs.Add(look with { Column = column, Text = text.ToString() });
                column += text.Length;
                text.Clear();
            }
        }
    }

    private static ScreenRun Next(ScreenRun look, string parameters)
    {
        foreach (string parameter in parameters.Split(';'))
        {
            int number = parameter.Length == 0 ? 0 : int.Parse(parameter, CultureInfo.InvariantCulture);
            look = number switch
            {
                0 => new ScreenRun(0, "", false, null, false),
                1 => look with { IsBold = true },
                22 => look with { IsBold = false },
                7 => look with { IsReverse = true },
                27 => look with { IsReverse = false },
                >= 30 and <= 37 => look with { Colour = number - 30 },
                >= 90 and <= 97 => look with { Colour = number - 82 },
                39 => look with { Colour = null },
                _ => look,
            };
        }

        return look;
    }
}
