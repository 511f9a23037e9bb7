using XcsSharp.Protocol.Operator;

namespace XcsSharp.Exporter.Instruments;

/// <summary>What the exporter itself did. Any thread.</summary>
internal sealed class ExporterFigures
{
    private static readonly IReadOnlyDictionary<string, string> s_noTags = new Dictionary<string, string>();

    private long _scrapes;
    private long _linesSent;
    private long _linesRefused;
    private long _linesLeft;
    private long _metricsSent;
    private long _metricsFailed;
    private long _logsSent;
    private long _logsFailed;

    /// <summary>Of lines that wait for the collector now.</summary>
    public Func<int> LinesWaiting { get; set; } = static () => 0;

    /// <summary>Consoles whose output is followed now.</summary>
    public Func<int> Consoles { get; set; } = static () => 0;

    /// <summary>Consoles that are not followed, since as many as may be are.</summary>
    public Func<int> ConsolesLeft { get; set; } = static () => 0;

    public void OnScrape() => Interlocked.Increment(ref _scrapes);

    /// <summary>A request with metrics was answered, or not.</summary>
    public void OnMetrics(bool isSent) => Interlocked.Increment(ref isSent ? ref _metricsSent : ref _metricsFailed);

    /// <summary>A request with lines was answered, or not; one that was not is sent again.</summary>
    public void OnLogs(bool isSent) => Interlocked.Increment(ref isSent ? ref _logsSent : ref _logsFailed);

    /// <param name="sent">The collector has these lines.</param>
    /// <param name="refused">It does not want these.</param>
    public void OnLines(int sent, int refused)
    {
        _ = Interlocked.Add(ref _linesSent, sent);
        _ = Interlocked.Add(ref _linesRefused, refused);
    }

    /// <summary>These lines were still waiting when we ended.</summary>
    public void OnLinesLeft(int count) => Interlocked.Add(ref _linesLeft, count);

    /// <summary>As instruments, like the daemon's.</summary>
    /// <param name="isUp">Whether the daemon answers.</param>
    public IEnumerable<InstrumentEntry> AsInstruments(bool isUp) =>
    [
        One("xcs.up", InstrumentKind.Gauge, null, "1 while xcsd answers, otherwise 0", (isUp ? 1 : 0, s_noTags)),
        One("xcs.exporter.scrapes", InstrumentKind.Counter, "{request}", "Times that Prometheus asked the exporter", (Interlocked.Read(ref _scrapes), s_noTags)),
        One(
            "xcs.exporter.otlp.requests", InstrumentKind.Counter, "{request}", "Requests to the collector",
            (Interlocked.Read(ref _metricsSent), Tags(("signal", "metrics"), ("outcome", "sent"))),
            (Interlocked.Read(ref _metricsFailed), Tags(("signal", "metrics"), ("outcome", "failed"))),
            (Interlocked.Read(ref _logsSent), Tags(("signal", "logs"), ("outcome", "sent"))),
            (Interlocked.Read(ref _logsFailed), Tags(("signal", "logs"), ("outcome", "failed")))),
        One(
            "xcs.exporter.log.lines", InstrumentKind.Counter, "{line}", "Lines of guests: the collector has them (sent), does not want them (refused), or they were left when the exporter ended (left)",
            (Interlocked.Read(ref _linesSent), Tags(("outcome", "sent"))),
            (Interlocked.Read(ref _linesRefused), Tags(("outcome", "refused"))),
            (Interlocked.Read(ref _linesLeft), Tags(("outcome", "left")))),
        One("xcs.exporter.log.waiting", InstrumentKind.Gauge, "{line}", "Lines of guests that wait for the collector", (LinesWaiting(), s_noTags)),
        One("xcs.exporter.log.consoles", InstrumentKind.Gauge, "{console}", "Consoles whose output is followed", (Consoles(), s_noTags)),
        One("xcs.exporter.log.consoles.left", InstrumentKind.Gauge, "{console}", "Consoles whose output is not followed, because there are more than --most-consoles", (ConsolesLeft(), s_noTags)),
    ];

    private static InstrumentEntry One(string name, string kind, string? unit, string description, params (double Value, IReadOnlyDictionary<string, string> Tags)[] values)
        => new(name, kind, unit, description, [.. values.Select(static value => new MeasurementEntry(value.Tags, value.Value))]);

    private static Dictionary<string, string> Tags(params (string Key, string Value)[] tags) => tags.ToDictionary(static tag => tag.Key, static tag => tag.Value);
}
