using System.Net.Sockets;
using System.Text;

using Microsoft.Win32.SafeHandles;

namespace XcsSharp.TestKit;

/// <summary>systemd's end of <c>NOTIFY_SOCKET</c>: keeps every datagram, one a line, and gives what comes with it to a store.</summary>
public sealed class NotifySocket : IAsyncDisposable
{
    private static readonly StoredDescriptors s_none = new(capacity: 0);

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly SemaphoreSlim _reading = new(1);
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

    /// <summary>Nothing is read until <see cref="GoOn"/>: what comes waits in the socket's queue, as while systemd hangs.</summary>
    public Task HoldAsync(CancellationToken cancel) => _reading.WaitAsync(cancel);

    public void GoOn() => _reading.Release();

    /// <summary>Sends it messages until its queue takes no more.</summary>
    public void Fill()
    {
        using Socket sender = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            while (true)
            {
                _ = sender.SendTo("X_TEST=fill"u8, new UnixDomainSocketEndPoint(Path));
            }
        }
        catch (SocketException full) when (full.SocketErrorCode == SocketError.WouldBlock)
        {
        }
    }

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
                await _reading.WaitAsync();
                try
                {
                    (string text, IReadOnlyList<SafeFileHandle> descriptors) = StoredDescriptors.Receive((int)_socket.Handle);
                    (_store ?? s_none).Take(text, descriptors);
                    Messages.Append(Encoding.UTF8.GetBytes(text.TrimEnd('\n') + "\n"));
                }
                finally
                {
                    GoOn();
                }
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            Messages.End();
        }
    }
}
