using XcsSharp.Daemon.Settings;
using XcsSharp.Interop;

namespace XcsSharp.Daemon;

/// <summary>Decides which hypervisor this process works with. Once a process: libraries are bound to it.</summary>
internal static class HypervisorChoice
{
    private const string MachineVariable = "SIMXEN_MACHINE";

    /// <exception cref="StartFailure">None can be used.</exception>
    public static HypervisorBackend Make(HypervisorSettings settings)
    {
        HypervisorBackend backend = settings.Backend switch
        {
            BackendChoice.Xen => HypervisorBackend.Xen,
            BackendChoice.Sim => HypervisorBackend.Sim,
            _ => HypervisorLibraries.Detect(),
        };
        HypervisorLibraries.Use(backend);
        if (backend == HypervisorBackend.Sim)
        {
            SelectMachine(settings);
        }

        return backend;
    }

    private static void SelectMachine(HypervisorSettings settings)
    {
        string machine = settings.SimMachine.Length > 0
            ? settings.SimMachine
            : Environment.GetEnvironmentVariable(MachineVariable) ?? "";
        if (machine.Length == 0)
        {
            throw settings.Backend == BackendChoice.Sim
                ? new StartFailure(
                    ExitCode.BadSettings,
                    "Hypervisor:Backend is sim, but no simulated machine is named",
                    $"Give its directory with --Hypervisor:SimMachine=DIR or in {MachineVariable}; 'simxen machine DIR' starts one.")
                : new StartFailure(
                    ExitCode.CannotStart,
                    "there is no Xen here: /dev/xen/evtchn does not exist",
                    "In dom0, load the module xen-evtchn. To try xcsd without Xen, start 'simxen machine DIR' and give "
                    + "--Hypervisor:SimMachine=DIR.");
        }

        if (!Directory.Exists(machine))
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                $"the simulated machine {machine} does not exist",
                $"Start it with 'simxen machine {machine}'.");
        }

        try
        {
            HypervisorLibraries.SelectSimulatedMachine(machine, domid: 0);
        }
        catch (DllNotFoundException e)
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                "the library of the simulated Xen, libsimxen.so, was not found",
                "Build it with ./build.sh; it belongs beside xcsd, or name it in XCS_SIMXEN_LIBRARY.",
                e);
        }
    }
}
