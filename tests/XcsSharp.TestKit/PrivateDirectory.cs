namespace XcsSharp.TestKit;

/// <summary>
/// A fresh folder that only this user can enter, in shared memory; disposing removes it with all that is in it.
/// </summary>
/// <remarks>The name is short: a Unix socket's path ends at 107 bytes.</remarks>
public sealed class PrivateDirectory : IDisposable
{
    private const string SharedMemory = "/dev/shm";

    public PrivateDirectory(string purpose)
    {
        string parent = Directory.Exists(SharedMemory) ? SharedMemory : System.IO.Path.GetTempPath();
        string name = $"xcs-{purpose}-{Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, 5))}";
        Path = System.IO.Path.Combine(parent, name);
        Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Path { get; }

    /// <summary>The path of <paramref name="name"/> in it.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        // A process that is just ending may still make a file while we walk the tree; the second walk gets it.
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                Directory.Delete(Path, recursive: true);
                return;
            }
            catch (DirectoryNotFoundException)
            {
                return;
            }
            catch (IOException) when (attempt < 3)
            {
            }
        }
    }
}
