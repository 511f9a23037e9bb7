using System.Net.Sockets;

namespace XcsSharp.Client;

/// <summary>Connecting to one of the daemon's Unix sockets, with errors that name the remedy.</summary>
internal static class DaemonSocket
{
    /// <exception cref="XcsUnavailableException">It cannot be reached; the message says what to look at.</exception>
    public static async Task<Socket> ConnectAsync(string path, CancellationToken cancel)
    {
        UnixDomainSocketEndPoint endPoint;
        try
        {
            endPoint = new UnixDomainSocketEndPoint(path);
        }
        catch (ArgumentException refused)
        {
            throw new XcsUnavailableException(
                path, $"'{path}' cannot be a socket's path: it must have 1 to 107 bytes", refused);
        }

        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(endPoint, cancel).ConfigureAwait(false);
            return socket;
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw new XcsUnavailableException(path, Explain(path, failure), failure);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Explain(string path, SocketException failure) => failure.SocketErrorCode switch
    {
        // A missing Unix socket is ENOENT, which .NET files under this name.
        SocketError.AddressNotAvailable =>
            $"there is no socket {path}: is xcsd running? See: systemctl status xcsd",
        SocketError.ConnectionRefused =>
            $"nobody listens on {path}: xcsd has ended. See: systemctl status xcsd",
        SocketError.AccessDenied =>
            $"no permission to connect to {path}: be root, or join the group that owns it (ls -l {path})",
        _ => $"cannot connect to {path}: {failure.Message}",
    };
}
