using System.Diagnostics.Metrics;
using System.Globalization;

using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;

namespace XcsSharp.Daemon.Metrics;

/// <summary>
/// A <see cref="Distribution"/> as instruments. A meter has no histogram that is read when somebody asks, so it is two counters:
/// <c>NAME.bucket</c>, with the bound as the tag <c>le</c>, and behind it <c>NAME.sum</c>.
/// </summary>
internal static class ObservedDistribution
{
    private const string Bucket = ".bucket";
    private const string Sum = ".sum";
    private const string Bound = "le";
    private const string NoBound = "+Inf";

    /// <param name="meter">Gets the two.</param>
    /// <param name="name">Of both, without the endings.</param>
    /// <param name="unit">Of the sum and the bounds.</param>
    /// <param name="description">For people.</param>
    /// <param name="distribution">Is looked at when the instruments are.</param>
    /// <param name="scale">What one of its units is in <paramref name="unit"/>.</param>
    public static void Create(Meter meter, string name, string unit, string description, Distribution distribution, double scale = 1)
    {
        _ = meter.CreateObservableCounter(name + Bucket, () => Buckets(distribution, scale), unit, description);
        _ = meter.CreateObservableCounter(name + Sum, () => distribution.Sum * scale, unit, description);
    }

    public static bool IsBuckets(Instrument instrument) => instrument.Name.EndsWith(Bucket, StringComparison.Ordinal);

    /// <summary>The histogram that the two are.</summary>
    public static InstrumentEntry Join(Instrument sum, IReadOnlyList<MeasurementEntry> buckets, IReadOnlyList<MeasurementEntry> sums)
        => new(
            sum.Name[..^Sum.Length],
            InstrumentKind.Histogram,
            sum.Unit,
            sum.Description,
            [sums[0] with { Buckets = [.. buckets.Select(static bucket => new BucketEntry(BoundOf(bucket.Tags[Bound]), bucket.Value))] }]);

    private static IEnumerable<Measurement<double>> Buckets(Distribution distribution, double scale)
    {
        long count = 0;
        for (int i = 0; i < distribution.Counts.Count; i++)
        {
            count += distribution.Counts[i];

            // To 12 digits: a bound times a scale is 0.0025, and not 0.0025000000000000001.
            string bound = i < distribution.Bounds.Count
                ? (distribution.Bounds[i] * scale).ToString("G12", CultureInfo.InvariantCulture)
                : NoBound;
            yield return new Measurement<double>(count, new KeyValuePair<string, object?>(Bound, bound));
        }
    }

    private static double? BoundOf(string text) => text == NoBound ? null : double.Parse(text, CultureInfo.InvariantCulture);
}
