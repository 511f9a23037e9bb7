using Microsoft.Win32.SafeHandles;

using Mono.Unix.Native;

using XcsSharp.Daemon.Handover;
using XcsSharp.Daemon.Settings;
using XcsSharp.Daemon.Systemd;
using XcsSharp.Interop;
using XcsSharp.Reactor;

namespace XcsSharp.Daemon;

/// <summary>
/// The daemon's listening sockets: taken over from the service manager, or bound by ourselves and removed at the end.
/// </summary>
internal sealed class SocketPlaces : IDisposable
{
    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Before the name of a socket that we have bound ourselves.</summary>
    private const string Bound = "bound.";

    /// <summary>Behind the same name: the lock on its path.</summary>
    private const string Lock = ".lock";

    private readonly Dictionary<string, (SafeFileHandle Socket, SafeFileHandle Lock)> _kept = new(StringComparer.Ordinal);
    private readonly EventLoop _loop;
    private readonly SocketSettings _settings;
    private readonly uint? _group;
    private readonly List<(string Name, UnixListener Listener)> _listeners = [];
    private readonly List<IDisposable> _locks = [];

    private SocketPlaces(EventLoop loop, SocketSettings settings)
    {
        _loop = loop;
        _settings = settings;
        _group = settings.Group.Length == 0 ? null : FindGroup(settings.Group);
    }

    /// <summary>The group of the sockets; null: the daemon's own.</summary>
    public uint? Group => _group;

    /// <summary>Opens all that the settings name. Connections wait until the loop runs.</summary>
    /// <param name="loop">Accepts on it.</param>
    /// <param name="settings">Paths, permissions and group.</param>
    /// <param name="handed">The service manager's sockets, and those of the daemon before; all that are left.</param>
    /// <param name="toSwitch">Gets connections of the xcs sockets.</param>
    /// <param name="toConsoles">Gets connections of the console socket.</param>
    /// <exception cref="StartFailure">One is in use or can not be made; the others are closed again.</exception>
    public static SocketPlaces Open(
        EventLoop loop,
        SocketSettings settings,
        HandedDescriptors handed,
        Action<SafeFileHandle> toSwitch,
        Action<SafeFileHandle> toConsoles)
    {
        var places = new SocketPlaces(loop, settings);
        try
        {
            IReadOnlyList<HandedDescriptor> bound = handed.Take(static name => name.StartsWith(Bound, StringComparison.Ordinal));
            foreach (HandedDescriptor lockFile in bound.Where(static one => one.Name.EndsWith(Lock, StringComparison.Ordinal)))
            {
                places.Keep(bound, lockFile);
            }

            using InheritedSockets inherited = InheritedSockets.From(handed);
            places.Listen(inherited, "xcs", "Sockets:Xcs", settings.Xcs, toSwitch);
            places.Listen(inherited, "xcs-classic", "Sockets:Classic", settings.Classic, toSwitch);
            places.Listen(inherited, "console", "Sockets:Console", settings.Console, toConsoles);
            inherited.ThrowIfAnyLeft();
            return places;
        }
        catch
        {
            places.Dispose();
            throw;
        }
    }

    /// <summary>Leaves the sockets to who goes on with them, those of the service manager under the names that it gives them.</summary>
    public IReadOnlyList<HandedDescriptor> Detach()
    {
        List<HandedDescriptor> left = [];
        foreach ((string name, UnixListener listener) in _listeners)
        {
            (SafeFileHandle socket, SafeFileHandle? pathLock) = listener.Detach();
            left.Add(new HandedDescriptor(pathLock is null ? name : Bound + name, socket, IsStored: false));
            if (pathLock is not null)
            {
                left.Add(new HandedDescriptor(Bound + name + Lock, pathLock, IsStored: false));
            }
        }

        _listeners.Clear();
        return left;
    }

    /// <summary>Nobody can connect any more. That no other daemon begins in our places holds until <see cref="Dispose"/>.</summary>
    public void Close()
    {
        foreach ((string _, UnixListener listener) in _listeners)
        {
            if (listener.Close() is { } pathLock)
            {
                _locks.Add(pathLock);
            }
        }

        _listeners.Clear();
    }

    public void Dispose()
    {
        Close();
        _locks.ForEach(static pathLock => pathLock.Dispose());
        _locks.Clear();
        foreach ((SafeFileHandle Socket, SafeFileHandle Lock) kept in _kept.Values)
        {
            kept.Socket.Dispose();
            kept.Lock.Dispose();
        }

        _kept.Clear();
    }

    /// <summary>A socket that the daemon before has bound itself, with its lock.</summary>
    private void Keep(IReadOnlyList<HandedDescriptor> bound, HandedDescriptor lockFile)
    {
        string name = lockFile.Name[..^Lock.Length];
        if (bound.FirstOrDefault(other => other.Name == name).Handle is { } socket
            && InheritedSockets.PathOf(socket, listening: true) is { Length: > 0 } path)
        {
            _kept[path] = (socket, lockFile.Handle);
        }
    }

    private void Listen(
        InheritedSockets inherited, string name, string key, string path, Action<SafeFileHandle> accepted)
    {
        if (inherited.Take(name, path) is { } socket)
        {
            // Its path, permissions and end are the service manager's business.
            _listeners.Add((name, UnixListener.FromInherited(_loop, socket, accepted)));
        }
        else if (_kept.Remove(path, out (SafeFileHandle Socket, SafeFileHandle Lock) kept))
        {
            _listeners.Add((name, UnixListener.Adopt(_loop, path, kept, accepted)));
        }
        else if (path.Length > 0)
        {
            _listeners.Add((name, Bind(key, path, accepted)));
            SetGroup(path);
        }
    }

    private UnixListener Bind(string key, string path, Action<SafeFileHandle> accepted)
    {
        string remedy = $"Choose a place that the daemon may write to with --{key}=PATH, or run it as root.";
        try
        {
            string directory = Path.GetDirectoryName(path)!;
            if (!Directory.Exists(directory))
            {
                Directory.CreateDirectory(directory, DirectoryMode);
            }

            return UnixListener.Bind(_loop, path, _settings.Mode, accepted);
        }
        catch (SocketInUseException e)
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                $"{key}: another daemon serves {path}; it is left alone",
                $"Stop that one first (systemctl stop xcsd), or give this one another place with --{key}=PATH.",
                e);
        }
        catch (ErrnoException e) when (e.Errno is Interop.Errno.EEXIST or Interop.Errno.ELOOP or Interop.Errno.EISDIR)
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                $"{key}: the socket {path} can not be made, because something else has its place: {e.Message}",
                $"See whose it is (ls -ld {path} {path}.lock) and remove it, or choose another place with --{key}=PATH.",
                e);
        }
        catch (ErrnoException e)
        {
            throw new StartFailure(
                ExitCode.CannotStart, $"{key}: the socket {path} can not be made: {e.Message}", remedy, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure(
                ExitCode.CannotStart, $"{key}: the folder of {path} can not be made: {e.Message}", remedy, e);
        }
    }

    private void SetGroup(string path)
    {
        if (_group is { } group && Syscall.lchown(path, uint.MaxValue, group) != 0)
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                $"Sockets:Group: {path} can not be given to group {_settings.Group}: {Stdlib.GetLastError()}",
                "Run the daemon as root or as a member of that group, or leave Sockets:Group empty.");
        }
    }

    private static uint FindGroup(string name)
    {
        try
        {
            return Syscall.getgrnam(name)?.gr_gid ?? throw new StartFailure(
                ExitCode.BadSettings,
                $"Sockets:Group is '{name}', and there is no such group",
                $"Create it (groupadd --system {name}), name another one, or leave Sockets:Group empty.");
        }
        catch (DllNotFoundException e)
        {
            // Only this setting needs Mono.Posix's native part, so the daemon starts without it otherwise.
            throw new StartFailure(
                ExitCode.CannotStart,
                "Sockets:Group needs libMonoPosixHelper.so beside xcsd, and it is not there",
                "Install it with xcsd, or leave Sockets:Group empty.",
                e);
        }
    }
}
