using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop;
using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>
/// The right to a socket's path: a lock on the file <c>PATH.lock</c>. It ends with the process, however that ends, and the
/// file is removed when it is given up.
/// </summary>
internal sealed class PathLock : IDisposable
{
    private const uint OwnerOnly = 0x180; // 0600

    private readonly SafeFileHandle _file;

    private PathLock(string path, SafeFileHandle file)
    {
        Path = path;
        _file = file;
    }

    /// <summary>What the lock is for.</summary>
    public string Path { get; }

    /// <exception cref="SocketInUseException">Another process, or another listener of this one, has it.</exception>
    /// <exception cref="XcsSharp.Interop.ErrnoException">The lock's file can not be made.</exception>
    public static PathLock Take(string path)
    {
        while (true)
        {
            SafeFileHandle file = Sys.Open(LockPath(path), Libc.O_RDWR | Libc.O_CREAT | Libc.O_NOFOLLOW, OwnerOnly);
            statx status = Sys.Status(file);
            if ((status.stx_mode & Libc.FileTypeMask) != Libc.FileTypeRegular || status.stx_nlink > 1)
            {
                // Somebody's pipe, or another name of somebody's file: it would be removed with the lock.
                file.Dispose();
                throw new ErrnoException("lock", Errno.EEXIST, LockPath(path));
            }

            if (!Sys.TryLock(file, LockPath(path)))
            {
                file.Dispose();
                throw new SocketInUseException(path);
            }

            // Between our open and our lock its holder may have removed the file: then this is a lock on nothing, and
            // the next one to come would make, and lock, a new file.
            if (Sys.Status(file).stx_nlink > 0)
            {
                return new PathLock(path, file);
            }

            file.Dispose();
        }
    }

    /// <summary>A lock that another process of ours has taken, by its open file.</summary>
    public static PathLock Adopt(string path, SafeFileHandle file) => new(path, file);

    /// <summary>Leaves the lock to who has its file open from here on.</summary>
    public SafeFileHandle Detach() => _file;

    public void Dispose()
    {
        // Removed while the lock is still held, see Take.
        _ = Sys.Unlink(LockPath(Path));
        _file.Dispose();
    }

    private static string LockPath(string path) => path + ".lock";
}
