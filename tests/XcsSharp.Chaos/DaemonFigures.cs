using System.Globalization;

namespace XcsSharp.Chaos;

/// <summary>What the daemon holds, as the kernel counts it.</summary>
/// <param name="Descriptors">Open ones, but for those that the simulated Xen's library keeps to send events by (native-shims/README.md, Fidelity).</param>
/// <param name="Mappings">Of guests' pages.</param>
/// <param name="Ports">Of domain 0 that are bound.</param>
internal sealed record DaemonFigures(int Descriptors, int Mappings, int Ports)
{
    /// <summary>What the descriptors are of, each kind with its number.</summary>
    public string Kinds { get; private init; } = "";

    /// <param name="bed">The daemon's.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task<DaemonFigures> NowAsync(Bed bed, CancellationToken cancel)
    {
        string pages = $"{bed.Machine.State}/";
        string[] descriptors =
        [
            .. Directory.GetFiles($"/proc/{bed.Daemon.Pid}/fd").Select(static path => new FileInfo(path).LinkTarget ?? "closed meanwhile")
                .Where(target => !target.StartsWith($"{pages}evtchn-", StringComparison.Ordinal)),
        ];
        string ports = await bed.CommandAsync(cancel, "ports", "0");
        return new DaemonFigures(
            descriptors.Length,
            File.ReadLines($"/proc/{bed.Daemon.Pid}/maps").Count(line => line.Contains(pages, StringComparison.Ordinal)),
            ports.Split('\n').Count(static line => line.Contains("interdomain", StringComparison.Ordinal)))
        {
            Kinds = string.Join(", ", descriptors.GroupBy(KindOf).OrderBy(static kind => kind.Key, StringComparer.Ordinal).Select(static kind => $"{kind.Key} {kind.Count()}")),
        };
    }

    public bool IsWithin(DaemonFigures other) => Descriptors <= other.Descriptors && Mappings <= other.Mappings && Ports <= other.Ports;

    public override string ToString() => $"{Descriptors} descriptors ({Kinds}), {Mappings} mappings of guests' pages, {Ports} ports";

    /// <summary>Numbers are of one life: <c>socket:[123]</c>, <c>/dev/pts/4</c>.</summary>
    private static string KindOf(string target) => Path.GetFileName(target.Split(':')[0]).TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');

    /// <summary>The most memory that was resident at once, in MiB.</summary>
    public static double PeakMiB(int pid)
    {
        string line = File.ReadLines($"/proc/{pid}/status").First(static line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return double.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
