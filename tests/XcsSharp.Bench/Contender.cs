using XcsSharp.TestKit;

namespace XcsSharp.Bench;

/// <summary>
/// One switch with a machine of its own, its guests and its client. All contenders of a scenario are there at once and idle in turn, so
/// that rounds can be interleaved.
/// </summary>
internal sealed class Contender : IAsyncDisposable
{
    /// <summary>A type of message that no part of the daemon answers by itself.</summary>
    public const string MessageType = "5";

    private readonly SimMachine _machine;
    private readonly List<IAsyncDisposable> _owned = [];

    private Contender(string name, SimMachine machine)
    {
        Name = name;
        _machine = machine;
    }

    /// <summary><c>xcsd</c>, <c>classic</c> or <c>floor</c>.</summary>
    public string Name { get; }

    public SimMachine Machine => _machine;

    /// <summary>Of the switch.</summary>
    public int Pid { get; private set; }

    public BenchProgram Guests { get; private set; } = null!;

    public BenchProgram Client { get; private set; } = null!;

    /// <summary>Without a limit on what a guest may send: a flood is to meet the switch, not its rule.</summary>
    public static async Task<Contender> StartAsync(string name, int guests, int sessions, CancellationToken cancel)
    {
        Contender contender = new(name, await SimMachine.StartAsync(cancel));
        try
        {
            (contender.Guests, string[] domids) = await BenchProgram.StartAsync(
                contender._machine, "guests", [$"{guests}", MessageType], cancel);
            contender._owned.Add(contender.Guests);
            string socket = await contender.StartSwitchAsync(["--Switching:GuestBytesPerSecond=0"], cancel);
            (contender.Client, _) = await BenchProgram.StartAsync(
                contender._machine, "client", [socket, MessageType, $"{sessions}", domids[0], domids[1]], cancel);
            contender._owned.Add(contender.Client);
            return contender;
        }
        catch
        {
            await contender.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable owned in Enumerable.Reverse(_owned))
        {
            await owned.DisposeAsync();
        }

        await _machine.DisposeAsync();
    }

    private async Task<string> StartSwitchAsync(string[] settings, CancellationToken cancel)
    {
        DaemonPlaces places = new(_machine);
        if (Name == "xcsd")
        {
            XcsdDaemon daemon = await XcsdDaemon.StartAsync(places, cancel, settings);
            _owned.Add(daemon);
            Pid = daemon.Pid;
        }
        else
        {
            (BenchProgram program, _) = await BenchProgram.StartAsync(_machine, Name, [places.Xcs], cancel);
            _owned.Add(program);
            Pid = program.Pid;
        }

        return places.Xcs;
    }
}
