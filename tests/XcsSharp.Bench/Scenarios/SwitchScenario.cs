using System.Globalization;

using XcsSharp.TestKit;

namespace XcsSharp.Bench.Scenarios;

/// <summary>
/// Messages from guests to a client and its answers back, through xcsd and both baselines: floods, and one message at a time from each
/// guest.
/// </summary>
internal static class SwitchScenario
{
    public static readonly string[] Subjects = ["xcsd", "classic", "floor"];

    public static async Task RunAsync(BenchRun run)
    {
        foreach (int guests in run.Options.Guests)
        {
            List<Contender> contenders = [];
            try
            {
                foreach (string name in Subjects)
                {
                    contenders.Add(await Contender.StartAsync(name, guests, sessions: 1, run.Cancel));
                }

                foreach (string order in (string[])["flood", "trip"])
                {
                    await MeasureAsync(run, contenders, order, guests.ToString(CultureInfo.InvariantCulture));
                }
            }
            finally
            {
                foreach (Contender contender in contenders)
                {
                    await contender.DisposeAsync();
                }
            }
        }
    }

    private static async Task MeasureAsync(BenchRun run, List<Contender> contenders, string order, string point)
    {
        run.Say($"{order} with {point} guest(s)");
        for (int round = -1; round < run.Rounds; round++)
        {
            foreach (Contender contender in contenders)
            {
                TimeSpan before = ProcessFigures.CpuNanoseconds(contender.Pid);
                IReadOnlyDictionary<string, double> said = await contender.Guests.AskAsync($"{order} {run.Order}", run.Cancel);
                TimeSpan cpu = ProcessFigures.CpuNanoseconds(contender.Pid) - before;
                if (said["left"] > 0)
                {
                    throw new InvalidDataException($"{contender.Name} has left {said["left"]} requests of {order} {point} without an answer");
                }

                // The first round warms up.
                if (round >= 0)
                {
                    Note(run.Results, order, point, contender.Name, said, cpu);
                }
            }
        }
    }

    private static void Note(
        Results results, string order, string point, string subject, IReadOnlyDictionary<string, double> said, TimeSpan cpu)
    {
        results.Add(order, point, subject, "messages/s", "1/s", said["messages"] / said["ns"] * 1e9);
        results.Add(order, point, subject, "CPU a message", "µs", cpu.TotalMicroseconds / said["total"]);
        if (order == "trip")
        {
            results.Add(order, point, subject, "p50", "µs", said["p50"] / 1000);
            results.Add(order, point, subject, "p99", "µs", said["p99"] / 1000);
        }
    }
}
