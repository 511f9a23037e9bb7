using System.Globalization;

using XcsSharp.TestKit;

namespace XcsSharp.Bench.Scenarios;

/// <summary>64 guests that flood, and 1 to 100 sessions that all want everything; one of them answers.</summary>
internal static class FanOutScenario
{
    public const string Name = "fan-out";

    public static async Task RunAsync(BenchRun run)
    {
        Dictionary<int, Contender> contenders = [];
        try
        {
            foreach (int sessions in (int[])[1, 10, 100])
            {
                contenders[sessions] = await Contender.StartAsync("xcsd", guests: 64, sessions, run.Cancel);
            }

            run.Say("fan-out to 1, 10 and 100 subscribers");
            for (int round = -1; round < run.Rounds; round++)
            {
                foreach ((int sessions, Contender contender) in contenders)
                {
                    await MeasureAsync(run, contender, sessions.ToString(CultureInfo.InvariantCulture), isWarmUp: round < 0);
                }
            }
        }
        finally
        {
            foreach (Contender contender in contenders.Values)
            {
                await contender.DisposeAsync();
            }
        }
    }

    private static async Task MeasureAsync(BenchRun run, Contender contender, string point, bool isWarmUp)
    {
        double before = (await contender.Client.AskAsync("", run.Cancel))["records"];
        TimeSpan cpuBefore = ProcessFigures.CpuNanoseconds(contender.Pid);
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        _ = await contender.Guests.AskAsync($"flood {run.Order}", run.Cancel);
        double after = (await contender.Client.AskAsync("", run.Cancel))["records"];
        double seconds = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
        TimeSpan cpu = ProcessFigures.CpuNanoseconds(contender.Pid) - cpuBefore;
        if (!isWarmUp)
        {
            run.Results.Add(Name, point, "xcsd", "records/s", "1/s", (after - before) / seconds);
            run.Results.Add(Name, point, "xcsd", "CPU a record", "µs", cpu.TotalMicroseconds / (after - before));
        }
    }
}
