using System.Text;

using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Interop.Linux;

/// <summary>Unix stream sockets, not blocking and close-on-exec.</summary>
internal static unsafe class Sockets
{
    private const int Flags = Libc.SOCK_STREAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC;

    public static SafeFileHandle Create()
        => Sys.Own(SysResult.From(Libc.socket(Libc.AF_UNIX, Flags, 0)), "socket");

    /// <summary>Two connected sockets.</summary>
    public static (SafeFileHandle First, SafeFileHandle Second) Pair()
    {
        // SAFETY: socketpair fills exactly two ints.
        int* pair = stackalloc int[2];
        SysResult.From(Libc.socketpair(Libc.AF_UNIX, Flags, 0, pair)).OrThrow("socketpair");
        return (new SafeFileHandle(pair[0], ownsHandle: true), new SafeFileHandle(pair[1], ownsHandle: true));
    }

    public static SysResult Bind(SafeFileHandle socket, string path)
    {
        Span<byte> address = stackalloc byte[2 + Libc.MaxUnixPath];
        int length = Address(path, address);

        // SAFETY: on the stack for the call; the kernel reads `length` bytes.
        fixed (byte* start = address)
        {
            return SysResult.From(Libc.bind(socket, start, (uint)length));
        }
    }

    public static SysResult Connect(SafeFileHandle socket, string path)
    {
        Span<byte> address = stackalloc byte[2 + Libc.MaxUnixPath];
        int length = Address(path, address);

        // SAFETY: as in Bind.
        fixed (byte* start = address)
        {
            return SysResult.From(Libc.connect(socket, start, (uint)length));
        }
    }

    public static void Listen(SafeFileHandle socket, int backlog, string? path)
        => SysResult.From(Libc.listen(socket, backlog)).OrThrow("listen", path);

    /// <summary>The next waiting connection, not blocking; EAGAIN when there is none.</summary>
    public static SysResult Accept(SafeFileHandle listener)
    {
        SysResult result;
        do
        {
            result = SysResult.From(Libc.accept4(listener, null, null, Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC));
        }
        while (result.Error == Errno.EINTR);
        return result;
    }

    /// <summary>Sends without SIGPIPE.</summary>
    public static SysResult Send(SafeFileHandle socket, ReadOnlySpan<byte> bytes)
    {
        // SAFETY: pinned for the call; the kernel only reads.
        fixed (byte* start = bytes)
        {
            SysResult result;
            do
            {
                result = SysResult.From(Libc.send(socket, start, (nuint)bytes.Length, Libc.MSG_NOSIGNAL));
            }
            while (result.Error == Errno.EINTR);
            return result;
        }
    }

    /// <summary>Sends two pieces as if they were one.</summary>
    public static SysResult Send(SafeFileHandle socket, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        if (second.IsEmpty)
        {
            return Send(socket, first);
        }

        // SAFETY: both are pinned for the call, and the kernel only reads; the structs are on the stack.
        fixed (byte* firstStart = first, secondStart = second)
        {
            iovec* pieces = stackalloc iovec[2];
            pieces[0] = new iovec { iov_base = firstStart, iov_len = (nuint)first.Length };
            pieces[1] = new iovec { iov_base = secondStart, iov_len = (nuint)second.Length };
            msghdr message = new() { msg_iov = pieces, msg_iovlen = 2 };
            SysResult result;
            do
            {
                result = SysResult.From(Libc.sendmsg(socket, &message, Libc.MSG_NOSIGNAL));
            }
            while (result.Error == Errno.EINTR);
            return result;
        }
    }

    /// <summary>Whether connections can be accepted on it.</summary>
    public static bool IsListening(SafeFileHandle socket)
    {
        int listening = 0;
        uint length = sizeof(int);

        // SAFETY: an int of ours with its own size.
        SysResult result = SysResult.From(
            Libc.getsockopt(socket, Libc.SOL_SOCKET, Libc.SO_ACCEPTCONN, &listening, &length));
        return result.IsOk && listening != 0;
    }

    /// <summary>Who was at the other end when it connected.</summary>
    public static ucred PeerCredentials(SafeFileHandle socket)
    {
        ucred peer = default;
        uint length = (uint)sizeof(ucred);

        // SAFETY: a struct of ours with its own size.
        SysResult.From(Libc.getsockopt(socket, Libc.SOL_SOCKET, Libc.SO_PEERCRED, &peer, &length)).OrThrow("getsockopt");
        return peer;
    }

    private static int Address(string path, Span<byte> address)
    {
        int bytes = Encoding.UTF8.GetByteCount(path);
        if (bytes >= Libc.MaxUnixPath)
        {
            throw new ErrnoException("bind", Errno.ENAMETOOLONG, path);
        }

        address.Clear();
        address[0] = Libc.AF_UNIX;
        Encoding.UTF8.GetBytes(path, address[2..]);
        return 2 + bytes + 1;
    }
}
