using System.Diagnostics;

namespace XcsSharp.TestKit;

/// <summary>A file system of a few pages, mounted until it is disposed: for disks that are full.</summary>
public sealed class SmallFileSystem : IDisposable
{
    private const string Filler = "filler";

    private SmallFileSystem(string path)
    {
        Path = path;
    }

    /// <summary>Why a test is skipped.</summary>
    public static string Refused => "mounting a tmpfs is not allowed here (needs root)";

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    /// <summary>Mounts a tmpfs over a directory, which is made.</summary>
    /// <returns>Null when that is not allowed here.</returns>
    public static SmallFileSystem? TryMount(string path, int bytes, bool readOnly = false)
    {
        Directory.CreateDirectory(path);
        string options = $"size={bytes},{(readOnly ? "ro" : "rw")}";
        return Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path) ? new SmallFileSystem(path) : null;
    }

    /// <summary>Takes all the room that is left, until <see cref="Empty"/>.</summary>
    public void Fill()
    {
        using FileStream filler = File.Create(System.IO.Path.Combine(Path, Filler), bufferSize: 1);
        byte[] page = new byte[4096];
        try
        {
            while (true)
            {
                filler.Write(page);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>Gives the room back.</summary>
    public void Empty() => File.Delete(System.IO.Path.Combine(Path, Filler));

    // Lazily: a daemon that is about to end may still have a file open.
    public void Dispose() => _ = Run("umount", "-l", Path);

    private static bool Run(string command, params string[] arguments)
    {
        ProcessStartInfo start = new(command, arguments) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        _ = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
