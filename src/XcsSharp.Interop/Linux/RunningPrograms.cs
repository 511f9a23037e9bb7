namespace XcsSharp.Interop.Linux;

/// <summary>Who runs, by the kernel's table of processes.</summary>
public static class RunningPrograms
{
    /// <summary>A program of root's that runs. Only root's count, for anybody can give a process a name.</summary>
    /// <param name="name">At most 15 bytes, as the kernel keeps it.</param>
    /// <param name="processes">Where the kernel shows them.</param>
    /// <returns>Its process number, or null.</returns>
    public static string? OfRoot(string name, string processes = "/proc")
    {
        foreach (string directory in Directory.EnumerateDirectories(processes))
        {
            string pid = Path.GetFileName(directory);
            if (char.IsAsciiDigit(pid[0])
                && TryRead(directory + "/comm") is { } command
                && command.AsSpan().TrimEnd('\n').SequenceEqual(name)
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
