using System.Runtime.InteropServices;

namespace XcsSharp.Interop.Linux;

/// <summary>struct pollfd (poll.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct pollfd
{
    public int fd;
    public short events;
    public short revents;
}

internal static partial class Libc
{
    internal const short POLLIN = 1;
    internal const short POLLOUT = 4;
    internal const short POLLHUP = 0x10;

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int poll(pollfd* descriptors, nuint count, int timeoutMs);
}
