using System.Globalization;
using System.Text.RegularExpressions;

namespace XcsSharp.Exporter.Tests;

/// <summary>Prometheus' text, taken apart by its rules: every line is a comment that describes, or a sample of what was described before.</summary>
internal sealed partial class Scrape
{
    private readonly Dictionary<string, double> _samples = [];

    /// <summary>What was described, and as what: <c>counter</c>, <c>gauge</c>, <c>histogram</c>.</summary>
    public Dictionary<string, string> Types { get; } = [];

    public IReadOnlyDictionary<string, double> Samples => _samples;

    /// <summary>A sample by its name and labels as they stand there.</summary>
    public double this[string sample] => _samples.TryGetValue(sample, out double value)
        ? value
        : throw new KeyNotFoundException($"there is no {sample}; there are:\n{string.Join('\n', _samples.Keys)}");

    /// <exception cref="FormatException">A line that is none of the format's.</exception>
    public static Scrape Parse(string text)
    {
        Scrape scrape = new();
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        string described = "";
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            if (Help().Match(line) is { Success: true } help)
            {
                described = help.Groups[1].Value;
            }
            else if (Type().Match(line) is { Success: true } type)
            {
                Assert.Equal(described, type.Groups[1].Value);
                scrape.Types.Add(described, type.Groups[2].Value);
            }
            else if (Sample().Match(line) is { Success: true } sample)
            {
                Assert.StartsWith(described, sample.Groups[1].Value, StringComparison.Ordinal);
                scrape._samples.Add(sample.Groups[1].Value + sample.Groups[2].Value, double.Parse(sample.Groups[3].Value, CultureInfo.InvariantCulture));
            }
            else
            {
                throw new FormatException($"'{line}' is no line of Prometheus' text");
            }
        }

        return scrape;
    }

    [GeneratedRegex("^# HELP ([a-z_]+) .+$")]
    private static partial Regex Help();

    [GeneratedRegex("^# TYPE ([a-z_]+) (counter|gauge|histogram)$")]
    private static partial Regex Type();

    [GeneratedRegex("""^([a-z_]+)((?:\{[a-z_]+="(?:[^"\\]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\]|\\["\\n])*")*\})?) ([0-9.eE+-]+)$""")]
    private static partial Regex Sample();
}
