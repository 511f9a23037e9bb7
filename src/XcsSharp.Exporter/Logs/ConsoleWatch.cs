using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using XcsSharp.Client;
using XcsSharp.Exporter.Instruments;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Exporter.Logs;

/// <summary>
/// Looks which consoles there are, and has each followed. Those that are there at the start are followed from then on, those that come later from their first
/// byte, and those that a restart of the daemon has cut from the last place that was certainly read: some lines may come twice then, and none is missing.
/// </summary>
internal sealed class ConsoleWatch(ExporterOptions options, DaemonReader daemon, LineQueue lines, ExporterFigures figures, ILogger<ConsoleWatch> log) : BackgroundService
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_lookWhileAway = TimeSpan.FromSeconds(1);

    private readonly Dictionary<ConsoleKey, (ConsoleFollower Follower, Task Running)> _followed = [];
    private string _lastRefusal = "";
    private int _running;
    private int _left;
    private bool _hasLooked;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        figures.Consoles = () => Volatile.Read(ref _running);
        figures.ConsolesLeft = () => Volatile.Read(ref _left);
        while (!stoppingToken.IsCancellationRequested)
        {
            Reading reading = await daemon.ReadAsync(stoppingToken);
            if (reading.IsUp)
            {
                Look(FoundConsole.In(reading.Instruments), stoppingToken);
            }

            await Task.Delay(reading.IsUp ? s_look : s_lookWhileAway, stoppingToken);
        }
    }

    private void Look(IReadOnlyList<FoundConsole> found, CancellationToken cancel)
    {
        foreach (ConsoleKey gone in _followed.Keys.Except(found.Select(static console => console.Key)).ToArray())
        {
            // Its follower reads what is left, and ends by itself.
            if (_followed[gone].Running.IsCompleted)
            {
                _ = _followed.Remove(gone);
            }
        }

        int left = 0;
        foreach (FoundConsole console in found)
        {
            bool isFollowed = _followed.TryGetValue(console.Key, out (ConsoleFollower Follower, Task Running) known) && !known.Running.IsCompleted;
            if (isFollowed)
            {
                known.Follower.Domain = console.Domain;
                known.Follower.OnCounted(console.BytesOut);
            }
            else if (Volatile.Read(ref _running) < options.MostConsoles)
            {
                Follow(console, known.Follower, cancel);
            }
            else
            {
                // Not one connection more, even where the daemon has room: the questions for metrics need some.
                left++;
            }
        }

        NoteLeft(left);
        _hasLooked = true;
    }

    private void NoteLeft(int left)
    {
        if (left > 0 && _left == 0)
        {
            log.ConsolesLeft(left, options.MostConsoles);
        }

        Volatile.Write(ref _left, left);
    }

    /// <param name="console">It.</param>
    /// <param name="last">Who followed it before, if anybody did.</param>
    /// <param name="cancel">Ends it.</param>
    private void Follow(FoundConsole console, ConsoleFollower? last, CancellationToken cancel)
    {
        double position = last is null
            ? _hasLooked ? 0 : console.BytesOut
            : last.SafePosition <= console.BytesOut ? last.SafePosition : 0;
        ConsoleFollower follower = new(options.Socket, console.Key, lines, position) { Domain = console.Domain };
        _followed[console.Key] = (follower, RunAsync(follower, console, cancel));
    }

    private async Task RunAsync(ConsoleFollower follower, FoundConsole console, CancellationToken cancel)
    {
        _ = Interlocked.Increment(ref _running);
        try
        {
            await follower.RunAsync(console.BytesOut, cancel);
        }
        catch (OperatorRefusedException refused)
        {
            // It may have gone meanwhile; or there are more consoles than one user may follow, and then each look would say so of all of them.
            if (refused.Code != OperatorError.UnknownDomain && refused.Message != _lastRefusal)
            {
                _lastRefusal = refused.Message;
                log.ConsoleRefused(console.Domain + console.Key.Suffix, refused.Message);
            }
        }
        catch (IOException)
        {
            // The daemon restarts or is gone: the reader has said so, and the next look finds it.
        }
        catch (OperationCanceledException)
        {
        }
        finally
        {
            _ = Interlocked.Decrement(ref _running);
        }
    }
}

/// <summary>A console as the daemon's instruments show it.</summary>
/// <param name="Key">Which.</param>
/// <param name="Domain">The domain's name.</param>
/// <param name="BytesOut">Of its output so far.</param>
internal sealed record FoundConsole(ConsoleKey Key, string Domain, double BytesOut)
{
    public static IReadOnlyList<FoundConsole> In(IReadOnlyList<InstrumentEntry> instruments)
    {
        Dictionary<string, string> uuids = [];
        foreach (MeasurementEntry guest in Of(instruments, "xcs.guest.info"))
        {
            uuids[guest.Tags["domid"]] = guest.Tags["uuid"];
        }

        return
        [
            .. from console in Of(instruments, "xcs.guest.console")
               where console.Tags["direction"] == "out" && uuids.ContainsKey(console.Tags["domid"])
               let domain = console.Tags["domain"]
               let suffix = console.Tags["console"][domain.Length..]
               select new FoundConsole(new ConsoleKey(console.Tags["domid"], uuids[console.Tags["domid"]], suffix), domain, console.Value),
        ];
    }

    private static IReadOnlyList<MeasurementEntry> Of(IReadOnlyList<InstrumentEntry> instruments, string name)
        => instruments.FirstOrDefault(instrument => instrument.Name == name)?.Measurements ?? [];
}
