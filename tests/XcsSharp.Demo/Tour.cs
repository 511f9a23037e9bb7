using Microsoft.Win32.SafeHandles;

using XcsSharp.TestKit;

namespace XcsSharp.Demo;

/// <summary>The demo for people: a daemon, three guests, the real <c>xcsctl</c> on this terminal.</summary>
internal sealed class Tour
{
    private static readonly GuestOptions[] s_guests =
        [new("web"), new("db"), new("legacy", Classic: true)];

    private readonly XcsdDaemon _daemon;
    private readonly TextWriter _terminal;
    private readonly StreamReader _keyboard;

    private Tour(XcsdDaemon daemon, TextWriter terminal, StreamReader keyboard)
    {
        _daemon = daemon;
        _terminal = terminal;
        _keyboard = keyboard;
    }

    public static async Task<int> RunAsync(CancellationToken cancel)
    {
        // Not Console.In and Console.Out: they would change the terminal's settings, which xcsctl is to do.
        await using StreamWriter terminal = new(Console.OpenStandardOutput()) { AutoFlush = true };
        using SafeFileHandle input = new(0, ownsHandle: false);
        using StreamReader keyboard = new(new FileStream(input, FileAccess.Read, bufferSize: 0));

        await terminal.WriteLineAsync("Starting a simulated machine, the daemon and three guests...");
        await using SimMachine machine = await SimMachine.StartAsync(cancel);
        DaemonPlaces places = new(machine);
        await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(places, cancel);
        List<GuestShell> shells = [];
        try
        {
            foreach (GuestOptions guest in s_guests)
            {
                shells.Add(GuestShell.Start(machine, guest));
                await OperatorQuery.WaitForConnectedAsync(places.Console, guest.Name, cancel);
            }

            return await new Tour(daemon, terminal, keyboard).LookAroundAsync(cancel);
        }
        finally
        {
            foreach (GuestShell shell in shells)
            {
                await shell.DisposeAsync();
            }

            await terminal.WriteLineAsync("All of it is gone again.");
        }
    }

    private async Task<int> LookAroundAsync(CancellationToken cancel)
    {
        await _terminal.WriteLineAsync(
            $"Another terminal can join in: {Executables.Cli} --socket {_daemon.Places.Console} list");
        await ListAsync(cancel);
        string next = "web";
        while (true)
        {
            await AttachAsync(next, cancel);
            string? choice = await ChooseAsync(cancel);
            if (choice is null)
            {
                return 0;
            }

            next = choice;
        }
    }

    /// <returns>The guest to look at next, or null to end.</returns>
    private async Task<string?> ChooseAsync(CancellationToken cancel)
    {
        string names = string.Join(", ", s_guests.Select(guest => guest.Name));
        while (true)
        {
            await _terminal.WriteAsync($"\nWhich console now? {names}; list; quit: ");
            string? answer = await Task.Run(_keyboard.ReadLine, cancel).WaitAsync(cancel);
            switch (answer?.Trim())
            {
                case null or "quit" or "q":
                    return null;
                case "list" or "l":
                    await ListAsync(cancel);
                    break;
                case { } name when s_guests.Any(guest => guest.Name == name):
                    return name;
                default:
                    await _terminal.WriteLineAsync("That is none of them.");
                    break;
            }
        }
    }

    private async Task ListAsync(CancellationToken cancel)
    {
        await _terminal.WriteLineAsync("\n$ xcsctl list");
        await XcsctlAsync(cancel, "list");
    }

    private async Task AttachAsync(string name, CancellationToken cancel)
    {
        await _terminal.WriteLineAsync(
            $"\n$ xcsctl console {name}\n(Type help and Enter there. To leave the console, press Ctrl and ], then a dot.)\n");
        int code = await XcsctlAsync(cancel, "console", name);
        if (code != 0)
        {
            await _terminal.WriteLineAsync($"(xcsctl ended with {code})");
        }
    }

    private Task<int> XcsctlAsync(CancellationToken cancel, params string[] arguments)
        => ChildProcess.RunOnTerminalAsync(
            Executables.Cli, ["--socket", _daemon.Places.Console, .. arguments], cancel);
}
