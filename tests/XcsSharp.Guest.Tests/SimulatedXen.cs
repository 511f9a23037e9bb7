using System.Globalization;

using XcsSharp.Guest.Tests;
using XcsSharp.Interop;
using XcsSharp.TestKit;

[assembly: AssemblyFixture(typeof(SimulatedXen))]

namespace XcsSharp.Guest.Tests;

/// <summary>
/// One simulated machine for all tests of this assembly, because a process belongs to one. Its domains are the real
/// xcs-guest; this process is its domain 0.
/// </summary>
public sealed class SimulatedXen : IAsyncLifetime
{
    private readonly Lock _identity = new();
    private SimMachine? _machine;
    private PrivateDirectory? _built;
    private string? _unavailable;
    private int _lastDomid;

    private static string GuestProgram => Path.Combine(AppContext.BaseDirectory, "xcs-guest");

    private static string Library => Path.Combine(Executables.Directory, "libsimxen.so");

    public async ValueTask InitializeAsync()
    {
        _unavailable = await BuildIfMissingAsync();
        if (_unavailable is null)
        {
            _machine = await SimMachine.StartAsync(CancellationToken.None);
            Environment.SetEnvironmentVariable(HypervisorLibraries.LibraryVariable, Library);
            HypervisorLibraries.Use(HypervisorBackend.Sim);
            HypervisorLibraries.SelectSimulatedMachine(_machine.State, domid: 0);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_machine is not null)
        {
            await _machine.DisposeAsync();
        }

        _built?.Dispose();
    }

    public void SkipIfUnavailable() => Assert.SkipWhen(_unavailable is not null, _unavailable ?? "");

    /// <summary>A domid that no other test uses.</summary>
    public uint NewDomid() => (uint)Interlocked.Increment(ref _lastDomid);

    /// <summary>Starts xcs-guest as a domain of its own.</summary>
    public ChildProcess StartGuest(uint domid, bool classic, IEnumerable<string> arguments, BytesReceived? output = null)
        => StartDomain(
            domid, classic, [GuestProgram, .. arguments, "--transport", classic ? "classic" : "granted"], output);

    /// <summary>
    /// Starts any command as a domain of its own; XCS-GUEST in it is the program under test, which then ends with the
    /// command.
    /// </summary>
    public ChildProcess StartDomain(uint domid, bool classic, IEnumerable<string> command, BytesReceived? output = null)
    {
        SkipIfUnavailable();
        List<string> arguments = ["run", "--name", $"guest{domid}", "--domid", domid.ToString(CultureInfo.InvariantCulture)];
        if (classic)
        {
            arguments.Add("--classic");
        }

        arguments.Add("--");
        arguments.AddRange(command.Select(word => word.Replace(
            "XCS-GUEST", $"setpriv --pdeathsig KILL {GuestProgram}", StringComparison.Ordinal)));
        Dictionary<string, string> environment = new(_machine!.Environment)
        {
            [HypervisorLibraries.LibraryVariable] = Library,
        };
        return ChildProcess.Start(
            Executables.Simxen,
            arguments,
            new ChildOptions { Name = $"guest {domid}", Environment = environment, OnOutput = output });
    }

    /// <summary>Does something as another domain: what it opens belongs to that domain for good.</summary>
    public T As<T>(uint domid, Func<T> open)
    {
        SkipIfUnavailable();
        lock (_identity)
        {
            HypervisorLibraries.SelectSimulatedMachine(_machine!.State, domid);
            try
            {
                return open();
            }
            finally
            {
                HypervisorLibraries.SelectSimulatedMachine(_machine.State, 0);
            }
        }
    }

    /// <returns>Why there is none, or null.</returns>
    private async Task<string?> BuildIfMissingAsync()
    {
        if (Environment.GetEnvironmentVariable("XCS_BIN") is { Length: > 0 }
            || File.Exists(Path.Combine(Repository.Root, "artifacts", "bin", "simxen")))
        {
            return null;
        }

        if (!File.Exists("/usr/bin/gcc") || !File.Exists("/usr/bin/make"))
        {
            return "simxen is not built and gcc or make is missing: apt-get install gcc make, or run ./build.sh";
        }

        _built = new PrivateDirectory("b");
        ChildResult made = await ChildProcess.RunAsync(
            "make", ["-s", "-C", Path.Combine(Repository.Root, "native-shims"), $"OUT={_built.Path}"], CancellationToken.None);
        Assert.True(made.ExitCode == 0, made.Error);
        Environment.SetEnvironmentVariable("XCS_BIN", _built.Path); // where Executables will look
        return null;
    }
}
