using XcsSharp.TestKit;

namespace XcsSharp.Bench.Scenarios;

/// <summary>A guest that prints as fast as its console ring is emptied, and who reads: nobody but the log, a terminal, 1 and 100 viewers.</summary>
internal static class ConsoleScenario
{
    public const string Name = "console";

    private const double MiB = 1024 * 1024;

    private static readonly (string Point, int Viewers, bool Pty, bool Log)[] s_readers =
        [("nobody", 0, false, false), ("log", 0, false, true), ("terminal", 0, true, false), ("1 viewer", 1, false, false), ("100 viewers", 100, false, false)];

    public static async Task RunAsync(BenchRun run)
    {
        foreach ((string point, int viewers, bool pty, bool log) in s_readers)
        {
            await MeasureAsync(run, point, viewers, pty, log);
        }
    }

    private static async Task MeasureAsync(BenchRun run, string point, int viewers, bool pty, bool log)
    {
        await using SimMachine machine = await SimMachine.StartAsync(run.Cancel);
        DaemonPlaces places = new(machine);
        (BenchProgram guest, string[] domids) = await BenchProgram.StartAsync(machine, "consoles", ["1"], run.Cancel);
        List<string> settings = ["--Switching:GuestBytesPerSecond=0", "--Consoles:MaxViewersPerConsole=200"];
        settings.AddRange(pty ? [] : ["--Consoles:PtyDirectory="]);
        settings.AddRange(log ? ["--Consoles:LogFiles=1"] : ["--Consoles:LogDirectory="]);
        await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(places, run.Cancel, settings);
        List<ConsoleSocket> readers = [];
        using PtyTerminal? terminal = pty ? await OpenTerminalAsync(places, run.Cancel) : null;
        try
        {
            for (int i = 0; i < viewers; i++)
            {
                readers.Add(await ConsoleSocket.AttachAsync(places.Console, domids[0], static _ => { }, run.Cancel));
            }

            run.Say($"console output to {point}");
            for (int round = -1; round < run.Rounds; round++)
            {
                TimeSpan before = ProcessFigures.CpuNanoseconds(daemon.Pid);
                IReadOnlyDictionary<string, double> said = await guest.AskAsync($"print {run.Order}", run.Cancel);
                TimeSpan cpu = ProcessFigures.CpuNanoseconds(daemon.Pid) - before;
                if (round >= 0)
                {
                    run.Results.Add(Name, point, "xcsd", "MiB/s", "MiB/s", said["bytes"] / MiB / (said["ns"] / 1e9));
                    run.Results.Add(Name, point, "xcsd", "CPU a MiB", "ms", cpu.TotalMilliseconds / (said["total"] / MiB));
                }
            }
        }
        finally
        {
            foreach (ConsoleSocket reader in readers)
            {
                await reader.DisposeAsync();
            }

            await guest.DisposeAsync();
        }
    }

    private static async Task<PtyTerminal> OpenTerminalAsync(DaemonPlaces places, CancellationToken cancel)
    {
        string name = (await OperatorQuery.ListAsync(places.Console, cancel)).Domains[0].Name;
        return PtyTerminal.Open(Path.Combine(places.PtyDirectory, name), static _ => { });
    }
}
