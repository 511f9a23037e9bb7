using System.Globalization;
using System.Net;
using System.Text;

namespace XcsSharp.Demo;

/// <summary>A terminal's screen as SVG: text that can be searched and copied, each run where its columns are.</summary>
internal static class ScreenSvg
{
    private const double ColumnWidth = 7.8;
    private const int LineHeight = 17;
    private const int Margin = 14;
    private const int Bar = 26;
    private const string Ground = "#16181d";
    private const string Plain = "#d6d9de";

    private static readonly string[] s_palette =
    [
        "#3b4048", "#e06c75", "#8cc265", "#d5b06b", "#61afef", "#c678dd", "#56b6c2", "#d6d9de",
        "#5c6370", "#f08891", "#a5d68a", "#e8c98a", "#84c1f5", "#d79ae6", "#7fcbd6", "#ffffff",
    ];

    public static string Draw(string title, IReadOnlyList<string> lines, int columns)
    {
        double width = (columns * ColumnWidth) + (2 * Margin);
        int height = (lines.Count * LineHeight) + Bar + (2 * Margin);
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:0.#} {height}\" font-family=\"monospace\" font-size=\"13\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{Ground}\"/>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Margin}\" y=\"19\" fill=\"{s_palette[8]}\">{WebUtility.HtmlEncode(title)}</text>\n");
        for (int row = 0; row < lines.Count; row++)
        {
            double y = Bar + Margin + ((row + 0.75) * LineHeight);
            foreach (ScreenRun run in ScreenLine.Parse(lines[row]).Where(static run => !string.IsNullOrWhiteSpace(run.Text)))
            {
                Append(svg, run, y);
            }
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void Append(StringBuilder svg, ScreenRun run, double y)
    {
        double x = Margin + (run.Column * ColumnWidth);
        double width = run.Text.Length * ColumnWidth;
        string colour = run.Colour is int number ? s_palette[number] : Plain;
        if (run.IsReverse)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x:0.0}\" y=\"{y - 13:0.0}\" width=\"{width:0.0}\" height=\"{LineHeight}\" fill=\"{colour}\"/>\n");
            colour = Ground;
        }

        string weight = run.IsBold ? " font-weight=\"bold\"" : "";

        // The length is said, so that columns are columns in whatever font there is.
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text xml:space=\"preserve\" x=\"{x:0.0}\" y=\"{y:0.0}\" textLength=\"{width:0.0}\" fill=\"{colour}\"{weight}>{WebUtility.HtmlEncode(run.Text)}</text>\n");
    }
}
