using System.Runtime.InteropServices;

using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Interop.Linux;

/// <summary>struct ucred (sys/socket.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ucred
{
    public int pid;
    public uint uid;
    public uint gid;
}

internal static partial class Libc
{
    internal const int AF_UNIX = 1;
    internal const int SOCK_STREAM = 1;
    internal const int SOCK_NONBLOCK = O_NONBLOCK;
    internal const int SOCK_CLOEXEC = O_CLOEXEC;
    internal const int SOL_SOCKET = 1;
    internal const int SO_PEERCRED = 17;
    internal const int MSG_NOSIGNAL = 0x4000;

    /// <summary>sun_path's bytes, with its terminating zero (sys/un.h).</summary>
    internal const int MaxUnixPath = 108;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int socket(int family, int type, int protocol);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int bind(SafeFileHandle fd, byte* address, uint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int connect(SafeFileHandle fd, byte* address, uint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int listen(SafeFileHandle fd, int backlog);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int accept4(SafeFileHandle fd, byte* address, uint* length, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial nint send(SafeFileHandle fd, byte* buffer, nuint count, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int getsockopt(SafeFileHandle fd, int level, int name, void* value, uint* length);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int socketpair(int family, int type, int protocol, int* pair);
}
