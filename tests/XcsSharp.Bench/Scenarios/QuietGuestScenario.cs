using XcsSharp.TestKit;

namespace XcsSharp.Bench.Scenarios;

/// <summary>One guest that has one request outstanding, alone and beside another one that floods; the limits are the daemon's own.</summary>
internal static class QuietGuestScenario
{
    public const string Name = "quiet guest";

    private const string QuietType = "6";

    public static async Task RunAsync(BenchRun run)
    {
        await using SimMachine machine = await SimMachine.StartAsync(run.Cancel);
        DaemonPlaces places = new(machine);
        (BenchProgram quiet, string[] quietId) = await BenchProgram.StartAsync(machine, "guests", ["1", QuietType], run.Cancel);
        (BenchProgram loud, string[] loudId) = await BenchProgram.StartAsync(machine, "guests", ["1", Contender.MessageType], run.Cancel);
        await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(places, run.Cancel);

        // A client each: what the flood's has to do is not to be the quiet one's wait.
        (BenchProgram forQuiet, _) = await BenchProgram.StartAsync(machine, "client", [places.Xcs, QuietType, "1", .. quietId], run.Cancel);
        (BenchProgram forLoud, _) = await BenchProgram.StartAsync(
            machine, "client", [places.Xcs, Contender.MessageType, "1", .. loudId], run.Cancel);
        await using (quiet)
        await using (loud)
        await using (forQuiet)
        await using (forLoud)
        {
            run.Say("a quiet guest alone and beside a flood");
            for (int round = -1; round < run.Rounds; round++)
            {
                IReadOnlyDictionary<string, double> alone = await quiet.AskAsync($"trip {run.Order}", run.Cancel);
                await loud.BeginAsync($"flood {run.Order * 2}", run.Cancel);
                IReadOnlyDictionary<string, double> beside = await quiet.AskAsync($"trip {run.Order}", run.Cancel);
                _ = await loud.EndAsync(run.Cancel);
                if (round >= 0)
                {
                    Note(run.Results, "alone", alone);
                    Note(run.Results, "beside a flood", beside);
                }
            }
        }
    }

    private static void Note(Results results, string point, IReadOnlyDictionary<string, double> said)
    {
        results.Add(Name, point, "xcsd", "p50", "µs", said["p50"] / 1000);
        results.Add(Name, point, "xcsd", "p99", "µs", said["p99"] / 1000);
    }
}
