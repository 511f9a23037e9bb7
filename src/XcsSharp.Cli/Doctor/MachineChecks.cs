using XcsSharp.Interop;
using XcsSharp.Interop.Linux;

namespace XcsSharp.Cli.Doctor;

/// <summary>What xcsd needs of the machine: Xen, its devices, its libraries, and nobody else on the guests' consoles.</summary>
/// <param name="root">Where the file system begins: <c>/</c>, unless a test has another.</param>
internal sealed class MachineChecks(string root)
{
    /// <summary>The device and the module that makes it; what xcsd opens of each.</summary>
    private static readonly (string Device, string Module)[] s_devices =
        [("/dev/xen/evtchn", "xen-evtchn"), ("/dev/xen/privcmd", "xen-privcmd"), ("/dev/xen/gntdev", "xen-gntdev")];

    /// <summary>Whether this is a dom0; the other checks of the machine make sense there only.</summary>
    public Finding Xen()
    {
        const string Check = "Xen";
        if (!TryRead("/sys/hypervisor/type", out string type) || type != "xen")
        {
            return new Finding(
                Check, Outcome.Problem, "this kernel does not run on Xen",
                "install xen-system-amd64 and boot its entry of the boot menu; without Xen, try xcsd on a simulated machine (README, simxen)");
        }

        if (!TryRead("/proc/xen/capabilities", out string capabilities))
        {
            return new Finding(
                Check, Outcome.Warning, "whether this is dom0 can not be seen: /proc/xen is not mounted", "mount -t xenfs xenfs /proc/xen");
        }

        return capabilities.Contains("control_d", StringComparison.Ordinal)
            ? new Finding(Check, Outcome.Ok, "this is dom0")
            : new Finding(Check, Outcome.Problem, "this is a guest, and xcsd is for dom0", "run it in dom0; in a guest there is xcs-guest");
    }

    public IEnumerable<Finding> Devices()
    {
        foreach ((string device, string module) in s_devices)
        {
            yield return Device(device, module);
        }
    }

    public static Finding Libraries()
    {
        IReadOnlyList<string> missing = HypervisorLibraries.MissingOfXen();
        return missing.Count == 0
            ? new Finding("libraries", Outcome.Ok, "all of Xen's that xcsd calls are there")
            : new Finding(
                "libraries", Outcome.Problem, $"the loader does not find {string.Join(", ", missing)}",
                "install the package xcsd, which brings libxcs_xenctrl.so and depends on the others");
    }

    public Finding OtherConsoleDaemon()
    {
        const string Name = "xenconsoled";
        return RunningPrograms.OfRoot(Name, Below("/proc")) is { } pid
            ? new Finding(
                Name, Outcome.Problem, $"{Name} (process {pid}) serves the guests' console rings",
                $"xcsd-switchover xcsd ends it and has xcsd serve them; or leave console rings to it with Consoles:Rings=off")
            : new Finding(Name, Outcome.Ok, "does not run");
    }

    private Finding Device(string device, string module)
    {
        string path = Below(device);
        if (!File.Exists(path))
        {
            return new Finding(device, Outcome.Problem, "does not exist", $"modprobe {module}; for the next boot, its name into /etc/modules");
        }

        try
        {
            using FileStream opened = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            return new Finding(device, Outcome.Ok, "can be opened");
        }
        catch (UnauthorizedAccessException)
        {
            return new Finding(device, Outcome.Skipped, "is there; only root may open it", "run xcsctl doctor as root to look at it");
        }
        catch (IOException failure)
        {
            return new Finding(device, Outcome.Problem, $"can not be opened: {failure.Message}", $"rmmod {module} and modprobe {module}, and see dmesg");
        }
    }

    private string Below(string path) => root == "/" ? path : root + path;

    private bool TryRead(string path, out string text)
    {
        try
        {
            text = File.ReadAllText(Below(path)).Trim();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            text = "";
            return false;
        }
    }
}
