namespace XcsSharp.Daemon;

/// <summary>
/// Looks for a running xenconsoled: two daemons on one console ring tear the guest's output apart, byte by byte.
/// </summary>
/// <remarks>
/// By process, not by pid file: under systemd xenconsoled writes none, and the lock it takes on the one that it writes
/// otherwise is gone before it serves (tools/console/daemon: main.c, utils.c). Only root's processes count, for anybody can
/// give a process that name.
/// </remarks>
internal static class OtherConsoleDaemon
{
    private const string Name = "xenconsoled";

    /// <exception cref="StartFailure">One runs.</exception>
    public static void Refuse(string processes = "/proc")
    {
        if (Find(processes) is { } pid)
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                $"{Name} (process {pid}) serves the guests' console rings already",
                $"Change over with 'xcsd-switchover xcsd' (or 'kill {pid}'), or leave console rings to it with --Consoles:Rings=off.");
        }
    }

    /// <summary>The process number of a xenconsoled of root's, or null.</summary>
    public static string? Find(string processes)
    {
        foreach (string directory in Directory.EnumerateDirectories(processes))
        {
            string pid = Path.GetFileName(directory);
            if (char.IsAsciiDigit(pid[0])
                && TryRead(directory + "/comm") is { } command
                && command.AsSpan().TrimEnd('\n').SequenceEqual(Name)
                && TryRead(directory + "/status") is { } status
                && IsAliveAndRoots(status))
            {
                return pid;
            }
        }

        return null;
    }

    private static bool IsAliveAndRoots(string status)
    {
        bool alive = true;
        bool root = false;
        foreach (ReadOnlySpan<char> line in status.AsSpan().EnumerateLines())
        {
            // "State:	Z (zombie)"; "Uid:	real	effective	saved	file system"
            alive &= !line.StartsWith("State:\tZ");
            root |= line.StartsWith("Uid:\t0\t");
        }

        return alive && root;
    }

    /// <summary>Null when the process has ended meanwhile.</summary>
    private static string? TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
