using System.Net.Sockets;
using System.Text;

namespace XcsSharp.TestKit;

/// <summary>systemd's end of <c>NOTIFY_SOCKET</c>: keeps every datagram, one a line.</summary>
public sealed class NotifySocket : IAsyncDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly Task _receiving;

    public NotifySocket(string path)
    {
        Path = path;
        File.Delete(path);
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        _receiving = ReceiveAsync();
    }

    public string Path { get; }

    public Transcript Messages { get; } = new("NOTIFY_SOCKET");

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _receiving;
        File.Delete(Path);
    }

    private async Task ReceiveAsync()
    {
        byte[] buffer = new byte[4096];
        try
        {
            while (true)
            {
                int count = await _socket.ReceiveAsync(buffer);
                Messages.Append(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(buffer, 0, count).TrimEnd('\n') + "\n"));
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            Messages.End();
        }
    }
}
