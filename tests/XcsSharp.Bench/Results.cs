namespace XcsSharp.Bench;

/// <summary>One quantity of one subject in one situation, a value for each round.</summary>
/// <param name="Scenario">What was done: <c>flood</c>, <c>trip</c>.</param>
/// <param name="Point">Where: how many guests, subscribers or viewers.</param>
/// <param name="Subject">Who did it: <c>xcsd</c>, <c>classic</c>, <c>floor</c>.</param>
/// <param name="Quantity">What was measured.</param>
/// <param name="Unit">In what.</param>
/// <param name="Rounds">The values, in the order of the rounds.</param>
internal sealed record Series(string Scenario, string Point, string Subject, string Quantity, string Unit, IReadOnlyList<double> Rounds)
{
    public double Median => Statistics.Median(Rounds);

    public double Least => Rounds.Min();

    public double Most => Rounds.Max();
}

/// <summary>All that a run has measured.</summary>
internal sealed class Results
{
    private readonly Dictionary<(string, string, string, string), (string Unit, List<double> Rounds)> _values = [];

    public IEnumerable<Series> All => _values.Select(static pair => new Series(
        pair.Key.Item1, pair.Key.Item2, pair.Key.Item3, pair.Key.Item4, pair.Value.Unit, pair.Value.Rounds));

    /// <summary>Adds the value of one more round.</summary>
    public void Add(string scenario, string point, string subject, string quantity, string unit, double value)
    {
        var key = (scenario, point, subject, quantity);
        if (!_values.TryGetValue(key, out (string Unit, List<double> Rounds) series))
        {
            _values[key] = series = (unit, []);
        }

        series.Rounds.Add(value);
    }

    public Series? Find(string scenario, string point, string subject, string quantity)
        => _values.TryGetValue((scenario, point, subject, quantity), out (string Unit, List<double> Rounds) series)
            ? new Series(scenario, point, subject, quantity, series.Unit, series.Rounds)
            : null;

    /// <summary>
    /// The median of the quotients of each round: what was measured one after the other is divided, so that a minute in which the machine
    /// was busy spoils one round and not the figure.
    /// </summary>
    /// <returns>Null when one of them was not measured.</returns>
    public double? Ratio(Series? over, Series? under)
        => over is null || under is null || over.Rounds.Count != under.Rounds.Count
            ? null
            : Statistics.Median([.. over.Rounds.Zip(under.Rounds, static (a, b) => a / b)]);
}

internal static class Statistics
{
    public static double Median(IReadOnlyList<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
