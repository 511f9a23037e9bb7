using XcsSharp.Exporter.Otlp.Wire;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Exporter.Otlp;

/// <summary>Instruments as a request of OTLP: names and units as the daemon has them, counts since the daemon's start.</summary>
internal static class OtlpMetrics
{
    /// <summary>The instrument that says since when counters count.</summary>
    private const string StartTime = "xcs.start.time";

    /// <summary>Begins the names of what the exporter counts itself.</summary>
    private const string Own = "xcs.exporter.";

    private static readonly ulong s_ownStart = OtlpWords.Nanoseconds(DateTimeOffset.UtcNow);

    public static ExportMetricsServiceRequest Write(IReadOnlyList<InstrumentEntry> instruments, DateTimeOffset now)
    {
        double? start = instruments.FirstOrDefault(static instrument => instrument.Name == StartTime)?.Measurements.FirstOrDefault()?.Value;
        ulong began = start is double seconds ? OtlpWords.Nanoseconds(DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000))) : 0;
        ulong time = OtlpWords.Nanoseconds(now);
        ScopeMetrics scope = new() { Scope = OtlpWords.Scope };
        scope.Metrics.AddRange(instruments.Where(static instrument => instrument.Measurements.Count > 0).Select(instrument
            => Describe(instrument, instrument.Name.StartsWith(Own, StringComparison.Ordinal) ? s_ownStart : began, time)));
        return new ExportMetricsServiceRequest { ResourceMetrics = { new ResourceMetrics { Resource = OtlpWords.Resource, ScopeMetrics = { scope } } } };
    }

    private static Metric Describe(InstrumentEntry instrument, ulong began, ulong time)
    {
        Metric metric = new() { Name = instrument.Name, Description = instrument.Description ?? "", Unit = instrument.Unit ?? "" };
        switch (instrument.Kind)
        {
            case InstrumentKind.Histogram:
                metric.Histogram = new Histogram { AggregationTemporality = AggregationTemporality.Cumulative };
                metric.Histogram.DataPoints.AddRange(instrument.Measurements.Where(static one => one.Buckets is { Count: > 0 }).Select(one => Spread(one, began, time)));
                break;
            case InstrumentKind.Counter:
                metric.Sum = new Sum { AggregationTemporality = AggregationTemporality.Cumulative, IsMonotonic = true };
                metric.Sum.DataPoints.AddRange(instrument.Measurements.Select(one => Number(one, began, time)));
                break;
            default:
                metric.Gauge = new Gauge();
                metric.Gauge.DataPoints.AddRange(instrument.Measurements.Select(one => Number(one, 0, time)));
                break;
        }

        return metric;
    }

    private static NumberDataPoint Number(MeasurementEntry measured, ulong began, ulong time)
    {
        NumberDataPoint point = new() { StartTimeUnixNano = began, TimeUnixNano = time, AsDouble = measured.Value };
        point.Attributes.AddRange(measured.Tags.Select(static tag => OtlpWords.Word(tag.Key, tag.Value)));
        return point;
    }

    private static HistogramDataPoint Spread(MeasurementEntry measured, ulong began, ulong time)
    {
        IReadOnlyList<BucketEntry> buckets = measured.Buckets!;
        HistogramDataPoint point = new() { StartTimeUnixNano = began, TimeUnixNano = time, Sum = measured.Value, Count = (ulong)buckets[^1].Count };
        point.ExplicitBounds.AddRange(buckets.Where(static bucket => bucket.Bound is not null).Select(static bucket => bucket.Bound!.Value));

        // Here each bucket has its own values alone; the daemon adds up, as Prometheus does.
        double before = 0;
        foreach (BucketEntry bucket in buckets)
        {
            point.BucketCounts.Add((ulong)(bucket.Count - before));
            before = bucket.Count;
        }

        point.Attributes.AddRange(measured.Tags.Select(static tag => OtlpWords.Word(tag.Key, tag.Value)));
        return point;
    }
}
