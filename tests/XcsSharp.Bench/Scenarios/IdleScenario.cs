using System.Globalization;

using XcsSharp.TestKit;

namespace XcsSharp.Bench.Scenarios;

/// <summary>What the daemon costs when nothing happens: wake-ups, processor time, memory without and with guests.</summary>
internal static class IdleScenario
{
    public const string Name = "idle";

    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(BenchRun run)
    {
        double empty = 0;
        foreach (int guests in (int[])[0, 1000])
        {
            await using SimMachine machine = await SimMachine.StartAsync(run.Cancel);
            BenchProgram? program = null;
            if (guests > 0)
            {
                (program, _) = await BenchProgram.StartAsync(machine, "guests", [$"{guests}", Contender.MessageType], run.Cancel);
            }

            await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(new DaemonPlaces(machine), run.Cancel);
            string point = guests.ToString(CultureInfo.InvariantCulture);
            run.Say($"idle with {point} guests");

            // The start is over when the runtime has settled too: its threads for compiling and collecting sleep by then.
            await Task.Delay(s_settle, run.Cancel);
            await MeasureAsync(run, daemon, point);
            double pss = ProcessFigures.ProportionalKiB(daemon.Pid);
            run.Results.Add(Name, point, "xcsd", "PSS", "KiB", pss);
            if (guests == 0)
            {
                empty = pss;
            }
            else
            {
                run.Results.Add(Name, point, "xcsd", "PSS a guest", "KiB", (pss - empty) / guests);
                await program!.DisposeAsync();
            }
        }
    }

    private static async Task MeasureAsync(BenchRun run, XcsdDaemon daemon, string point)
    {
        long before = Sleeps(daemon.Pid);
        TimeSpan cpu = ProcessFigures.CpuNanoseconds(daemon.Pid);
        await Task.Delay(TimeSpan.FromSeconds(run.Quick ? 5 : 10), run.Cancel);
        run.Results.Add(Name, point, "xcsd", "wake-ups", "", Sleeps(daemon.Pid) - before);
        run.Results.Add(Name, point, "xcsd", "CPU", "µs", (ProcessFigures.CpuNanoseconds(daemon.Pid) - cpu).TotalMicroseconds);
    }

    private static long Sleeps(int pid) => ProcessFigures.Sleeps(pid).Values.Sum(static thread => thread.Sleeps);
}
