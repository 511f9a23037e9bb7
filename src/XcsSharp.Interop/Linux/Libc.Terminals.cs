using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Interop.Linux;

/// <summary>The c_cc array of <see cref="termios"/>.</summary>
[InlineArray(32)]
internal struct ControlCharacters
{
    private byte _first;
}

/// <summary>glibc's struct termios (bits/termios-struct.h), 60 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct termios
{
    public uint c_iflag;
    public uint c_oflag;
    public uint c_cflag;
    public uint c_lflag;
    public byte c_line;
    public ControlCharacters c_cc;
    public uint c_ispeed;
    public uint c_ospeed;
}

internal static partial class Libc
{
    internal const int TCSANOW = 0;
    internal const int TCSADRAIN = 1;
    internal const nuint TIOCGWINSZ = 0x5413;

    /// <summary>The number of a master's slave (asm-generic/ioctls.h); ENOTTY of whatever is no master.</summary>
    internal const nuint TIOCGPTN = 0x80045430;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int posix_openpt(int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int grantpt(SafeFileHandle fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int unlockpt(SafeFileHandle fd);

    /// <returns>0, or an error number; errno is not used.</returns>
    [LibraryImport(Library)]
    internal static unsafe partial int ptsname_r(SafeFileHandle fd, byte* name, nuint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int tcgetattr(SafeFileHandle fd, termios* settings);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int tcsetattr(SafeFileHandle fd, int when, termios* settings);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int ioctl(SafeFileHandle fd, nuint request, int* value);

    [LibraryImport(Library)]
    internal static unsafe partial void cfmakeraw(termios* settings);
}
