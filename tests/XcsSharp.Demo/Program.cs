using System.Globalization;
using System.Runtime.InteropServices;

using XcsSharp.Demo;
using XcsSharp.TestKit;

// The main job on a simulated Xen, for people (on a terminal) and for machines (--check).
// Exit: 0 all is well, 1 something was lost or failed, 2 wrong use.
bool check = false;
bool hold = false;
bool help = false;
string? picture = null;
int bytes = ConsoleCheck.OutputBytes;
ulong? seed = null;
for (int i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--check":
            check = true;
            break;
        case "--seed" when i + 1 < args.Length && ulong.TryParse(args[i + 1], CultureInfo.InvariantCulture, out ulong value):
            seed = value;
            i++;
            break;
        case "--hold":
            hold = true;
            break;
        case "--bytes" when i + 1 < args.Length && int.TryParse(args[i + 1], CultureInfo.InvariantCulture, out int count) && count > 0:
            bytes = count;
            i++;
            break;
        case "--picture" when i + 1 < args.Length:
            picture = args[i + 1];
            i++;
            break;
        case "-h" or "--help":
            help = true;
            break;
        default:
            Console.Error.WriteLine($"xcs-demo: '{args[i]}' is not understood here. Use: xcs-demo [--check [--seed N] [--bytes N] [--hold]] or xcs-demo --picture FILE");
            return 2;
    }
}

if (help)
{
    Console.WriteLine(
        """
        usage: xcs-demo           on a terminal: three guests, and a console to look at
               xcs-demo --check   by itself: every byte of three guests must reach three kinds of reader
                 --seed N         the bytes of an earlier run
                 --bytes N        so many from each guest (1 MiB)
                 --hold           waits for Enter before the bytes and behind them, so that other programs can look on
               xcs-demo --picture FILE   plays the demo on a screen of tmux's and draws it, for README.md
        """);
    return 0;
}

if (!check && picture is null && (Console.IsInputRedirected || Console.IsOutputRedirected))
{
    Console.Error.WriteLine("xcs-demo: the demo wants a terminal for input and output. Without one, use --check.");
    return 2;
}

using CancellationTokenSource stop = new();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, StopInstead);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, StopInstead);
using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, StopInstead);
try
{
    if (picture is not null)
    {
        await File.WriteAllTextAsync(picture, await DemoPicture.RecordAsync(stop.Token), stop.Token);
        return 0;
    }

    if (check)
    {
        ulong chosen = seed ?? SeededStream.ChooseSeed();
        bool complete = await ConsoleCheck.RunAsync(chosen, bytes, hold ? Console.In : null, Console.Out, stop.Token);
        if (complete)
        {
            await FloodFigures.RunAsync(Console.Out, stop.Token);
        }

        return complete ? 0 : 1;
    }

    return await Tour.RunAsync(stop.Token);
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
catch (Exception failure)
{
    Console.Error.WriteLine($"xcs-demo: {failure.Message}");
    return 1;
}

void StopInstead(PosixSignalContext context)
{
    // Not at once: sockets, folders and processes are to go first.
    context.Cancel = true;
    stop.Cancel();
}
