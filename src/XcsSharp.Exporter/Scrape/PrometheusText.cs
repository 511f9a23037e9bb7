using System.Globalization;
using System.Text;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Exporter.Scrape;

/// <summary>Instruments in Prometheus' text format, version 0.0.4.</summary>
/// <remarks>
/// Written here and not by a library, because those that there are count by themselves: they take single measurements, and have no place for a
/// histogram that another process has counted.
/// </remarks>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(IEnumerable<InstrumentEntry> instruments)
    {
        StringBuilder text = new();
        foreach (InstrumentEntry instrument in instruments)
        {
            string name = MetricName.Of(instrument);
            text.Append("# HELP ").Append(name).Append(' ').Append(Escaped(instrument.Description ?? "", quotes: false)).Append('\n');
            text.Append("# TYPE ").Append(name).Append(' ').Append(instrument.Kind).Append('\n');
            foreach (MeasurementEntry measurement in instrument.Measurements)
            {
                if (measurement.Buckets is { } buckets)
                {
                    AppendHistogram(text, name, measurement, buckets);
                }
                else
                {
                    Append(text, name, measurement.Tags, measurement.Value);
                }
            }
        }

        return text.ToString();
    }

    private static void AppendHistogram(StringBuilder text, string name, MeasurementEntry measurement, IReadOnlyList<BucketEntry> buckets)
    {
        foreach (BucketEntry bucket in buckets)
        {
            // A decimal has no exponent: 0.00001, and not 1E-05.
            string bound = bucket.Bound is double value ? ((decimal)value).ToString(CultureInfo.InvariantCulture) : "+Inf";
            Append(text, name + "_bucket", [.. measurement.Tags, new KeyValuePair<string, string>("le", bound)], bucket.Count);
        }

        Append(text, name + "_sum", measurement.Tags, measurement.Value);
        Append(text, name + "_count", measurement.Tags, buckets[^1].Count);
    }

    private static void Append(StringBuilder text, string name, IReadOnlyCollection<KeyValuePair<string, string>> tags, double value)
    {
        text.Append(name);
        char before = '{';
        foreach ((string key, string word) in tags)
        {
            text.Append(before).Append(key).Append("=\"").Append(Escaped(word, quotes: true)).Append('"');
            before = ',';
        }

        text.Append(tags.Count > 0 ? "} " : " ").Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    /// <summary>Names of guests are anybody's: none ends its quotes, or its line.</summary>
    private static string Escaped(string word, bool quotes)
    {
        if (word.AsSpan().IndexOfAny('\\', '\n', '"') < 0)
        {
            return word;
        }

        string escaped = word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }
}
