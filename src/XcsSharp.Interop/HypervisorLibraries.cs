using System.Reflection;
using System.Runtime.InteropServices;

using XcsSharp.Interop.Xen;

namespace XcsSharp.Interop;

/// <summary>Whose functions the hypervisor calls reach.</summary>
public enum HypervisorBackend
{
    /// <summary>The distribution's libxen*, on real Xen.</summary>
    Xen,

    /// <summary>libsimxen.so: a simulated Xen that exports the same functions.</summary>
    Sim,
}

/// <summary>
/// Resolves the libxen* names of the P/Invoke declarations. To be decided once, before the first hypervisor call:
/// afterwards the functions are bound.
/// </summary>
public static class HypervisorLibraries
{
    /// <summary>Names the file of libsimxen.so where it is neither beside the executable nor on the loader's path.</summary>
    public const string LibraryVariable = "XCS_SIMXEN_LIBRARY";

    private const string SimulatedLibrary = "libsimxen.so";
    private const string EventChannelDevice = "/dev/xen/evtchn";

    private static readonly string[] s_hypervisorLibraries =
    [
        XenEvtchn.Library, XenForeignMemory.Library, XenGntTab.Library, XenStore.Library, XenCtrlShim.Library,
        SimXen.Library,
    ];

    private static readonly Lock s_lock = new();
    private static HypervisorBackend? s_backend;
    private static nint s_simulated;

    /// <summary>Xen where its event-channel device exists, otherwise the simulation.</summary>
    public static HypervisorBackend Detect()
        => File.Exists(EventChannelDevice) ? HypervisorBackend.Xen : HypervisorBackend.Sim;

    /// <summary>Decides. Saying the same again is harmless.</summary>
    /// <exception cref="InvalidOperationException">Something else was decided before.</exception>
    public static void Use(HypervisorBackend backend)
    {
        // Whoever comes second must find the resolver in place when this returns.
        lock (s_lock)
        {
            if (s_backend is null)
            {
                NativeLibrary.SetDllImportResolver(typeof(HypervisorLibraries).Assembly, Resolve);
                s_backend = backend;
            }
            else if (s_backend != backend)
            {
                throw new InvalidOperationException($"this process uses {s_backend} already");
            }
        }
    }

    /// <summary>Which simulated machine this process belongs to, and as which domain.</summary>
    /// <exception cref="DllNotFoundException">libsimxen.so was not found.</exception>
    /// <exception cref="ErrnoException">The machine cannot be joined.</exception>
    public static void SelectSimulatedMachine(string directory, uint domid)
        => SysResult.From(SimXen.simxen_select(directory, domid)).OrThrow("simxen_select", directory);

    /// <summary>The libraries of real Xen that the loader does not find here.</summary>
    public static IReadOnlyList<string> MissingOfXen()
    {
        List<string> missing = [];
        foreach (string name in s_hypervisorLibraries)
        {
            if (name == SimXen.Library)
            {
                continue;
            }

            if (NativeLibrary.TryLoad(name, typeof(HypervisorLibraries).Assembly, null, out nint library))
            {
                NativeLibrary.Free(library);
            }
            else
            {
                missing.Add(name);
            }
        }

        return missing;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        if (s_backend != HypervisorBackend.Sim || !s_hypervisorLibraries.Contains(name))
        {
            return 0; // the loader's own way
        }

        lock (s_lock)
        {
            return s_simulated != 0 ? s_simulated : s_simulated = LoadSimulation();
        }
    }

    private static nint LoadSimulation()
    {
        string? named = Environment.GetEnvironmentVariable(LibraryVariable);
        if (named is { Length: > 0 })
        {
            return NativeLibrary.Load(named);
        }

        return NativeLibrary.TryLoad(Path.Combine(AppContext.BaseDirectory, SimulatedLibrary), out nint beside)
            ? beside
            : NativeLibrary.Load(SimulatedLibrary);
    }
}
