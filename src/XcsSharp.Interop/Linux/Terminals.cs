using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Interop.Linux;

/// <summary>Pseudo-terminals and line settings.</summary>
internal static unsafe class Terminals
{
    /// <summary>A new master, not blocking, with its slave unlocked.</summary>
    public static SafeFileHandle OpenMaster()
    {
        SafeFileHandle master = Sys.Own(
            SysResult.From(Libc.posix_openpt(Libc.O_RDWR | Libc.O_NOCTTY | Libc.O_CLOEXEC | Libc.O_NONBLOCK)), "posix_openpt");
        try
        {
            SysResult.From(Libc.grantpt(master)).OrThrow("grantpt");
            SysResult.From(Libc.unlockpt(master)).OrThrow("unlockpt");
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

    /// <summary>Whether the descriptor is a master; false also of its slave.</summary>
    public static bool IsMaster(SafeFileHandle terminal)
    {
        int number;

        // SAFETY: TIOCGPTN stores an unsigned int, on the stack for the call.
        return SysResult.From(Libc.ioctl(terminal, Libc.TIOCGPTN, &number)).IsOk;
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

    /// <param name="waits">For what was written to go out first, which a terminal that is stopped does not let it.</param>
    public static SysResult SetSettings(SafeFileHandle terminal, in termios settings, bool waits = true)
    {
        // SAFETY: as above.
        fixed (termios* start = &settings)
        {
            return SysResult.From(Libc.tcsetattr(terminal, waits ? Libc.TCSADRAIN : Libc.TCSANOW, start));
        }
    }

    /// <summary>
    /// True when a read would give something, also of what a worker of the kernel has not carried to the reader's side yet: poll
    /// waits for that worker (n_tty_poll), FIONREAD does not.
    /// </summary>
    public static bool HasUnread(SafeFileHandle terminal)
    {
        bool isHeld = false;
        try
        {
            terminal.DangerousAddRef(ref isHeld);
            pollfd wanted = new() { fd = terminal.DangerousGetHandle().ToInt32(), events = Libc.POLLIN };

            // SAFETY: one descriptor, held open, and a struct on the stack.
            return Libc.poll(&wanted, 1, 0) > 0 && wanted.revents == Libc.POLLIN;
        }
        finally
        {
            if (isHeld)
            {
                terminal.DangerousRelease();
            }
        }
    }

    /// <summary>Letters on a line, and lines; 0 when the descriptor cannot say, or does not know.</summary>
    public static (int Columns, int Rows) Size(SafeFileHandle terminal)
    {
        Span<ushort> size = stackalloc ushort[4]; // struct winsize: rows, columns, and both in pixels

        // SAFETY: TIOCGWINSZ stores four unsigned shorts, on the stack for the call.
        fixed (ushort* start = size)
        {
            return SysResult.From(Libc.ioctl(terminal, Libc.TIOCGWINSZ, (int*)start)).IsOk ? (size[1], size[0]) : (0, 0);
        }
    }

    /// <summary>Bytes pass unchanged both ways: no echo, no lines, no signals, no translation (cfmakeraw).</summary>
    public static termios Raw(termios settings)
    {
        Libc.cfmakeraw(&settings);
        return settings;
    }
}
