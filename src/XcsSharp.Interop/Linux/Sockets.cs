using System.Text;

using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Interop.Linux;

/// <summary>Unix stream sockets, not blocking and close-on-exec.</summary>
internal static unsafe class Sockets
{
    private const int Flags = Libc.SOCK_STREAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC;

    public static SafeFileHandle Create()
        => Sys.Own(SysResult.From(Libc.socket(Libc.AF_UNIX, Flags, 0)), "socket");

    /// <summary>A socket for datagrams, not blocking.</summary>
    public static SafeFileHandle CreateDatagram()
        => Sys.Own(SysResult.From(Libc.socket(Libc.AF_UNIX, Libc.SOCK_DGRAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, 0)), "socket");

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

    /// <summary>Sends one datagram, whole or not at all.</summary>
    /// <param name="path">Of the other's socket; an <c>@</c> at its beginning stands for a name outside of the file system.</param>
    public static SysResult SendTo(SafeFileHandle socket, ReadOnlySpan<byte> bytes, string path)
    {
        Span<byte> address = stackalloc byte[2 + Libc.MaxUnixPath];
        int length = ReceiverAddress(path, address);

        // SAFETY: both are pinned for the call; the kernel only reads.
        fixed (byte* start = bytes, to = address)
        {
            SysResult result;
            do
            {
                result = SysResult.From(Libc.sendto(socket, start, (nuint)bytes.Length, Libc.MSG_NOSIGNAL, to, (uint)length));
            }
            while (result.Error == Errno.EINTR);
            return result;
        }
    }

    /// <summary>Sends one datagram with open descriptors, of which the receiver gets copies.</summary>
    /// <param name="path">As above.</param>
    public static SysResult SendTo(SafeFileHandle socket, ReadOnlySpan<byte> bytes, ReadOnlySpan<SafeFileHandle> descriptors, string path)
    {
        Span<byte> address = stackalloc byte[2 + Libc.MaxUnixPath];
        int length = ReceiverAddress(path, address);

        int room = sizeof(cmsghdr) + ((descriptors.Length * sizeof(int)) + 7) / 8 * 8;
        byte* control = stackalloc byte[room];
        new Span<byte>(control, room).Clear();
        cmsghdr* header = (cmsghdr*)control;
        header->cmsg_len = (nuint)(sizeof(cmsghdr) + (descriptors.Length * sizeof(int)));
        header->cmsg_level = Libc.SOL_SOCKET;
        header->cmsg_type = Libc.SCM_RIGHTS;
        int held = 0;
        try
        {
            for (; held < descriptors.Length; held++)
            {
                bool isHeld = false;
                descriptors[held].DangerousAddRef(ref isHeld);
                ((int*)(header + 1))[held] = descriptors[held].DangerousGetHandle().ToInt32();
            }

            // SAFETY: all is pinned or on the stack for the call, the descriptors are held open, and the kernel only reads.
            fixed (byte* start = bytes, to = address)
            {
                iovec piece = new() { iov_base = start, iov_len = (nuint)bytes.Length };
                msghdr message = new()
                {
                    msg_name = to,
                    msg_namelen = (uint)length,
                    msg_iov = &piece,
                    msg_iovlen = 1,
                    msg_control = descriptors.IsEmpty ? null : control,
                    msg_controllen = descriptors.IsEmpty ? 0 : (nuint)room,
                };
                SysResult result;
                do
                {
                    result = SysResult.From(Libc.sendmsg(socket, &message, Libc.MSG_NOSIGNAL));
                }
                while (result.Error == Errno.EINTR);
                return result;
            }
        }
        finally
        {
            while (held > 0)
            {
                descriptors[--held].DangerousRelease();
            }
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

    /// <summary>All groups that the process at the other end was in when it connected, its effective one not always among them.</summary>
    public static uint[] PeerGroups(SafeFileHandle socket)
    {
        uint[] groups = new uint[32];
        while (true)
        {
            uint length = (uint)(groups.Length * sizeof(uint));
            SysResult result;

            // SAFETY: pinned for the call, with its own size; the kernel says how much it has written or would.
            fixed (uint* start = groups)
            {
                result = SysResult.From(Libc.getsockopt(socket, Libc.SOL_SOCKET, Libc.SO_PEERGROUPS, start, &length));
            }

            if (result.Error != Errno.ERANGE)
            {
                result.OrThrow("getsockopt");
                return groups[..(int)(length / sizeof(uint))];
            }

            groups = new uint[length / sizeof(uint)];
        }
    }

    private static int ReceiverAddress(string path, Span<byte> address)
    {
        int length = Address(path, address);
        if (address[2] != (byte)'@')
        {
            return length;
        }

        // Of such a name every byte counts, an end of text too.
        address[2] = 0;
        return length - 1;
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
