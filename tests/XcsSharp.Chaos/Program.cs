using System.Runtime.InteropServices;

using XcsSharp.Chaos;
using XcsSharp.TestKit;

// All that can go wrong around one daemon goes wrong at once, for as long as is asked for; tests/README.md says what has to hold meanwhile.
// Exit: 0 all of it held; 1 something did not, and standard error says what; 2 wrong use.
if (ChaosOptions.Parse(args, SeededStream.ChooseSeed(), out string problem) is not { } options)
{
    Console.Error.WriteLine($"xcs-chaos: {problem}\n{ChaosOptions.Usage}");
    return 2;
}

using CancellationTokenSource stop = new();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, StopInstead);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, StopInstead);
Console.WriteLine($"chaos: --seed {options.Seed}, {options.Duration.TotalSeconds:0} s");
try
{
    IReadOnlyList<string> failures = await ChaosRun.RunAsync(options, Console.Out, stop.Token);
    foreach (string failure in failures)
    {
        Console.WriteLine($"FAILED {failure}");
    }

    bool passed = failures.Count == 0;
    Console.WriteLine($"{(passed ? 1 : 0)} passed, {(passed ? 0 : 1)} failed, 0 skipped");
    return passed ? 0 : 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
catch (Exception failure) when (failure is not OperationCanceledException)
{
    // Caught, so that processes and folders go.
    Console.WriteLine($"FAILED {failure}\n0 passed, 1 failed, 0 skipped");
    return 1;
}

void StopInstead(PosixSignalContext context)
{
    // Not at once: folders and processes are to go first.
    context.Cancel = true;
    stop.Cancel();
}
