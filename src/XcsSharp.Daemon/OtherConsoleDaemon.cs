using XcsSharp.Interop.Linux;

namespace XcsSharp.Daemon;

/// <summary>
/// Looks for a running xenconsoled: two daemons on one console ring tear the guest's output apart, byte by byte.
/// </summary>
/// <remarks>
/// By process, not by pid file: under systemd xenconsoled writes none, and the lock it takes on the one that it writes
/// otherwise is gone before it serves (tools/console/daemon: main.c, utils.c).
/// </remarks>
internal static class OtherConsoleDaemon
{
    private const string Name = "xenconsoled";

    /// <exception cref="StartFailure">One runs.</exception>
    public static void Refuse(string processes = "/proc")
    {
        if (RunningPrograms.OfRoot(Name, processes) is { } pid)
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                $"{Name} (process {pid}) serves the guests' console rings already",
                $"Change over with 'xcsd-switchover xcsd' (or 'kill {pid}'), or leave console rings to it with --Consoles:Rings=off.");
        }
    }
}
