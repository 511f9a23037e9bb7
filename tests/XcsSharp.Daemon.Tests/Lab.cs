using System.Globalization;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// One machine with one daemon, for one test. What the test takes with <see cref="Own{T}"/> goes before the daemon does,
/// the last taken first. The daemon's log becomes part of the test's output.
/// </summary>
internal sealed class Lab : IAsyncDisposable
{
    private readonly Stack<object> _owned = new();
    private readonly string[] _settings;

    private Lab(SimMachine machine, string[] settings)
    {
        Machine = machine;
        Places = new DaemonPlaces(machine);
        _settings = settings;
    }

    /// <summary>The running test's token.</summary>
    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public SimMachine Machine { get; }

    public DaemonPlaces Places { get; }

    public XcsdDaemon Daemon { get; private set; } = null!;

    /// <summary>What stands around each start of the daemon.</summary>
    public DaemonLaunch Launch { get; private init; } = new();

    public static async Task<Lab> StartAsync(params string[] settings)
        => await StartAsync(await SimMachine.StartAsync(Cancel), settings);

    /// <summary>With a service manager that keeps descriptors, and says of a daemon that it ends whether another follows.</summary>
    public static async Task<Lab> StartKeptAsync(PlayedSystemd manager, params string[] settings)
        => await StartAsync(await SimMachine.StartAsync(Cancel), settings, manager.Launch);

    /// <param name="machine">Owned by the lab from here on.</param>
    /// <param name="settings">The daemon's.</param>
    public static Task<Lab> StartAsync(SimMachine machine, params string[] settings) => StartAsync(machine, settings, new DaemonLaunch());

    public static async Task<Lab> StartAsync(SimMachine machine, string[] settings, DaemonLaunch launch)
    {
        Lab lab = new(machine, settings) { Launch = launch };
        try
        {
            lab.Daemon = await XcsdDaemon.StartAsync(lab.Places, Cancel, settings, launch);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>A stream of a new seed, or of <c>XCS_SEED</c>; the seed is printed.</summary>
    public static SeededStream Seeded(string purpose)
    {
        ulong seed = SeededStream.ChooseSeed();
        Print($"{purpose}: XCS_SEED={seed}");
        return new SeededStream(seed).Fork(purpose);
    }

    /// <summary>How often a test is to do what it does: a few times in the suite, many when it is asked for.</summary>
    /// <param name="variable">Of the environment, that asks for it.</param>
    /// <param name="standard">Otherwise.</param>
    public static int Times(string variable, int standard)
        => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int times) ? times : standard;

    public static void Print(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);

    public T Own<T>(T resource)
        where T : class
    {
        _owned.Push(resource);
        return resource;
    }

    /// <summary>Another daemon in the place of the one that has ended.</summary>
    /// <param name="printLog">Whether the log of that one becomes part of the test's output.</param>
    public async Task RestartAsync(bool printLog = true)
    {
        if (printLog)
        {
            Print($"--- log of the daemon that ended:\n{Daemon.Log}");
        }

        await Daemon.DisposeAsync();
        Daemon = await XcsdDaemon.StartAsync(Places, Cancel, _settings, Launch);
    }

    /// <summary>A guest with <c>xcs-guest console</c>, connected.</summary>
    public async Task<(GuestProgram Guest, uint Domid)> ConsoleGuestAsync(
        string name, bool classic = false, BytesReceived? input = null)
    {
        GuestProgram guest = Own(GuestProgram.StartConsole(Machine, new GuestOptions(name, Classic: classic), input));
        return (guest, (await ConnectedAsync(name)).Domid);
    }

    public Task<DomainEntry> ConnectedAsync(string name)
        => OperatorQuery.WaitForConnectedAsync(Places.Console, name, Cancel);

    public Task<DomainList> ListAsync() => OperatorQuery.ListAsync(Places.Console, Cancel);

    public Task<DaemonStatus> StatusAsync() => OperatorQuery.StatusAsync(Places.Console, Cancel);

    public string PtyOf(string name) => Path.Combine(Places.PtyDirectory, name);

    public PtyTerminal OpenPty(string name, BytesReceived? output) => Own(PtyTerminal.Open(PtyOf(name), output));

    public async Task<ConsoleSocket> AttachAsync(string domain, BytesReceived output)
        => Own(await ConsoleSocket.AttachAsync(Places.Console, domain, output, Cancel));

    public async Task<RecordSubscriber> SubscribeAsync(int? receiveBuffer = null)
    {
        RecordSubscriber subscriber = Own(await RecordSubscriber.ConnectAsync(Places.Xcs, Cancel, receiveBuffer));
        await subscriber.BindAsync(Cancel);
        return subscriber;
    }

    public async ValueTask DisposeAsync()
    {
        while (_owned.TryPop(out object? resource))
        {
            switch (resource)
            {
                case IAsyncDisposable asynchronous:
                    await asynchronous.DisposeAsync();
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }
        }

        if (Daemon is not null)
        {
            await Daemon.DisposeAsync();
            Print($"--- log of the daemon:\n{Daemon.Log}");
        }

        await Machine.DisposeAsync();
    }
}
