using System.Diagnostics;

using XcsSharp.Chaos.Honest;
using XcsSharp.Chaos.Troubles;
using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;
using XcsSharp.TestKit.Kernels;

namespace XcsSharp.Chaos;

/// <summary>
/// One daemon, four honest guests and all the troubles at once. While they last the daemon answers its operator and honest guests are served in
/// time; when they are over, the books of honest guests are exact, and nothing of the others is left: no domain, descriptor or mapping.
/// </summary>
internal sealed class ChaosRun : IAsyncDisposable
{
    /// <summary>
    /// What these settings let the daemon keep: its own 14 MiB, 16 of histories, 96 sessions of 256 KiB and as many again for what was read of them,
    /// 200 connections with a queue of 64 KiB and what the collector has not given back.
    /// </summary>
    private const double MemoryCapMiB = 128;

    private const double SlowestP99Milliseconds = 2000;

    private static readonly string[] s_settings =
    [
        "--Consoles:TotalHistoryBytes=16 MiB", "--Consoles:HistoryBytes=256 KiB", "--Consoles:BootBytes=16 KiB", "--Consoles:KeepAfterEnd=2s",
        "--Consoles:LogBytes=64 KiB", "--Consoles:LogFiles=1", "--Consoles:MaxConnections=200", "--Consoles:RequestTimeout=1s",
        "--Consoles:LingerTimeout=1s", "--Switching:SessionQueueBytes=256 KiB", "--Switching:MaxSessions=96", "--Switching:FirstRecordTimeout=1s",
        "--Switching:SessionWindow=1s", "--Switching:ResponseTimeout=10s", "--Switching:UnboundGrace=1s",
    ];

    private readonly ChaosOptions _options;
    private readonly TextWriter _output;
    private readonly Bed _bed;
    private readonly SmallFileSystem? _disk;
    private readonly List<HonestConsole> _consoles = [];
    private readonly List<HonestChannel> _channels = [];
    private readonly List<string> _failures = [];

    private ChaosRun(ChaosOptions options, TextWriter output, Bed bed, SmallFileSystem? disk)
    {
        _options = options;
        _output = output;
        _bed = bed;
        _disk = disk;
    }

    /// <summary>Room for the logs of all, two files of 64 KiB each, or those of a crowd would leave none for the honest ones at the end.</summary>
    private static int DiskBytes(ChaosOptions options) => (4 << 20) + (options.Crowd * 2 * (64 << 10));

    /// <returns>What did not hold.</returns>
    public static async Task<IReadOnlyList<string>> RunAsync(ChaosOptions options, TextWriter output, CancellationToken cancel)
    {
        SimMachine machine = await SimMachine.StartAsync(cancel);
        DaemonPlaces places = new(machine);
        SmallFileSystem? disk = SmallFileSystem.TryMount(places.LogDirectory, DiskBytes(options));
        RingGuests kernels = new(machine);
        await using ChaosRun run = new(options, output, new Bed(machine, places, kernels), disk);
        await run.StartAsync(cancel);
        DaemonFigures before = await run.SettledAsync(null, cancel);
        await run.TroubleAsync(cancel);

        // The connections of those who are gone may still stand in line to be accepted, and then there is no place for who asks about the books.
        await run.AskUntilAnsweredAsync(cancel);
        await run.CheckBooksAsync(cancel);
        await run.CheckNothingIsLeftAsync(before, cancel);
        run.Report();
        return run._failures;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (HonestChannel channel in _channels)
        {
            await channel.DisposeAsync();
        }

        foreach (HonestConsole console in _consoles)
        {
            await console.DisposeAsync();
        }

        if (_bed.Daemon is not null)
        {
            await _bed.Daemon.DisposeAsync();
            WallClock.RemoveTraces(_bed.Daemon.Pid);
        }

        _bed.Kernels.Dispose();
        _disk?.Dispose();
        await _bed.Machine.DisposeAsync();
    }

    private async Task StartAsync(CancellationToken cancel)
    {
        string clock = _bed.Machine["clock"];
        WallClock.SetOffset(clock, "+0");
        IReadOnlyDictionary<string, string> environment = WallClock.EnvironmentOf(clock);
        _bed.Daemon = await XcsdDaemon.StartAsync(_bed.Places, cancel, s_settings, new DaemonLaunch { Environment = environment });
        _output.WriteLine(_disk is null ? $"  without a full disk: {SmallFileSystem.Refused}" : $"  a disk of {DiskBytes(_options) >> 20} MiB");
        _output.WriteLine(environment.Count == 0 ? "  without jumps of the clock: libfaketime is missing (package libfaketime)" : "  a clock that jumps");
        SeededStream stream = new(_options.Seed);
        for (int i = 1; i <= 2; i++)
        {
            _consoles.Add(await HonestConsole.StartAsync(_bed, Choices($"honest{i}"), $"honest{i}", stream, cancel));
            _channels.Add(await HonestChannel.StartAsync(_bed, Choices($"asking{i}"), $"asking{i}", cancel));
        }

        _bed.HonestNames = [.. _consoles.Select(static console => console.Name)];
    }

    private async Task TroubleAsync(CancellationToken cancel)
    {
        Trouble[] all =
        [
            new LyingConsoles(_bed, Choices("consoles1"), "liar1"), new LyingConsoles(_bed, Choices("consoles2"), "liar2"),
            new LyingChannels(_bed, Choices("channels1"), "liar3"), new LyingChannels(_bed, Choices("channels2"), "liar4"),
            new Lives(_bed, Choices("lives")), new HypervisorFaults(_bed, Choices("faults")),
            .. _options.Crowd > 0 ? (Trouble[])[new HostileCrowd(_bed, Choices("crowd"), _options.Crowd)] : [], new StallingClients(_bed, Choices("stalling"), 1000), new LyingClients(_bed, Choices("lying")),
            new ScarceResources(_bed, Choices("scarce"), _disk), new WallClock(_bed, Choices("clock"), _bed.Machine["clock"]),
        ];
        foreach (HonestChannel channel in _channels)
        {
            channel.Begin();
        }

        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        end.CancelAfter(_options.Duration);
        using CancellationTokenSource honestEnd = new();
        List<Task<string?>> honest = [.. _consoles.Select(console => Task.Run(() => console.RunAsync(honestEnd.Token), cancel))];
        List<Task> troubles =
        [
            .. all.Where(trouble => !_options.Without.Contains(trouble.Name)).Select(trouble => Task.Run(() => trouble.RunAsync(end.Token), cancel)),
            WatchAsync(end),
        ];
        try
        {
            await Task.WhenAll(troubles);
        }
        finally
        {
            await honestEnd.CancelAsync();
            _failures.AddRange((await Task.WhenAll(honest)).OfType<string>());
        }

        cancel.ThrowIfCancellationRequested();
    }

    /// <summary>Asks the daemon how it is, once a second. When it has ended there is nothing more to trouble.</summary>
    private async Task WatchAsync(CancellationTokenSource end)
    {
        Latencies answers = new();
        try
        {
            while (true)
            {
                if (_bed.Daemon.Process.HasExited)
                {
                    _failures.Add($"the daemon ended: {Tail(_bed.Daemon.Log)}\nthe last that was done to it:\n{string.Join('\n', _bed.Latest)}");
                    await end.CancelAsync();
                    return;
                }

                long start = Stopwatch.GetTimestamp();
                await AskUntilAnsweredAsync(end.Token);
                answers.AddSince(start);
                await Task.Delay(1000, end.Token);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            _output.WriteLine($"  an operator is answered: {answers}");
        }
    }

    /// <summary>A connection may be refused while there are 200, or no descriptors: who comes again is answered within the deadline.</summary>
    private async Task AskUntilAnsweredAsync(CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                _ = await OperatorQuery.StatusAsync(_bed.Places.Console, cancel).WaitAsync(Transcript.DefaultDeadline, cancel);
                return;
            }
            catch (Exception refusal) when (refusal is InvalidDataException or IOException or TimeoutException or System.Net.Sockets.SocketException)
            {
                if (Stopwatch.GetElapsedTime(start) > Transcript.DefaultDeadline)
                {
                    _failures.Add($"an operator is not answered for {Transcript.DefaultDeadline.TotalSeconds} s: {refusal.Message}");
                    return;
                }

                await Task.Delay(10, cancel);
            }
        }
    }

    private async Task CheckBooksAsync(CancellationToken cancel)
    {
        if (_bed.Daemon.Process.HasExited)
        {
            return;
        }

        foreach (Task<string?> check in (List<Task<string?>>)[.. _consoles.Select(console => console.CheckAsync(cancel)), .. _channels.Select(channel => channel.CheckAsync(cancel))])
        {
            if (await check is { } problem)
            {
                _failures.Add(problem);
            }
        }

        foreach ((string name, Latencies took) in (List<(string, Latencies)>)[.. _consoles.Select(static one => (one.Name, one.Latencies)), .. _channels.Select(static one => (one.Name, one.Latencies))])
        {
            _output.WriteLine($"  {name}: {took}");
            if (took.Quantile(0.99) > SlowestP99Milliseconds || took.Count == 0)
            {
                _failures.Add($"{name} was not served in time: {took}");
            }
        }

        double peak = DaemonFigures.PeakMiB(_bed.Daemon.Pid);
        _output.WriteLine($"  most memory at once: {peak:0.0} MiB, cap {MemoryCapMiB:0}");
        if (peak > MemoryCapMiB)
        {
            _failures.Add($"the daemon took {peak:0.0} MiB");
        }
    }

    private async Task CheckNothingIsLeftAsync(DaemonFigures before, CancellationToken cancel)
    {
        if (_bed.Daemon.Process.HasExited)
        {
            return;
        }

        DaemonFigures after = await SettledAsync(before, cancel);
        _output.WriteLine($"  before {before}, after {after}");
        if (!after.IsWithin(before))
        {
            _failures.Add($"something is left: before {before}, after {after}");
        }

        int code = await _bed.Daemon.TerminateAsync(cancel);
        if (code != 0)
        {
            _failures.Add($"the daemon ended with {code}: {Tail(_bed.Daemon.Log)}");
        }
    }

    /// <summary>What the daemon holds when only honest guests live and nobody but they and theirs is connected.</summary>
    /// <param name="wanted">What it held before; null: what it is is what it is.</param>
    /// <param name="cancel">Gives up.</param>
    private async Task<DaemonFigures> SettledAsync(DaemonFigures? wanted, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        int honest = _consoles.Count + _channels.Count;
        while (true)
        {
            // What of the others is still on its way out is no leak: their connections, the ends of their domains.
            IReadOnlyList<DomainEntry> listed = (await OperatorQuery.ListAsync(_bed.Places.Console, cancel)).Domains;
            int domains = listed.Count;
            DaemonFigures figures = await DaemonFigures.NowAsync(_bed, cancel);
            if (domains == honest && (wanted is null || figures.IsWithin(wanted)))
            {
                return figures;
            }

            if (Stopwatch.GetElapsedTime(start) > Transcript.DefaultDeadline)
            {
                _failures.Add($"{domains} domains instead of {honest}: {string.Join(' ', listed.Select(static domain => $"{domain.Name}({domain.Domid})"))}");
                return figures;
            }

            await Task.Delay(50, cancel);
        }
    }

    private void Report()
    {
        foreach ((string what, long count) in _bed.Counts.OrderBy(static entry => entry.Key, StringComparer.Ordinal))
        {
            _output.WriteLine($"  {count,9:N0}  {what}");
        }
    }

    private Random Choices(string purpose) => new((int)(new SeededStream(_options.Seed).Fork(purpose).Seed % int.MaxValue));

    private static string Tail(string log) => log.Length > 4000 ? log[^4000..] : log;
}
