using System.Globalization;

namespace XcsSharp.Bench.Report;

/// <summary>The tables for people: medians, and the least and the most of the rounds behind them.</summary>
internal static class TextReport
{
    public static void Write(Results results, IReadOnlyList<Target> targets, TextWriter to)
    {
        foreach (IGrouping<string, Series> scenario in results.All.GroupBy(static series => series.Scenario))
        {
            to.WriteLine();
            to.WriteLine($"## {scenario.Key}");
            to.WriteLine();
            to.WriteLine("| at | quantity | who | median | rounds |");
            to.WriteLine("|---|---|---|---|---|");
            foreach (Series series in scenario)
            {
                string spread = series.Rounds.Count > 1 ? $"{Number(series.Least)} to {Number(series.Most)}" : "1";
                to.WriteLine($"| {series.Point} | {series.Quantity}{Unit(series)} | {series.Subject} | {Number(series.Median)} | {spread} |");
            }
        }

        to.WriteLine();
        to.WriteLine("| figure | must be | is | |");
        to.WriteLine("|---|---|---|---|");
        foreach (Target target in targets)
        {
            string value = target.Value is double is_ ? Number(is_) : "not measured";
            string verdict = target.IsMet switch { true => "met", false => "MISSED", null => "-" };
            to.WriteLine($"| {target.Name} | {(target.AtLeast ? "≥" : "≤")} {Number(target.Bar)} | {value} | {verdict} |");
        }
    }

    private static string Unit(Series series)
        => series.Unit.Length == 0 || series.Quantity.EndsWith("/s", StringComparison.Ordinal) ? "" : $", {series.Unit}";

    private static string Number(double value)
        => value.ToString(Math.Abs(value) >= 100 ? "#,0" : Math.Abs(value) >= 10 ? "0.0" : "0.##", CultureInfo.InvariantCulture);
}
