using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Exporter.Tests.Otlp;

/// <summary>
/// A daemon with one guest, web, whose console has lines of ten bytes and prints when it is told to. It counts them for whoever asks for metrics, and answers a
/// <c>LOG</c> with what there is and the end.
/// </summary>
internal sealed class PlayedDaemon : IDisposable
{
    private const int LineLength = 10;

    private readonly PrivateDirectory _directory = new("played");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Channel<(string Request, Socket Client)> _logs = Channel.CreateUnbounded<(string Request, Socket Client)>();
    private int _printed;

    public PlayedDaemon()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen();
        _ = ServeAsync();
    }

    public string Path => _directory["console.sock"];

    /// <summary>False: one of before there was <c>from=BYTES</c>.</summary>
    public bool KnowsPlaces { get; init; } = true;

    public void Print(int bytes) => _ = Interlocked.Add(ref _printed, bytes);

    /// <summary>Answers the next <c>LOG</c>.</summary>
    /// <param name="meanwhile">Printed between the request's arrival and the answer.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The request.</returns>
    public async Task<string> AnswerLogAsync(int meanwhile, CancellationToken cancel)
    {
        (string request, Socket client) = await _logs.Reader.ReadAsync(cancel).AsTask().WaitAsync(Transcript.DefaultDeadline, cancel);
        Print(meanwhile);
        int from = Number(request, OperatorProtocol.From) ?? _printed - Number(request, OperatorProtocol.Tail)!.Value;
        string output = string.Concat(Enumerable.Range(0, _printed / LineLength).Select(static line => $"line {line:0000}\n"));
        await EndAsync(client, "OK 3 web\n" + output[from..]);
        return request;
    }

    public void Dispose()
    {
        _listener.Dispose();
        _directory.Dispose();
    }

    private static int? Number(string request, string word)
        => request.Split(' ').FirstOrDefault(one => one.StartsWith(word, StringComparison.Ordinal)) is { } found
            ? int.Parse(found.AsSpan(word.Length), NumberStyles.None, CultureInfo.InvariantCulture)
            : null;

    private static async Task EndAsync(Socket client, string answer)
    {
        using (client)
        {
            _ = await client.SendAsync(Encoding.UTF8.GetBytes(answer));
        }
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptAsync();
                byte[] line = new byte[OperatorProtocol.MaxLine];
                int length = await client.ReceiveAsync(line);
                string request = Encoding.UTF8.GetString(line, 0, length).TrimEnd('\n');
                if (request == OperatorProtocol.Metrics)
                {
                    await EndAsync(client, "OK\n" + JsonSerializer.Serialize(Instruments(), OperatorJson.Default.InstrumentList) + "\n");
                }
                else if (!KnowsPlaces && Number(request, OperatorProtocol.From) is not null)
                {
                    await EndAsync(client, "ERR bad-argument 'from=' asks for nothing; give from=boot\n");
                }
                else
                {
                    _ = _logs.Writer.TryWrite((request, client));
                }
            }
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private InstrumentList Instruments()
    {
        Dictionary<string, string> guest = new() { ["domain"] = "web", ["domid"] = "3", ["uuid"] = "00000000-0000-0000-0000-000000000003" };
        Dictionary<string, string> console = new() { ["domain"] = "web", ["domid"] = "3", ["console"] = "web", ["direction"] = "out" };
        return new InstrumentList(
            [
                new InstrumentEntry("xcs.guest.info", InstrumentKind.Gauge, null, null, [new MeasurementEntry(guest, 1)]),
                new InstrumentEntry("xcs.guest.console", InstrumentKind.Counter, "By", null, [new MeasurementEntry(console, _printed)]),
            ]);
    }
}
