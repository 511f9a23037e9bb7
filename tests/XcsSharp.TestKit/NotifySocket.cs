using System.Net.Sockets;
using System.Text;

using Microsoft.Win32.SafeHandles;

namespace XcsSharp.TestKit;

/// <summary>systemd's end of <c>NOTIFY_SOCKET</c>: keeps every datagram, one a line, and gives what comes with it to a store.</summary>
public sealed class NotifySocket : IAsyncDisposable
{
    private static readonly StoredDescriptors s_none = new(capacity: 0);

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly Task _receiving;
    private readonly StoredDescriptors? _store;

    public NotifySocket(string path, StoredDescriptors? store = null)
    {
        Path = path;
        _store = store;
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
        byte[] first = new byte[1];
        try
        {
            while (true)
            {
                // Only a look: the runtime's sockets do not take descriptors.
                _ = await _socket.ReceiveAsync(first, SocketFlags.Peek);
                (string text, IReadOnlyList<SafeFileHandle> descriptors) = StoredDescriptors.Receive((int)_socket.Handle);
                (_store ?? s_none).Take(text, descriptors);
                Messages.Append(Encoding.UTF8.GetBytes(text.TrimEnd('\n') + "\n"));
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            Messages.End();
        }
    }
}
