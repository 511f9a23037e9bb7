using XcsSharp.Protocol.Operator;

namespace XcsSharp.Exporter.Scrape;

/// <summary>What Prometheus calls an instrument: underscores, the unit in full, and <c>_total</c> at the end of what only grows.</summary>
internal static class MetricName
{
    public static string Of(InstrumentEntry instrument)
    {
        string unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        return instrument.Name.Replace('.', '_') + unit + (instrument.Kind == InstrumentKind.Counter ? "_total" : "");
    }
}
