using System.Text;

using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Interop.Linux;

/// <summary>
/// System calls on files, as spans and values. The one place where EINTR is retried; close is left to the handles and never
/// retried, because Linux has released the number even when it says EINTR.
/// </summary>
internal static unsafe class Sys
{
    /// <returns>Bytes read (0 at the end), or why not.</returns>
    public static SysResult Read(SafeFileHandle fd, Span<byte> buffer)
    {
        // SAFETY: pinned for the call; the kernel writes at most buffer.Length bytes.
        fixed (byte* start = buffer)
        {
            SysResult result;
            do
            {
                result = SysResult.From(Libc.read(fd, start, (nuint)buffer.Length));
            }
            while (result.Error == Errno.EINTR);
            return result;
        }
    }

    public static SysResult Write(SafeFileHandle fd, ReadOnlySpan<byte> bytes)
    {
        // SAFETY: pinned for the call; the kernel only reads.
        fixed (byte* start = bytes)
        {
            SysResult result;
            do
            {
                result = SysResult.From(Libc.write(fd, start, (nuint)bytes.Length));
            }
            while (result.Error == Errno.EINTR);
            return result;
        }
    }

    /// <summary>Opens a file, close-on-exec.</summary>
    /// <exception cref="ErrnoException">With the path.</exception>
    public static SafeFileHandle Open(string path, int flags, uint mode = 0)
    {
        SysResult result;
        do
        {
            result = SysResult.From(Libc.open(path, flags | Libc.O_CLOEXEC, mode));
        }
        while (result.Error == Errno.EINTR);
        return new SafeFileHandle(result.OrThrow("open", path), ownsHandle: true);
    }

    public static void SetNonBlocking(SafeFileHandle fd)
    {
        int flags = SysResult.From(Libc.fcntl(fd, Libc.F_GETFL, 0)).OrThrow("fcntl");
        SysResult.From(Libc.fcntl(fd, Libc.F_SETFL, flags | Libc.O_NONBLOCK)).OrThrow("fcntl");
    }

    /// <summary>Whether a program that takes this process's place finds the descriptor closed.</summary>
    public static SysResult SetCloseOnExec(SafeFileHandle fd, bool closes) => SysResult.From(Libc.fcntl(fd, Libc.F_SETFD, closes ? Libc.FD_CLOEXEC : 0));

    /// <summary>A pipe, close-on-exec.</summary>
    public static (SafeFileHandle Read, SafeFileHandle Write) Pipe()
    {
        // SAFETY: pipe2 fills exactly two ints.
        int* ends = stackalloc int[2];
        SysResult.From(Libc.pipe2(ends, Libc.O_CLOEXEC)).OrThrow("pipe2");
        return (new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true));
    }

    /// <summary>Waits until the other ends of a pipe are all closed.</summary>
    /// <returns>False: not in that time.</returns>
    public static bool AwaitHangUp(SafeFileHandle read, TimeSpan most)
    {
        bool isHeld = false;
        try
        {
            read.DangerousAddRef(ref isHeld);
            pollfd wanted = new() { fd = read.DangerousGetHandle().ToInt32() };

            // SAFETY: one descriptor, held open, and a struct on the stack.
            return Libc.poll(&wanted, 1, (int)most.TotalMilliseconds) > 0 && (wanted.revents & Libc.POLLHUP) != 0;
        }
        finally
        {
            if (isHeld)
            {
                read.DangerousRelease();
            }
        }
    }

    /// <summary>A file that has no name and is gone with its last descriptor, close-on-exec.</summary>
    /// <param name="name">For people who look into /proc.</param>
    public static SafeFileHandle MemoryFile(string name) => Own(SysResult.From(Libc.memfd_create(name, Libc.MFD_CLOEXEC)), "memfd_create");

    /// <summary>An event counter for waking a loop, not blocking.</summary>
    public static SafeFileHandle EventFd()
        => Own(SysResult.From(Libc.eventfd(0, Libc.EFD_NONBLOCK | Libc.EFD_CLOEXEC)), "eventfd");

    /// <summary>An event counter for a thread to sleep on: reading waits until there was a write.</summary>
    public static SafeFileHandle BlockingEventFd() => Own(SysResult.From(Libc.eventfd(0, Libc.EFD_CLOEXEC)), "eventfd");

    /// <summary>Adds one to an event counter: wakes who waits for it.</summary>
    public static SysResult Signal(SafeFileHandle eventFd)
    {
        ulong one = 1;
        return Write(eventFd, new ReadOnlySpan<byte>(&one, sizeof(ulong)));
    }

    /// <summary>The calling thread, and no other, gives way to all that have something to do. Best effort: it works without.</summary>
    /// <remarks>On Linux the number 0 stands for the thread, against what POSIX says (setpriority(2), notes).</remarks>
    public static void LowerThreadPriority() => _ = Libc.setpriority(Libc.PRIO_PROCESS, 0, 19);

    /// <summary>Tries to take an exclusive lock that ends with the file's last descriptor.</summary>
    /// <returns>False when another process has it.</returns>
    public static bool TryLock(SafeFileHandle fd, string path)
    {
        SysResult result = SysResult.From(Libc.flock(fd, Libc.LOCK_EX | Libc.LOCK_NB));
        if (result.Error == Errno.EAGAIN)
        {
            return false;
        }

        result.OrThrow("flock", path);
        return true;
    }

    /// <summary>64 bits from the kernel's generator; waits for it only while the machine starts.</summary>
    public static ulong Random()
    {
        ulong value;
        SysResult result;
        do
        {
            // SAFETY: writes the variable, which is on the stack; so few bytes never come in part (getrandom(2)).
            result = SysResult.From(Libc.getrandom(&value, sizeof(ulong), 0));
        }
        while (result.Error == Errno.EINTR);
        result.OrThrow("getrandom");
        return value;
    }

    public static SysResult Unlink(string path) => SysResult.From(Libc.unlink(path));

    /// <returns>EEXIST when anything has that name; it is left as it is.</returns>
    public static SysResult MakeSymbolicLink(string path, string target) => SysResult.From(Libc.symlink(target, path));

    /// <summary>Gives a file another name, in place of what had that name. Links are renamed, not followed.</summary>
    public static SysResult Rename(string from, string to) => SysResult.From(Libc.rename(from, to));

    /// <summary>Gives a file so many bytes, with room for all of them on its file system: writing them through a mapping can not fail any more.</summary>
    /// <exception cref="ErrnoException">With the path.</exception>
    public static void Allocate(SafeFileHandle fd, long length, string path)
    {
        int error;
        do
        {
            error = Libc.posix_fallocate(fd, 0, length);
        }
        while (error == (int)Errno.EINTR);
        if (error != 0)
        {
            throw new ErrnoException("posix_fallocate", (Errno)error, path);
        }
    }

    /// <summary>Whether files may be made in a directory, its file system's being read-only included.</summary>
    public static SysResult MayCreateIn(string directory) => SysResult.From(Libc.access(directory, Libc.W_OK | Libc.X_OK));

    /// <summary>Gives a file to a group; its owner stays. A symbolic link is not followed, here and below.</summary>
    public static void ChangeGroup(string path, uint group) => SysResult.From(Libc.lchown(path, uint.MaxValue, group)).OrThrow("lchown", path);

    public static void ChangeMode(string path, uint mode)
        => SysResult.From(Libc.fchmodat(Libc.AT_FDCWD, path, mode, Libc.AT_SYMLINK_NOFOLLOW)).OrThrow("fchmodat", path);

    /// <summary>On a socket before it is bound: its file is then never made with more than this.</summary>
    public static void ChangeMode(SafeFileHandle fd, uint mode) => SysResult.From(Libc.fchmod(fd, mode)).OrThrow("fchmod");

    /// <summary>What an open file is; its link count is 0 when its name was removed.</summary>
    public static statx Status(SafeFileHandle fd)
    {
        statx status;

        // SAFETY: a struct of ours, of C's size.
        SysResult.From(Libc.statx_fd(fd, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, &status)).OrThrow("statx");
        return status;
    }

    /// <summary>What a name stands for; a symbolic link stands for itself.</summary>
    public static SysResult Status(string path, out statx status)
    {
        // SAFETY: as above.
        fixed (statx* start = &status)
        {
            return SysResult.From(Libc.statx_path(
                Libc.AT_FDCWD, path, Libc.AT_SYMLINK_NOFOLLOW, Libc.STATX_BASIC_STATS, start));
        }
    }

    internal static SafeFileHandle Own(SysResult result, string operation, string? subject = null)
        => new(result.OrThrow(operation, subject), ownsHandle: true);

    /// <summary>Text up to the first zero byte.</summary>
    internal static string Text(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
