using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop;
using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>Accepts connections on a Unix stream socket.</summary>
/// <remarks>
/// A path is owned by who holds the lock on <c>PATH.lock</c>, which ends with the process: a socket file without it is left
/// over from a crash and is replaced. A server that does not know the lock is found by connecting. The original
/// unlinked first and asked later (spec section 5): a second daemon made the first unreachable.
/// </remarks>
public sealed class UnixListener : IReadyHandler, IDisposable
{
    private const int Backlog = 128;
    private const int AcceptsPerTurn = 64;

    /// <summary>With no descriptors left a waiting connection stays readable: look again after this, do not spin.</summary>
    private static readonly TimeSpan s_exhaustedPause = TimeSpan.FromSeconds(1);

    private readonly SafeFileHandle _socket;
    private readonly Action<SafeFileHandle> _accepted;
    private readonly Registration _registration;
    private readonly LoopTimer _exhausted;
    private readonly PathLock? _pathLock;
    private bool _disposed;

    private UnixListener(
        EventLoop loop, SafeFileHandle socket, Action<SafeFileHandle> accepted, PathLock? pathLock)
    {
        _socket = socket;
        _accepted = accepted;
        _pathLock = pathLock;
        _exhausted = loop.CreateTimer(() => _registration!.ChangeInterest(Readiness.Readable));
        _registration = loop.Register(socket, Readiness.Readable, this);
    }

    /// <summary>Times that accepting had to pause because the process had no descriptor left.</summary>
    public ulong Exhausted { get; private set; }

    /// <summary>Listens on a path.</summary>
    /// <param name="loop">Whose thread accepts.</param>
    /// <param name="path">At most 107 bytes; its folder must exist. What is there and is no socket is left alone.</param>
    /// <param name="mode">Permission bits of the socket, in force before anybody can connect.</param>
    /// <param name="accepted">Called with each connection, not blocking; owns it.</param>
    /// <param name="group">The socket's group, in force as early; null: this process's own.</param>
    /// <exception cref="SocketInUseException">A living server has it; nothing was changed.</exception>
    /// <exception cref="ErrnoException">With the path.</exception>
    public static UnixListener Bind(EventLoop loop, string path, int mode, Action<SafeFileHandle> accepted, uint? group = null)
    {
        PathLock pathLock = PathLock.Take(path);
        SafeFileHandle? socket = null;
        try
        {
            RemoveStale(path);
            socket = Sockets.Create();
            Publish(socket, path, mode, group);
            return new UnixListener(loop, socket, accepted, pathLock);
        }
        catch
        {
            socket?.Dispose();
            pathLock.Dispose();
            throw;
        }
    }

    /// <summary>Accepts on a socket that listens already, as systemd hands it over. Its path is not ours to remove.</summary>
    /// <exception cref="ErrnoException">It is no socket that listens (EINVAL).</exception>
    public static UnixListener FromInherited(EventLoop loop, SafeFileHandle socket, Action<SafeFileHandle> accepted)
    {
        // Another kind of socket would be ready for ever, and never accept.
        if (!Sockets.IsListening(socket))
        {
            throw new ErrnoException("accept", Errno.EINVAL, "inherited descriptor");
        }

        Sys.SetNonBlocking(socket);
        return new UnixListener(loop, socket, accepted, pathLock: null);
    }

    /// <summary>Goes on with a socket that another process of ours has bound, and with its right to the path.</summary>
    /// <param name="loop">Whose thread accepts.</param>
    /// <param name="path">Where it was bound.</param>
    /// <param name="descriptors">As <see cref="Detach"/> gave them; owned from here on.</param>
    /// <param name="accepted">As for <see cref="Bind"/>.</param>
    public static UnixListener Adopt(
        EventLoop loop, string path, (SafeFileHandle Socket, SafeFileHandle Lock) descriptors, Action<SafeFileHandle> accepted)
        => new(loop, descriptors.Socket, accepted, PathLock.Adopt(path, descriptors.Lock));

    /// <summary>Leaves the socket, and the lock on its path if it is ours, to who goes on with them. Connections wait meanwhile.</summary>
    public (SafeFileHandle Socket, SafeFileHandle? Lock) Detach()
    {
        _disposed = true;
        _exhausted.Cancel();
        _registration.Dispose();
        return (_socket, _pathLock?.Detach());
    }

    /// <summary>Removes what a listener that was killed has left of its path. What a living one has, and what is no socket, stays.</summary>
    /// <returns>False when something stays.</returns>
    public static bool RemoveLeftover(string path)
    {
        if (Sys.Status(path, out statx status).IsOk && (status.stx_mode & Libc.FileTypeMask) != Libc.FileTypeSocket)
        {
            // Nor is what is called like its lock.
            return false;
        }

        try
        {
            using PathLock pathLock = PathLock.Take(path);
            RemoveStale(path);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Stops listening and removes the socket's path.</summary>
    public void Dispose() => Close()?.Dispose();

    /// <summary>The same, but that nobody else may listen there until what is returned is disposed.</summary>
    /// <returns>Null: the path is not ours.</returns>
    public IDisposable? Close()
    {
        if (_disposed)
        {
            return null;
        }

        _disposed = true;
        _exhausted.Cancel();
        _registration.Dispose();
        _socket.Dispose();
        if (_pathLock is not null)
        {
            // In this order: as long as the lock is held nobody else can have made a socket of that name.
            _ = Sys.Unlink(_pathLock.Path);
        }

        return _pathLock;
    }

    void IReadyHandler.OnReady(Readiness ready)
    {
        for (int i = 0; i < AcceptsPerTurn && !_disposed; i++)
        {
            SysResult accepted = Sockets.Accept(_socket);
            if (accepted.IsOk)
            {
                _accepted(new SafeFileHandle(accepted.Value, ownsHandle: true));
                continue;
            }

            switch (accepted.Error)
            {
                case Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM or Errno.ENOBUFS:
                    Exhausted++;
                    _registration.ChangeInterest(Readiness.None);
                    _exhausted.Schedule(s_exhaustedPause);
                    return;
                case Errno.EBADF or Errno.EINVAL or Errno.ENOTSOCK or Errno.EOPNOTSUPP:
                    // Would be said again for ever.
                    throw new ErrnoException("accept4", accepted.Error, _pathLock?.Path);
                default:
                    // EAGAIN, or a connection that its client gave up while it waited.
                    return;
            }
        }
    }

    /// <summary>Removes a socket that nobody listens on any more. Called with the lock held.</summary>
    private static void RemoveStale(string path)
    {
        SysResult found = Sys.Status(path, out statx status);
        if (found.Error == Errno.ENOENT)
        {
            return;
        }

        found.OrThrow("statx", path);
        if ((status.stx_mode & Libc.FileTypeMask) != Libc.FileTypeSocket)
        {
            // connect says ECONNREFUSED of any file: without this look a wrong setting would cost somebody a file.
            throw new ErrnoException("bind", Errno.EEXIST, path);
        }

        using SafeFileHandle probe = Sockets.Create();
        SysResult connected = Sockets.Connect(probe, path);
        switch (connected.Error)
        {
            case Errno.OK or Errno.EAGAIN or Errno.EPROTOTYPE:
                // EAGAIN: it listens, and its backlog is full. EPROTOTYPE: a living socket of another type.
                throw new SocketInUseException(path);
            case Errno.ECONNREFUSED:
                Sys.Unlink(path).OrThrow("unlink", path);
                return;
            case Errno.ENOENT:
                return;
            default:
                throw new ErrnoException("connect", connected.Error, path);
        }
    }

    private static void Publish(SafeFileHandle socket, string path, int mode, uint? group)
    {
        // The file of a socket gets the socket's own mode less the umask: at no moment has it more than it should.
        Sys.ChangeMode(socket, (uint)mode);
        SysResult bound = Sockets.Bind(socket, path);
        if (bound.Error == Errno.EADDRINUSE)
        {
            // Somebody who does not know the lock was faster.
            throw new SocketInUseException(path);
        }

        bound.OrThrow("bind", path);
        try
        {
            if (group is uint given)
            {
                Sys.ChangeGroup(path, given);
            }

            Sys.ChangeMode(path, (uint)mode);
            Sockets.Listen(socket, Backlog, path);
        }
        catch
        {
            _ = Sys.Unlink(path);
            throw;
        }
    }
}
