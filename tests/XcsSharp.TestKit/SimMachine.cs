using System.Globalization;

using XcsSharp.Interop;

namespace XcsSharp.TestKit;

/// <summary>
/// One simulated machine: a process that plays hypervisor and xenstore, with a private folder that holds its state. It
/// shares nothing with other machines, so tests run side by side.
/// </summary>
public sealed class SimMachine : IAsyncDisposable
{
    // Which machine and domain new handles belong to is one choice for the whole process.
    private static readonly Lock s_selection = new();

    private readonly PrivateDirectory _directory;
    private readonly ChildProcess _machine;

    private SimMachine(PrivateDirectory directory, ChildProcess machine)
    {
        _directory = directory;
        _machine = machine;
        Environment = new Dictionary<string, string> { ["SIMXEN_MACHINE"] = StatePath(directory) };
    }

    /// <summary>What <c>SIMXEN_MACHINE</c> names.</summary>
    public string State => StatePath(_directory);

    /// <summary>For programs in dom0 of this machine.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>A path beside the machine's state that goes when the machine goes: sockets, logs.</summary>
    public string this[string name] => _directory[name];

    /// <param name="cancel">The running test's token.</param>
    /// <param name="dom0Channel">Whether domain 0 announces a control channel of its own.</param>
    public static async Task<SimMachine> StartAsync(CancellationToken cancel, bool dom0Channel = false)
    {
        PrivateDirectory directory = new("m");
        ChildProcess? machine = null;
        try
        {
            string[] dom0 = dom0Channel ? ["--classic"] : [];
            machine = ChildProcess.Start(
                Executables.Simxen,
                ["machine", StatePath(directory), "--die-with-parent", .. dom0],
                new() { Name = "simxen machine" });
            await machine.Output.WaitForTextAsync("ready", cancel);
            return new SimMachine(directory, machine);
        }
        catch
        {
            if (machine is not null)
            {
                await machine.DisposeAsync();
            }

            directory.Dispose();
            throw;
        }
    }

    /// <summary>Starts a command as a new guest; the guest lives as long as the command.</summary>
    public ChildProcess Run(GuestOptions guest, string file, IEnumerable<string> arguments, BytesReceived? output = null)
    {
        List<string> all = ["run", "--name", guest.Name];
        if (guest.Domid is { } domid)
        {
            all.AddRange(["--domid", domid.ToString(CultureInfo.InvariantCulture)]);
        }

        if (guest.Classic && guest.Announced)
        {
            all.Add("--classic");
        }

        ChildOptions options = new() { Name = $"guest {guest.Name}", Environment = Environment, OnOutput = output };
        return ChildProcess.Start(Executables.Simxen, [.. all, "--", file, .. arguments], options);
    }

    /// <summary>Makes a domain without a program; it lives as long as the process that is returned.</summary>
    /// <param name="guest">Its definition.</param>
    /// <param name="console">Whether it has a console ring.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<(ChildProcess Holder, uint Domid)> CreateAsync(GuestOptions guest, bool console, CancellationToken cancel)
    {
        List<string> arguments = ["create", "--name", guest.Name];
        if (guest.Domid is { } wanted)
        {
            arguments.AddRange(["--domid", wanted.ToString(CultureInfo.InvariantCulture)]);
        }

        if (guest.Classic && guest.Announced)
        {
            arguments.Add("--classic");
        }

        if (console)
        {
            arguments.Add("--console");
        }

        ChildProcess holder = ChildProcess.Start(
            Executables.Simxen, arguments, new() { Name = $"domain {guest.Name}", Environment = Environment });
        try
        {
            await holder.Output.WaitForTextAsync("\n", cancel);
            return (holder, uint.Parse(holder.Output.Text, CultureInfo.InvariantCulture));
        }
        catch (EndOfStreamException refused)
        {
            _ = await holder.WaitAsync(cancel);
            string why = holder.Error.Text.TrimEnd();
            await holder.DisposeAsync();
            throw new EndOfStreamException($"no domain {guest.Name}: {why}", refused);
        }
        catch
        {
            await holder.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes many domains with a console ring each, of four pages, all in one process: <c>NAME1</c>, <c>NAME2</c> and so on.</summary>
    /// <returns>The process that they live as long as, and the first one's number; the others follow it.</returns>
    public async Task<(ChildProcess Holder, uint First)> CreateManyAsync(string name, int count, CancellationToken cancel)
    {
        ChildProcess holder = ChildProcess.Start(
            Executables.Simxen,
            ["create", "--name", name, "--count", count.ToString(CultureInfo.InvariantCulture), "--pages", "4", "--console"],
            new() { Name = $"{count} domains {name}", Environment = Environment });
        try
        {
            await holder.Output.WaitAsync(bytes => bytes.Count((byte)'\n') == count, $"{count} domains", null, cancel);
            return (holder, uint.Parse(holder.Output.Text.Split('\n')[0], CultureInfo.InvariantCulture));
        }
        catch
        {
            // Nobody else knows of them.
            await holder.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens handles in this process that belong to a domain of this machine.</summary>
    public T As<T>(uint domid, Func<T> open)
    {
        lock (s_selection)
        {
            System.Environment.SetEnvironmentVariable(
                HypervisorLibraries.LibraryVariable, Executables.Path("libsimxen.so"));
            HypervisorLibraries.Use(HypervisorBackend.Sim);
            HypervisorLibraries.SelectSimulatedMachine(State, domid);
            return open();
        }
    }

    /// <summary>Runs another command of simxen's (<c>list</c>, <c>store …</c>, <c>fault …</c>) to its end.</summary>
    public Task<ChildResult> CommandAsync(CancellationToken cancel, params string[] arguments)
        => ChildProcess.RunAsync(Executables.Simxen, arguments, cancel, new() { Environment = Environment });

    /// <summary>kill -9 of the machine itself, under the feet of all who use it.</summary>
    public Task Kill9Async(CancellationToken cancel) => _machine.Kill9Async(cancel);

    public async ValueTask DisposeAsync()
    {
        await _machine.DisposeAsync();
        _directory.Dispose();
    }

    private static string StatePath(PrivateDirectory directory) => directory["sim"];
}

/// <summary>A guest as the toolstack would define it.</summary>
/// <param name="Name">Unique on its machine.</param>
/// <param name="Domid">Null: the next free one.</param>
/// <param name="Classic">Whether its control page is the one in shared_info, as in 2005.</param>
/// <param name="Announced">Whether the toolstack tells the daemon of a classic channel; if not, a client has to open it.</param>
public sealed record GuestOptions(string Name, uint? Domid = null, bool Classic = false, bool Announced = true);
