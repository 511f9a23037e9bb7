using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Interop.Linux;

/// <summary>Pseudo-terminals and line settings.</summary>
internal static unsafe class Terminals
{
    /// <summary>A new master, not blocking, with its slave unlocked.</summary>
    public static SafeFileHandle OpenMaster()
    {
        SafeFileHandle master = Sys.Own(
            SysResult.From(Libc.posix_openpt(Libc.O_RDWR | Libc.O_NOCTTY | Libc.O_CLOEXEC)), "posix_openpt");
        try
        {
            SysResult.From(Libc.grantpt(master)).OrThrow("grantpt");
            SysResult.From(Libc.unlockpt(master)).OrThrow("unlockpt");
            Sys.SetNonBlocking(master);
            return master;
        }
        catch
        {
            master.Dispose();
            throw;
        }
    }

    /// <summary>The path of a master's slave, /dev/pts/N.</summary>
    public static string SlavePath(SafeFileHandle master)
    {
        Span<byte> name = stackalloc byte[64];

        // SAFETY: on the stack for the call, with its own length.
        fixed (byte* start = name)
        {
            int error = Libc.ptsname_r(master, start, (nuint)name.Length);
            return error == 0 ? Sys.Text(name) : throw new ErrnoException("ptsname_r", (Errno)error);
        }
    }

    public static SafeFileHandle OpenSlave(string path) => Sys.Open(path, Libc.O_RDWR | Libc.O_NOCTTY);

    /// <returns>False when the descriptor is not a terminal.</returns>
    public static bool TryGetSettings(SafeFileHandle terminal, out termios settings)
    {
        // SAFETY: a struct of ours with glibc's layout (checked against C by a test).
        fixed (termios* start = &settings)
        {
            return SysResult.From(Libc.tcgetattr(terminal, start)).IsOk;
        }
    }

    public static SysResult SetSettings(SafeFileHandle terminal, in termios settings)
    {
        // SAFETY: as above.
        fixed (termios* start = &settings)
        {
            return SysResult.From(Libc.tcsetattr(terminal, Libc.TCSADRAIN, start));
        }
    }

    /// <summary>Bytes that a read would give now; 0 when the descriptor cannot say.</summary>
    public static int Unread(SafeFileHandle terminal)
    {
        int count = 0;

        // SAFETY: FIONREAD stores one int.
        return SysResult.From(Libc.ioctl(terminal, Libc.FIONREAD, &count)).IsOk ? count : 0;
    }

    /// <summary>Bytes pass unchanged both ways: no echo, no lines, no signals, no translation (cfmakeraw).</summary>
    public static termios Raw(termios settings)
    {
        Libc.cfmakeraw(&settings);
        return settings;
    }
}
