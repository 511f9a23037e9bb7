using System.Globalization;
using System.Text;

namespace XcsSharp.Bench.Report;

/// <summary>A quantity over the number of guests, a line for each subject, both axes logarithmic, as SVG.</summary>
internal static class Plot
{
    private const double Width = 640;
    private const double Height = 360;
    private const double Left = 80;
    private const double Right = 110;
    private const double Top = 40;
    private const double Bottom = 50;

    private static readonly Dictionary<string, string> s_colours = new() { ["xcsd"] = "#c2410c", ["classic"] = "#1d4ed8", ["floor"] = "#6b7280" };

    public static void Write(Results results, string scenario, string quantity, string title, string path)
    {
        Series[] all = [.. results.All.Where(series => series.Scenario == scenario && series.Quantity == quantity)];
        if (all.Select(static series => series.Point).Distinct().Count() < 2)
        {
            return;
        }

        File.WriteAllText(path, Draw(all, title));
    }

    private static string Draw(Series[] all, string title)
    {
        double[] guests = [.. all.Select(static series => Guests(series)).Distinct().Order()];
        double low = Math.Pow(10, Math.Floor(Math.Log10(all.Min(static series => series.Median))));
        double high = Math.Pow(10, Math.Ceiling(Math.Log10(all.Max(static series => series.Median))));
        double X(double value) => Left + ((Width - Left - Right) * Math.Log(value / guests[0]) / Math.Log(guests[^1] / guests[0]));
        double Y(double value) => Height - Bottom - ((Height - Top - Bottom) * Math.Log(value / low) / Math.Log(high / low));
        StringBuilder svg = new();
        svg.AppendLine(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>");
        Text(svg, Left, 22, title, "start", " font-weight=\"bold\"");
        for (double line = low; line <= high * 1.01; line *= 10)
        {
            svg.AppendLine(CultureInfo.InvariantCulture, $"<path d=\"M{Left} {Y(line):0.0}H{Width - Right}\" stroke=\"#e5e7eb\"/>");
            Text(svg, Left - 8, Y(line) + 4, line.ToString("#,0.##", CultureInfo.InvariantCulture), "end");
        }

        foreach (double count in guests)
        {
            Text(svg, X(count), Height - Bottom + 20, count.ToString("#,0", CultureInfo.InvariantCulture), "middle");
        }

        Text(svg, (Left + Width - Right) / 2, Height - 12, "guests", "middle");
        foreach (IGrouping<string, Series> subject in all.GroupBy(static series => series.Subject))
        {
            Series[] points = [.. subject.OrderBy(Guests)];
            string colour = s_colours.GetValueOrDefault(subject.Key, "black");
            string path = string.Join('L', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(Guests(point)):0.0} {Y(point.Median):0.0}")));
            svg.AppendLine(CultureInfo.InvariantCulture, $"<path d=\"M{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>");
            foreach (Series point in points)
            {
                // From the least to the most of the rounds.
                svg.AppendLine(CultureInfo.InvariantCulture, $"<path d=\"M{X(Guests(point)):0.0} {Y(Math.Max(low, point.Least)):0.0}V{Y(Math.Min(high, point.Most)):0.0}\" stroke=\"{colour}\"/>");
                svg.AppendLine(CultureInfo.InvariantCulture, $"<circle cx=\"{X(Guests(point)):0.0}\" cy=\"{Y(point.Median):0.0}\" r=\"3\" fill=\"{colour}\"/>");
            }

            Text(svg, Width - Right + 10, Y(points[^1].Median) + 4, subject.Key, "start", $" fill=\"{colour}\"");
        }

        return svg.AppendLine("</svg>").ToString();
    }

    private static double Guests(Series series) => double.Parse(series.Point, CultureInfo.InvariantCulture);

    private static void Text(StringBuilder svg, double x, double y, string text, string anchor, string more = "")
        => svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{x:0.0}\" y=\"{y:0.0}\" text-anchor=\"{anchor}\"{more}>{text}</text>");
}
