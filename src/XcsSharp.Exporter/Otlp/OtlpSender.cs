using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

using Google.Protobuf;

using Microsoft.Extensions.Logging;

using XcsSharp.Exporter.Otlp.Wire;

namespace XcsSharp.Exporter.Otlp;

/// <summary>What became of a request to the collector.</summary>
/// <param name="IsTaken">It was taken, but for <paramref name="Rejected"/> of it.</param>
/// <param name="MayTryAgain">It was not, and the same request may be sent again later.</param>
/// <param name="Rejected">Points or lines that the collector does not want.</param>
/// <param name="Problem">What was wrong; empty: nothing.</param>
internal readonly record struct Sent(bool IsTaken, bool MayTryAgain, int Rejected, string Problem);

/// <summary>Sends requests of OTLP over HTTP to one collector. Any thread.</summary>
internal sealed class OtlpSender : IDisposable
{
    public const string Metrics = "v1/metrics";
    public const string Logs = "v1/logs";

    private const string Protobuf = "application/x-protobuf";
    private const int LongestProblem = 200;

    private readonly ILogger<OtlpSender> _log;
    private readonly HttpClient _client;
    private int _state = -1;

    public OtlpSender(ExporterOptions options, ILogger<OtlpSender> log)
    {
        _log = log;
        Collector = options.Otlp!;
        _client = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5), UseProxy = false, UseCookies = false, AllowAutoRedirect = false })
        {
            Timeout = TimeSpan.FromSeconds(10),
            MaxResponseContentBufferSize = 64 * 1024,
        };
    }

    public Uri Collector { get; }

    /// <param name="path"><see cref="Metrics"/> or <see cref="Logs"/>.</param>
    /// <param name="request">All of it.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<Sent> SendAsync(string path, IMessage request, CancellationToken cancel)
    {
        Sent sent;
        try
        {
            using ByteArrayContent content = new(request.ToByteArray());
            content.Headers.ContentType = new MediaTypeHeaderValue(Protobuf);
            using HttpResponseMessage response = await _client.PostAsync(PlaceOf(path), content, cancel);
            sent = await JudgeAsync(response, cancel);
        }
        catch (Exception failure) when (failure is HttpRequestException or SocketException or IOException)
        {
            sent = new Sent(false, true, 0, (failure.InnerException ?? failure).Message);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            sent = new Sent(false, true, 0, $"no answer in {_client.Timeout.TotalSeconds:0} s");
        }

        Note(sent);
        return sent;
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Behind the path that the collector's address may have.</summary>
    private Uri PlaceOf(string path) => new(Collector.AbsoluteUri.TrimEnd('/') + "/" + path);

    private static async Task<Sent> JudgeAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancel);
        if (!response.IsSuccessStatusCode)
        {
            // Those that the protocol names; all else will be the same the next time.
            bool mayTryAgain = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
            return new Sent(false, mayTryAgain, 0, $"it answers {(int)response.StatusCode} {response.ReasonPhrase}");
        }

        if (response.Content.Headers.ContentType?.MediaType != Protobuf || body.Length == 0)
        {
            return new Sent(true, false, 0, "");
        }

        try
        {
            PartialSuccess? part = ExportServiceResponse.Parser.ParseFrom(body).PartialSuccess;
            string said = part?.ErrorMessage.ReplaceLineEndings(" ") ?? "";
            return new Sent(true, false, (int)Math.Clamp(part?.Rejected ?? 0, 0, int.MaxValue), said[..Math.Min(said.Length, LongestProblem)]);
        }
        catch (InvalidProtocolBufferException)
        {
            // It has taken it; what else it wants to say is not the protocol's.
            return new Sent(true, false, 0, "");
        }
    }

    private void Note(in Sent sent)
    {
        int state = sent.IsTaken ? 1 : 0;
        if (Interlocked.Exchange(ref _state, state) != state)
        {
            if (sent.IsTaken)
            {
                _log.CollectorTakes(Collector);
            }
            else
            {
                _log.CollectorAway(Collector, sent.Problem);
            }
        }
    }
}
