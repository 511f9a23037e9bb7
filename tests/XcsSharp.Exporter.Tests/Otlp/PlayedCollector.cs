using System.Net;
using System.Threading.Channels;

namespace XcsSharp.Exporter.Tests.Otlp;

/// <summary>A collector that keeps what it gets, and answers what it is told to.</summary>
internal sealed class PlayedCollector : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Channel<ProtoMessage> _metrics = Channel.CreateUnbounded<ProtoMessage>();
    private readonly Channel<ReceivedLine> _lines = Channel.CreateUnbounded<ReceivedLine>();
    private readonly Channel<int> _refusals = Channel.CreateUnbounded<int>();
    private readonly Task _serving;

    public PlayedCollector(int? port = null)
    {
        Port = port ?? ExporterLab.FreePort();
        _listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port { get; }

    public string Address => $"http://127.0.0.1:{Port}";

    /// <summary>What it answers from now on to lines.</summary>
    public int LogsAnswer { get; set; } = 200;

    /// <summary>The bytes of that answer.</summary>
    public byte[] LogsBody { get; set; } = [];

    public async Task<ReceivedMetrics> NextMetricsAsync(CancellationToken cancel) => ReceivedMetrics.Of(await _metrics.Reader.ReadAsync(cancel).AsTask().WaitAsync(TestKit.Transcript.DefaultDeadline, cancel));

    public Task<ReceivedLine> NextLineAsync(CancellationToken cancel) => _lines.Reader.ReadAsync(cancel).AsTask().WaitAsync(TestKit.Transcript.DefaultDeadline, cancel);

    /// <summary>A request with lines was answered with something else than 200.</summary>
    public Task NextRefusalAsync(CancellationToken cancel) => _refusals.Reader.ReadAsync(cancel).AsTask().WaitAsync(TestKit.Transcript.DefaultDeadline, cancel);

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception over) when (over is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using MemoryStream body = new();
            await context.Request.InputStream.CopyToAsync(body);
            Take(context, new ProtoMessage(body.ToArray()));
        }
    }

    private void Take(HttpListenerContext context, ProtoMessage request)
    {
        bool isKnown = context.Request is { HttpMethod: "POST", ContentType: "application/x-protobuf", RawUrl: "/v1/metrics" or "/v1/logs" };
        bool isLogs = context.Request.RawUrl == "/v1/logs";
        int answer = !isKnown ? 400 : isLogs ? LogsAnswer : 200;
        context.Response.StatusCode = answer;
        context.Response.ContentType = "application/x-protobuf";
        context.Response.Close(isLogs ? LogsBody : [], willBlock: false);
        if (isLogs && answer == 200)
        {
            foreach (ReceivedLine line in ReceivedLine.Of(request))
            {
                _ = _lines.Writer.TryWrite(line);
            }
        }
        else if (isLogs)
        {
            _ = _refusals.Writer.TryWrite(answer);
        }
        else
        {
            _ = _metrics.Writer.TryWrite(request);
        }
    }
}

/// <summary>A line as a collector gets it.</summary>
internal sealed record ReceivedLine(string Body, DateTimeOffset Time, IReadOnlyDictionary<string, string> Attributes)
{
    /// <summary>resource_logs 1, scope_logs 2, log_records 2: time 1, body 5, attributes 6.</summary>
    public static IEnumerable<ReceivedLine> Of(ProtoMessage request)
        => request.Inside(1, 2).All(2).Select(static record => new ReceivedLine(
            record.Inside(5).Text(1), DateTimeOffset.UnixEpoch.AddTicks((long)record.Number(1) / 100), ReceivedMetrics.Attributes(record.All(6))));
}

/// <summary>Metrics as a collector gets them: each point by its name and attributes, as <c>name{key=value,…}</c>.</summary>
internal sealed record ReceivedMetrics(
    string Service, IReadOnlyDictionary<string, double> Values, IReadOnlyDictionary<string, ProtoMessage> Histograms, IReadOnlyDictionary<string, ulong> Starts, IReadOnlySet<string> Growing)
{
    /// <summary>resource_metrics 1: resource 1, scope_metrics 2, metrics 2: name 1, gauge 5, sum 7, histogram 9.</summary>
    public static ReceivedMetrics Of(ProtoMessage request)
    {
        Dictionary<string, double> values = [];
        Dictionary<string, ulong> starts = [];
        Dictionary<string, ProtoMessage> histograms = [];
        HashSet<string> growing = [];
        foreach (ProtoMessage metric in request.Inside(1, 2).All(2))
        {
            foreach (ProtoMessage point in (metric.Find(5) ?? metric.Find(7))?.All(1) ?? [])
            {
                string key = metric.Text(1) + Key(point.All(7));
                Assert.True(point.Has(4), $"{key} has no value");
                values.Add(key, point.Double(4));
                starts.Add(key, point.Number(2));
            }

            foreach (ProtoMessage point in metric.Find(9)?.All(1) ?? [])
            {
                histograms.Add(metric.Text(1) + Key(point.All(9)), point);
            }

            // Cumulative, and only growing.
            if (metric.Find(7) is { } sum && sum.Number(2) == 2 && sum.Number(3) == 1)
            {
                _ = growing.Add(metric.Text(1));
            }
        }

        return new ReceivedMetrics(Attributes(request.Inside(1, 1).All(1))["service.name"], values, histograms, starts, growing);
    }

    public static Dictionary<string, string> Attributes(IEnumerable<ProtoMessage> pairs) => pairs.ToDictionary(static pair => pair.Text(1), static pair => pair.Inside(2).Text(1));

    private static string Key(IEnumerable<ProtoMessage> pairs)
    {
        string inside = string.Join(',', Attributes(pairs).Select(static pair => $"{pair.Key}={pair.Value}"));
        return inside.Length > 0 ? $"{{{inside}}}" : "";
    }
}
