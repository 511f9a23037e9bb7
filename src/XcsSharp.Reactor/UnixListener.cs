using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop;
using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>A living server has the path already.</summary>
public sealed class SocketInUseException(string path) : IOException($"another server listens on {path}")
{
    public string Path { get; } = path;
}

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
    private readonly string? _path;
    private readonly SafeFileHandle? _lock;
    private bool _disposed;

    private UnixListener(
        EventLoop loop, SafeFileHandle socket, Action<SafeFileHandle> accepted, string? path, SafeFileHandle? pathLock)
    {
        _socket = socket;
        _accepted = accepted;
        _path = path;
        _lock = pathLock;
        _exhausted = loop.CreateTimer(() => _registration!.ChangeInterest(Readiness.Readable));
        _registration = loop.Register(socket, Readiness.Readable, this);
    }

    /// <summary>Times that accepting had to pause because the process had no descriptor left.</summary>
    public ulong Exhausted { get; private set; }

    /// <summary>Listens on a path.</summary>
    /// <param name="loop">Whose thread accepts.</param>
    /// <param name="path">At most 107 bytes; its folder must exist.</param>
    /// <param name="mode">Permission bits of the socket, in force before anybody can connect.</param>
    /// <param name="accepted">Called with each connection, not blocking; owns it.</param>
    /// <exception cref="SocketInUseException">A living server has it; nothing was changed.</exception>
    /// <exception cref="ErrnoException">With the path.</exception>
    public static UnixListener Bind(EventLoop loop, string path, int mode, Action<SafeFileHandle> accepted)
    {
        SafeFileHandle pathLock = TakeLock(path);
        SafeFileHandle? socket = null;
        try
        {
            ThrowIfAlive(path);
            socket = Sockets.Create();
            Publish(socket, path, mode);
            return new UnixListener(loop, socket, accepted, path, pathLock);
        }
        catch
        {
            socket?.Dispose();
            pathLock.Dispose();
            throw;
        }
    }

    /// <summary>Accepts on a socket that listens already, as systemd hands it over. Its path is not ours to remove.</summary>
    public static UnixListener FromInherited(EventLoop loop, SafeFileHandle socket, Action<SafeFileHandle> accepted)
    {
        Sys.SetNonBlocking(socket);
        return new UnixListener(loop, socket, accepted, path: null, pathLock: null);
    }

    /// <summary>Stops listening and removes the socket's path.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _exhausted.Cancel();
        _registration.Dispose();
        _socket.Dispose();
        if (_path is not null)
        {
            // In this order: as long as the lock is held nobody else can have made a socket of that name. The lock's
            // file stays: unlinking it would let two servers hold locks on two files of one name.
            _ = Sys.Unlink(_path);
            _lock!.Dispose();
        }
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

            if (accepted.Error is Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM or Errno.ENOBUFS)
            {
                Exhausted++;
                _registration.ChangeInterest(Readiness.None);
                _exhausted.Schedule(s_exhaustedPause);
            }

            // Anything else is EAGAIN, or a connection that its client gave up while it waited.
            return;
        }
    }

    private static SafeFileHandle TakeLock(string path)
    {
        SafeFileHandle pathLock = Sys.Open(path + ".lock", Libc.O_RDWR | Libc.O_CREAT, 0x180 /* 0600 */);
        if (!Sys.TryLock(pathLock, path + ".lock"))
        {
            pathLock.Dispose();
            throw new SocketInUseException(path);
        }

        return pathLock;
    }

    private static void ThrowIfAlive(string path)
    {
        using SafeFileHandle probe = Sockets.Create();
        SysResult connected = Sockets.Connect(probe, path);
        switch (connected.Error)
        {
            case Errno.OK or Errno.EAGAIN: // EAGAIN: it listens, and its backlog is full
                throw new SocketInUseException(path);
            case Errno.ENOENT or Errno.ECONNREFUSED:
                return;
            case Errno.ENOTSOCK:
                throw new ErrnoException("bind", Errno.EEXIST, path);
            default:
                throw new ErrnoException("connect", connected.Error, path);
        }
    }

    /// <summary>
    /// Makes the socket under another name and moves it into place when its mode is set and it listens: no moment at
    /// which the wrong user could connect, and none without a socket where a stale one was.
    /// </summary>
    private static void Publish(SafeFileHandle socket, string path, int mode)
    {
        string fresh = path + ".new";
        _ = Sys.Unlink(fresh);
        Sockets.Bind(socket, fresh).OrThrow("bind", path);
        try
        {
            Sys.ChangeMode(fresh, (uint)mode);
            Sockets.Listen(socket, Backlog, path);
            Sys.Rename(fresh, path);
        }
        catch
        {
            _ = Sys.Unlink(fresh);
            throw;
        }
    }
}
