using XcsSharp.Client;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Exporter.Logs;

/// <summary>Reads one console, from its <c>LOG</c>, to the end of its domain or of the connection.</summary>
/// <param name="socket">The daemon's console socket.</param>
/// <param name="key">Which console.</param>
/// <param name="lines">Get what it prints.</param>
/// <param name="position">How much of the console's output is before what it is to read.</param>
internal sealed class ConsoleFollower(string socket, ConsoleKey key, LineQueue lines, double position)
{
    /// <summary>Whoever waits for output so long after the daemon counted some has all that was counted.</summary>
    private static readonly TimeSpan s_underWay = TimeSpan.FromMilliseconds(500);

    private readonly long _begin = (long)position;
    private long _waited;
    private bool _isWaiting;
    private long _counted;
    private double _countedBytes = position;

    /// <summary>The domain's name; it may change while it lives.</summary>
    public string Domain { get; set; } = "";

    /// <summary>So many bytes of the console's output were certainly read: from there another one goes on after a restart of the daemon.</summary>
    public double SafePosition { get; private set; } = position;

    /// <summary>The daemon has counted so much of the console's output.</summary>
    public void OnCounted(double bytes)
    {
        // It waits still, or it has had to since then: nothing of what was counted was under way any more.
        long now = Environment.TickCount64;
        long waited = Volatile.Read(ref _isWaiting) ? now : Volatile.Read(ref _waited);
        if (waited - _counted > s_underWay.TotalMilliseconds)
        {
            SafePosition = _countedBytes;
        }

        _counted = now;
        _countedBytes = bytes;
    }

    /// <param name="counted">So much of the console's output the daemon has counted, a moment ago.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="XcsException">The daemon is away, or refuses.</exception>
    /// <exception cref="IOException">The connection failed.</exception>
    public async Task RunAsync(double counted, CancellationToken cancel)
    {
        ConsoleConnection connection = await OpenAsync(counted, cancel);
        await using (connection)
        {
            LineSplitter splitter = new();
            byte[] buffer = new byte[16 * 1024];
            while (true)
            {
                ValueTask<int> reading = connection.Stream.ReadAsync(buffer, cancel);
                if (!reading.IsCompleted)
                {
                    Volatile.Write(ref _waited, Environment.TickCount64);
                    Volatile.Write(ref _isWaiting, true);
                }

                int count = await reading;
                Volatile.Write(ref _isWaiting, false);
                await AddAsync(count == 0 ? splitter.End() : splitter.Take(buffer.AsSpan(0, count)), cancel);
                if (count == 0)
                {
                    return;
                }
            }
        }
    }

    private async Task<ConsoleConnection> OpenAsync(double counted, CancellationToken cancel)
    {
        ConsoleOutput output = new() { Level = "strip", FollowToEnd = true };
        try
        {
            return await ConsoleConnection.ReadLogAsync(socket, key.Target, output with { FromPosition = _begin }, cancel);
        }
        catch (OperatorRefusedException refused) when (refused.Code == OperatorError.BadArgument)
        {
            // A daemon that does not know places yet, before its own upgrade. It counts back from its end when it is asked: what is printed until then shifts the beginning.
            output = _begin > 0 ? output with { LastBytes = (long)counted - _begin } : output with { FromBoot = true };
            return await ConsoleConnection.ReadLogAsync(socket, key.Target, output, cancel);
        }
    }

    private async ValueTask AddAsync(IReadOnlyList<string> texts, CancellationToken cancel)
    {
        foreach (string text in texts)
        {
            await lines.AddAsync(new ConsoleLine(key, Domain, DateTimeOffset.UtcNow, text), cancel);
        }
    }
}
