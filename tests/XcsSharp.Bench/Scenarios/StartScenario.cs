using System.Diagnostics;
using System.Globalization;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Bench.Scenarios;

/// <summary>From exec to READY=1 with guests that are there already: at that word every channel is served again.</summary>
internal static class StartScenario
{
    public const string Name = "start";

    public static async Task RunAsync(BenchRun run)
    {
        foreach (int guests in (int[])[0, 1, 100, 1000])
        {
            await using SimMachine machine = await SimMachine.StartAsync(run.Cancel);
            BenchProgram? program = null;
            if (guests > 0)
            {
                (program, _) = await BenchProgram.StartAsync(machine, "guests", [$"{guests}", Contender.MessageType], run.Cancel);
            }

            string point = guests.ToString(CultureInfo.InvariantCulture);
            run.Say($"start with {point} guest(s)");
            for (int round = -1; round < run.Rounds; round++)
            {
                long start = Stopwatch.GetTimestamp();
                await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(new DaemonPlaces(machine), run.Cancel);
                double ms = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                DomainList list = await OperatorQuery.ListAsync(daemon.Places.Console, run.Cancel);
                int attached = list.Domains.Count(static domain => domain.State == "connected");
                if (attached != guests)
                {
                    throw new InvalidDataException($"xcsd said that it is ready when it had {attached} of {guests} channels");
                }

                if (round >= 0)
                {
                    run.Results.Add(Name, point, "xcsd", "exec to ready", "ms", ms);
                }

                await daemon.Kill9Async(run.Cancel);
            }

            if (program is not null)
            {
                await program.DisposeAsync();
            }
        }
    }
}
