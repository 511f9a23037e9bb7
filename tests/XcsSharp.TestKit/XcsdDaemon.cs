using Mono.Unix.Native;

namespace XcsSharp.TestKit;

/// <summary>Where one daemon puts its sockets and terminals: below the folder of its machine.</summary>
/// <remarks>A daemon that is started again in the same places finds what the last one left.</remarks>
public sealed class DaemonPlaces(SimMachine machine)
{
    public SimMachine Machine { get; } = machine;

    public string Xcs => Machine["xcs.sock"];

    public string Classic => Machine["xcs_socket"];

    public string Console => Machine["console.sock"];

    public string PtyDirectory => Machine["pty"];

    /// <summary>For the tests that ask for the consoles' own sockets.</summary>
    public string SocketDirectory => Machine["console"];

    public string LogDirectory => Machine["log"];

    public string Notify => Machine["notify.sock"];

    public string SettingsFile => Machine["xcsd.json"];

    /// <summary>The settings that keep the daemon inside this machine's folder.</summary>
    public IEnumerable<string> Arguments()
    {
        if (!File.Exists(SettingsFile))
        {
            File.WriteAllText(SettingsFile, "{}");
        }

        return
        [
            $"--settings={SettingsFile}",
            "--Hypervisor:Backend=sim",
            $"--Hypervisor:SimMachine={Machine.State}",
            $"--Sockets:Xcs={Xcs}",
            $"--Sockets:Classic={Classic}",
            $"--Sockets:Console={Console}",
            $"--Consoles:PtyDirectory={PtyDirectory}",
            $"--Consoles:LogDirectory={LogDirectory}",

            // Tests count the domains that they have made; those of this console ask for it.
            "--Consoles:HypervisorLog=off",

            // Their guests send bytes of every kind and count them; the tests of the filter ask for it.
            "--Consoles:TerminalOutput=raw",
            "--Consoles:LogOutput=raw",
        ];
    }
}

/// <summary>The real <c>xcsd</c>, started as systemd starts a service of <c>Type=notify</c>.</summary>
public sealed class XcsdDaemon : IAsyncDisposable
{
    private XcsdDaemon(DaemonPlaces places, ChildProcess process, NotifySocket notify)
    {
        Places = places;
        Process = process;
        Notify = notify;
    }

    public DaemonPlaces Places { get; }

    public ChildProcess Process { get; }

    /// <summary>What it told systemd.</summary>
    public NotifySocket Notify { get; }

    public int Pid => Process.Id;

    /// <summary>Its log.</summary>
    public string Log => Process.Output.Text + Process.Error.Text;

    /// <summary>Starts it and waits for <c>READY=1</c>.</summary>
    /// <exception cref="InvalidOperationException">It ended instead; the message holds its log.</exception>
    public static async Task<XcsdDaemon> StartAsync(
        DaemonPlaces places, CancellationToken cancel, IEnumerable<string>? settings = null, DaemonLaunch? launch = null)
    {
        launch ??= new DaemonLaunch();
        NotifySocket notify = new(places.Notify, launch.Store);
        Dictionary<string, string> environment = new(launch.Environment) { ["NOTIFY_SOCKET"] = notify.Path };
        string[] giver = [];
        if (launch.Store is { } store)
        {
            (giver, IReadOnlyDictionary<string, string> more) = store.Launch();
            foreach ((string name, string value) in more)
            {
                environment[name] = value;
            }
        }

        string[] command = [.. launch.Prefix, .. giver, launch.Executable ?? Executables.Daemon, .. places.Arguments(), .. settings ?? []];
        ChildProcess process = ChildProcess.Start(
            command[0], command[1..], new() { Name = "xcsd", Environment = environment });
        XcsdDaemon daemon = new(places, process, notify);
        try
        {
            Task ready = notify.Messages.WaitForTextAsync("READY=1\n", cancel);
            if (await Task.WhenAny(ready, process.Exited) != ready)
            {
                int code = await process.WaitAsync(cancel);
                throw new InvalidOperationException($"xcsd ended with {code} instead of getting ready:\n{daemon.Log}");
            }

            await ready;
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs it to its end, for starts that are to fail.</summary>
    public static Task<ChildResult> RunAsync(
        DaemonPlaces places, CancellationToken cancel, IEnumerable<string> settings)
        => ChildProcess.RunAsync(
            Executables.Daemon, [.. places.Arguments(), .. settings], cancel, new() { Name = "xcsd" });

    /// <summary>SIGTERM, as systemd stops it.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> TerminateAsync(CancellationToken cancel)
    {
        Process.Signal(Signum.SIGTERM);
        return Process.WaitAsync(cancel);
    }

    public Task Kill9Async(CancellationToken cancel) => Process.Kill9Async(cancel);

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        await Notify.DisposeAsync();
    }
}

/// <summary>What stands around the daemon's start.</summary>
public sealed record DaemonLaunch
{
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Another file than what is tested; null: that.</summary>
    public string? Executable { get; init; }

    /// <summary>What the service manager keeps for the daemon over its lives; null: nothing.</summary>
    public StoredDescriptors? Store { get; init; }

    /// <summary>A command that becomes the daemon by exec, such as one that opens its sockets.</summary>
    public IReadOnlyList<string> Prefix { get; init; } = [];
}
