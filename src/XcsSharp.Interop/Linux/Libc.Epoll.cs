using System.Runtime.InteropServices;

using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Interop.Linux;

/// <summary>struct epoll_event: packed on x86-64 only, so that 32-bit programs see the same layout (sys/epoll.h).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct epoll_event
{
    public uint events;
    public ulong data;
}

internal static partial class Libc
{
    internal const int EPOLL_CLOEXEC = O_CLOEXEC;
    internal const int EPOLL_CTL_ADD = 1;
    internal const int EPOLL_CTL_DEL = 2;
    internal const int EPOLL_CTL_MOD = 3;

    internal const uint EPOLLIN = 1;
    internal const uint EPOLLOUT = 4;
    internal const uint EPOLLERR = 8;
    internal const uint EPOLLHUP = 0x10;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int epoll_create1(int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int epoll_ctl(
        SafeFileHandle epoll, int operation, SafeFileHandle fd, epoll_event* change);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int epoll_wait(SafeFileHandle epoll, epoll_event* events, int max, int timeoutMs);
}
