using System.Globalization;
using System.Runtime.InteropServices;

using XcsSharp.Bench;
using XcsSharp.Bench.Report;
using XcsSharp.Bench.Scenarios;

// Every figure beside its baseline in the same run, in interleaved rounds. Exit: 0; 1 a figure of --check missed its bar, or something failed; 2 wrong use.
(string Name, Func<BenchRun, Task> RunAsync)[] scenarios =
[
    ("switch", SwitchScenario.RunAsync), ("fan-out", FanOutScenario.RunAsync), ("quiet", QuietGuestScenario.RunAsync),
    ("idle", IdleScenario.RunAsync), ("start", StartScenario.RunAsync), ("console", ConsoleScenario.RunAsync),
];
BenchOptions? options = BenchOptions.Parse(args, [.. scenarios.Select(static scenario => scenario.Name)], out string problem);
if (options is null)
{
    Console.Error.WriteLine($"xcs-bench: {problem}");
    Console.Error.WriteLine(
        "usage: xcs-bench [--quick] [--check] [--guests N,N...] [--order MS] [--out DIR] [SCENARIO]...; scenarios: "
        + string.Join(' ', scenarios.Select(static scenario => scenario.Name)));
    return 2;
}

using CancellationTokenSource stop = new();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, StopInstead);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, StopInstead);
BenchRun run = new(options, new Results(), Console.Error, stop.Token);
try
{
    foreach ((string name, Func<BenchRun, Task> runAsync) in scenarios)
    {
        if (options.Scenarios.Count == 0 || options.Scenarios.Contains(name))
        {
            await runAsync(run);
        }
    }
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
catch (Exception failure) when (failure is InvalidDataException or InvalidOperationException or TimeoutException or IOException)
{
    Console.Error.WriteLine($"xcs-bench: {failure.Message}");
    return 1;
}

IReadOnlyList<Target> targets = Targets.Of(run.Results);
TextReport.Write(run.Results, targets, Console.Out);
string folder = Directory.CreateDirectory(options.Folder).FullName;
JsonReport.Write(run.Results, targets, Path.Combine(folder, "bench.json"));
Plot.Write(run.Results, "flood", "messages/s", "Messages a second through the switch", Path.Combine(folder, "bench-throughput.svg"));
Plot.Write(run.Results, "trip", "p99", "Round trip, p99 in µs", Path.Combine(folder, "bench-p99.svg"));
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\nAll values: {folder}/bench.json; plots: {folder}/bench-*.svg"));
return options.Check && targets.Any(static target => target.IsMet == false) ? 1 : 0;

void StopInstead(PosixSignalContext context)
{
    // Not at once: folders and processes are to go first.
    context.Cancel = true;
    stop.Cancel();
}
