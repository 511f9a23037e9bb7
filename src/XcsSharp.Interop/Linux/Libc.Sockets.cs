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

/// <summary>struct iovec (bits/types/struct_iovec.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct iovec
{
    public byte* iov_base;
    public nuint iov_len;
}

/// <summary>struct msghdr (bits/socket.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct msghdr
{
    public void* msg_name;
    public uint msg_namelen;
    public iovec* msg_iov;
    public nuint msg_iovlen;
    public void* msg_control;
    public nuint msg_controllen;
    public int msg_flags;
}

/// <summary>struct cmsghdr (bits/socket.h), before what it carries.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct cmsghdr
{
    public nuint cmsg_len;
    public int cmsg_level;
    public int cmsg_type;
}

internal static partial class Libc
{
    internal const int AF_UNIX = 1;
    internal const int SOCK_STREAM = 1;
    internal const int SOCK_DGRAM = 2;
    internal const int SOCK_NONBLOCK = O_NONBLOCK;
    internal const int SOCK_CLOEXEC = O_CLOEXEC;
    internal const int SOL_SOCKET = 1;
    internal const int SO_PEERCRED = 17;
    internal const int SCM_RIGHTS = 1;
    internal const int SO_ACCEPTCONN = 30;

    /// <summary>Since Linux 4.13: all groups of the peer's process (asm-generic/socket.h).</summary>
    internal const int SO_PEERGROUPS = 59;
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
    internal static unsafe partial nint sendto(SafeFileHandle fd, byte* buffer, nuint count, int flags, byte* address, uint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial nint sendmsg(SafeFileHandle fd, msghdr* message, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int getsockopt(SafeFileHandle fd, int level, int name, void* value, uint* length);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int socketpair(int family, int type, int protocol, int* pair);
}
