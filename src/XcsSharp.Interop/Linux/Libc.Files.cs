using System.Runtime.InteropServices;

using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Interop.Linux;

/// <summary>struct statx (linux/stat.h), of 256 bytes: the same on every architecture, unlike struct stat.</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
internal struct statx
{
    public uint stx_mask;
    public uint stx_blksize;
    public ulong stx_attributes;
    public uint stx_nlink;
    public uint stx_uid;
    public uint stx_gid;
    public ushort stx_mode;
    public ulong stx_ino;
    public ulong stx_size;
}

/// <summary>
/// libc, by its own names. Prototypes only, and values of x86-64 Linux (a test compares them with C's).
/// <see cref="Sys"/> turns the results into values.
/// </summary>
internal static partial class Libc
{
    internal const string Library = "libc";

    internal const int O_RDONLY = 0;
    internal const int O_WRONLY = 1;
    internal const int O_RDWR = 2;
    internal const int O_CREAT = 0x40;
    internal const int O_EXCL = 0x80;
    internal const int O_NOCTTY = 0x100;
    internal const int O_NOFOLLOW = 0x20000;
    internal const int O_APPEND = 0x400;
    internal const int O_NONBLOCK = 0x800;
    internal const int O_CLOEXEC = 0x80000;

    internal const int F_GETFL = 3;
    internal const int F_SETFL = 4;
    internal const int F_SETFD = 2;
    internal const int FD_CLOEXEC = 1;

    internal const int AT_FDCWD = -100;
    internal const int AT_SYMLINK_NOFOLLOW = 0x100;
    internal const int AT_EMPTY_PATH = 0x1000;
    internal const uint STATX_BASIC_STATS = 0x7ff;
    internal const ushort FileTypeMask = 0xf000; // S_IFMT
    internal const ushort FileTypeSocket = 0xc000; // S_IFSOCK
    internal const ushort FileTypeCharacter = 0x2000; // S_IFCHR
    internal const ushort FileTypeRegular = 0x8000; // S_IFREG

    internal const int W_OK = 2;
    internal const int X_OK = 1;

    internal const int PRIO_PROCESS = 0;

    internal const int LOCK_EX = 2;
    internal const int LOCK_NB = 4;

    internal const uint MFD_CLOEXEC = 1;

    internal const int PROT_READ = 1;
    internal const int PROT_WRITE = 2;
    internal const int MAP_SHARED = 1;
    internal const int MAP_POPULATE = 0x8000;

    internal const int EFD_NONBLOCK = O_NONBLOCK;
    internal const int EFD_CLOEXEC = O_CLOEXEC;

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial nint read(SafeFileHandle fd, byte* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial nint write(SafeFileHandle fd, byte* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fcntl(SafeFileHandle fd, int command, nint argument);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int dup2(SafeFileHandle fd, int number);

    [LibraryImport(Library)]
    internal static partial uint geteuid();

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setsid();

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setpriority(int which, uint who, int priority);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int flock(SafeFileHandle fd, int operation);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial nint getrandom(void* buffer, nuint count, uint flags);

    /// <returns>The error's number itself, and not through errno.</returns>
    [LibraryImport(Library)]
    internal static partial int posix_fallocate(SafeFileHandle fd, long offset, long length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint mmap(nint address, nuint length, int protection, int flags, SafeFileHandle fd, long offset);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int munmap(nint address, nuint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int eventfd(uint initial, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int pipe2(int* ends, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int memfd_create(string name, uint flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static unsafe partial int execve(string path, byte** arguments, byte** environment);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int unlink(string path);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int symlink(string target, string path);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rename(string from, string to);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int access(string path, int mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int fchmodat(int directory, string path, uint mode, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int lchown(string path, uint user, uint group);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fchmod(SafeFileHandle fd, uint mode);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static unsafe partial int statx_path(int directory, string path, int flags, uint mask, statx* status);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static unsafe partial int statx_fd(SafeFileHandle fd, string path, int flags, uint mask, statx* status);
}
