using System.Globalization;
using System.Net.Sockets;

using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Daemon.Systemd;

/// <summary>
/// Listening sockets that the service manager opened for us (sd_listen_fds(3)): file descriptors from 3 on, counted by
/// LISTEN_FDS, meant for the process LISTEN_PID, named by LISTEN_FDNAMES.
/// </summary>
/// <remarks>
/// A socket belongs to a setting by its name (<c>xcs</c>, <c>xcs-classic</c>, <c>console</c>) or, failing that, by its path: one
/// .socket unit gives one name to all its sockets, so xcsd.socket relies on the paths.
/// </remarks>
internal sealed class InheritedSockets : IDisposable
{
    private const int FirstDescriptor = 3;
    private const int MostDescriptors = 16;

    private readonly List<Inherited> _sockets = [];

    private InheritedSockets()
    {
    }

    /// <summary>Takes them over; none when the environment names none for this process.</summary>
    /// <exception cref="StartFailure">The environment is inconsistent, or a descriptor is no listening Unix socket.</exception>
    public static InheritedSockets FromEnvironment()
    {
        var taken = new InheritedSockets();
        string? pid = Environment.GetEnvironmentVariable("LISTEN_PID");
        string? count = Environment.GetEnvironmentVariable("LISTEN_FDS");
        if (count is null || pid != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
        {
            return taken;
        }

        if (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int descriptors)
            || descriptors > MostDescriptors)
        {
            throw Refused($"LISTEN_FDS is '{count}'", $"It must be a number up to {MostDescriptors}.");
        }

        string[] names = Environment.GetEnvironmentVariable("LISTEN_FDNAMES")?.Split(':') ?? [];
        for (int i = 0; i < descriptors; i++)
        {
            taken.Add(FirstDescriptor + i, i < names.Length ? names[i] : "");
        }

        return taken;
    }

    /// <summary>Hands out the socket for a setting; the caller owns it. Null when there is none.</summary>
    /// <param name="name">The name to look for first.</param>
    /// <param name="path">The setting's path; empty when the setting is off.</param>
    public SafeFileHandle? Take(string name, string path)
    {
        int index = _sockets.FindIndex(socket => socket.Name == name);
        if (index < 0 && path.Length > 0)
        {
            index = _sockets.FindIndex(socket => socket.Path == path);
        }

        if (index < 0)
        {
            return null;
        }

        SafeFileHandle handle = _sockets[index].Handle;
        _sockets.RemoveAt(index);
        return handle;
    }

    /// <summary>Refuses sockets that no setting wants: their clients would wait for ever.</summary>
    public void ThrowIfAnyLeft()
    {
        if (_sockets.Count > 0)
        {
            Inherited left = _sockets[0];
            throw Refused(
                $"the service manager passed a socket on {left.Path} (named '{left.Name}') that no setting asks for",
                "Make ListenStream= in xcsd.socket and the Sockets settings name the same paths.");
        }
    }

    public void Dispose()
    {
        foreach (Inherited socket in _sockets)
        {
            socket.Handle.Dispose();
        }

        _sockets.Clear();
    }

    private static StartFailure Refused(string message, string remedy) => new(ExitCode.CannotStart, message, remedy);

    private void Add(int descriptor, string name)
    {
        string path;
        try
        {
            // Only a look: the socket object must not close what the handle below owns.
            using var look = new Socket(new SafeSocketHandle(descriptor, ownsHandle: false));
            path = look.LocalEndPoint is UnixDomainSocketEndPoint local ? local.ToString() : "";
            if (look.SocketType != SocketType.Stream
                || look.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection) is not (int and not 0))
            {
                path = "";
            }
        }
        catch (SocketException e)
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                $"file descriptor {descriptor} from the service manager is not a socket: {e.Message}",
                "Unset LISTEN_FDS, or pass listening Unix stream sockets.",
                e);
        }

        if (path.Length == 0)
        {
            throw Refused(
                $"file descriptor {descriptor} from the service manager is not a listening Unix stream socket",
                "Use ListenStream= with a path in the socket unit.");
        }

        _sockets.Add(new Inherited(new SafeFileHandle(descriptor, ownsHandle: true), name, path));
    }

    private readonly record struct Inherited(SafeFileHandle Handle, string Name, string Path);
}
