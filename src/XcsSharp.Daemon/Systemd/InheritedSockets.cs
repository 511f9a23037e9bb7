using System.Net.Sockets;

using Microsoft.Win32.SafeHandles;

using XcsSharp.Daemon.Handover;

namespace XcsSharp.Daemon.Systemd;

/// <summary>
/// Listening sockets that the service manager opened for us.
/// </summary>
/// <remarks>
/// A socket belongs to a setting by its name (<c>xcs</c>, <c>xcs-classic</c>, <c>console</c>) or, failing that, by its path: one
/// .socket unit gives one name to all its sockets, so xcsd.socket relies on the paths.
/// </remarks>
internal sealed class InheritedSockets : IDisposable
{
    private readonly List<Inherited> _sockets = [];

    private InheritedSockets()
    {
    }

    /// <summary>Takes over all that are left.</summary>
    /// <exception cref="StartFailure">A descriptor is no listening Unix socket.</exception>
    public static InheritedSockets From(HandedDescriptors handed)
    {
        var taken = new InheritedSockets();
        IReadOnlyList<HandedDescriptor> all = handed.Take(static _ => true);
        try
        {
            foreach (HandedDescriptor descriptor in all)
            {
                taken.Add(descriptor.Handle, descriptor.Name);
            }

            return taken;
        }
        catch
        {
            foreach (HandedDescriptor descriptor in all)
            {
                descriptor.Handle.Dispose();
            }

            throw;
        }
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

    /// <summary>Where a Unix socket is bound; empty when it is not.</summary>
    /// <exception cref="SocketException">It is no socket.</exception>
    public static string PathOf(SafeFileHandle descriptor, bool listening)
    {
        // Only a look: the socket object must not close what the handle owns.
        using var look = new Socket(new SafeSocketHandle(descriptor.DangerousGetHandle(), ownsHandle: false));
        bool fits = look.SocketType == SocketType.Stream
            && (!listening || look.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection) is int and not 0);
        return fits && look.LocalEndPoint is UnixDomainSocketEndPoint local ? local.ToString() : "";
    }

    private void Add(SafeFileHandle descriptor, string name)
    {
        nint number = descriptor.DangerousGetHandle();
        string path;
        try
        {
            path = PathOf(descriptor, listening: true);
        }
        catch (SocketException e)
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                $"file descriptor {number} from the service manager is not a socket: {e.Message}",
                "Unset LISTEN_FDS, or pass listening Unix stream sockets.",
                e);
        }

        if (path.Length == 0)
        {
            throw Refused(
                $"file descriptor {number} from the service manager is not a listening Unix stream socket",
                "Use ListenStream= with a path in the socket unit.");
        }

        _sockets.Add(new Inherited(descriptor, name, path));
    }

    private readonly record struct Inherited(SafeFileHandle Handle, string Name, string Path);
}
