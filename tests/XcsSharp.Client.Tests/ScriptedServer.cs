using System.Net.Sockets;
using System.Text;

using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Client.Tests;

/// <summary>
/// The daemon's side of a real Unix socket, played by the test: it accepts when told to, and says exactly what the test
/// wants, in the pieces that it wants.
/// </summary>
internal sealed class ScriptedServer : IDisposable
{
    private readonly PrivateDirectory _directory = new("c");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public ScriptedServer()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen();
    }

    public string Path => _directory["s"];

    public async Task<ServerConnection> AcceptAsync(CancellationToken cancel)
        => new(await _listener.AcceptAsync(cancel).AsTask().WaitAsync(Transcript.DefaultDeadline, cancel));

    /// <summary>Plays a successful greeting; gives the control and the data connection.</summary>
    public async Task<(ServerConnection Control, ServerConnection Data)> GreetAsync(ulong id, CancellationToken cancel)
    {
        ServerConnection control = await AcceptAsync(cancel);
        XcsRecord hello = await control.ReceiveAsync(cancel);
        hello.SessionId = id;
        await control.SendAsync(hello, cancel);
        ServerConnection data = await AcceptAsync(cancel);
        await data.SendAsync(await data.ReceiveAsync(cancel), cancel);
        return (control, data);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _directory.Dispose();
    }
}

/// <summary>One accepted connection.</summary>
internal sealed class ServerConnection(Socket socket) : IDisposable
{
    public async Task<XcsRecord> ReceiveAsync(CancellationToken cancel)
        => XcsRecord.Read(await ReceiveBytesAsync(ProtocolLimits.RecordSize, cancel));

    /// <summary>Exactly so many bytes.</summary>
    public async Task<byte[]> ReceiveBytesAsync(int count, CancellationToken cancel)
    {
        byte[] bytes = new byte[count];
        for (int have = 0; have < count;)
        {
            int got = await socket.ReceiveAsync(bytes.AsMemory(have), cancel)
                .AsTask().WaitAsync(Transcript.DefaultDeadline, cancel);
            Assert.NotEqual(0, got);
            have += got;
        }

        return bytes;
    }

    public async Task<string> ReceiveLineAsync(CancellationToken cancel)
    {
        StringBuilder line = new();
        while (true)
        {
            char next = (char)(await ReceiveBytesAsync(1, cancel))[0];
            if (next == '\n')
            {
                return line.ToString();
            }

            line.Append(next);
        }
    }

    /// <summary>Waits until the client has closed.</summary>
    public Task WaitForEndAsync(CancellationToken cancel) => ReceiveToEndAsync(cancel);

    /// <summary>All that comes before the client closes.</summary>
    public async Task<string> ReceiveToEndAsync(CancellationToken cancel)
    {
        StringBuilder text = new();
        byte[] bytes = new byte[4096];
        try
        {
            int count;
            while ((count = await socket.ReceiveAsync(bytes, cancel)
                .AsTask().WaitAsync(Transcript.DefaultDeadline, cancel)) > 0)
            {
                text.Append(Encoding.ASCII.GetString(bytes, 0, count));
            }
        }
        catch (SocketException failure) when (failure.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed with something unread: closed all the same.
        }

        return text.ToString();
    }

    /// <returns>False when the client is gone.</returns>
    public async Task<bool> TrySendAsync(string text, CancellationToken cancel)
    {
        try
        {
            await SendAsync(text, cancel);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public Task SendAsync(XcsRecord record, CancellationToken cancel)
        => SendAsync(XcsRecord.Bytes(in record).ToArray(), cancel);

    public Task SendAsync(string text, CancellationToken cancel) => SendAsync(Encoding.UTF8.GetBytes(text), cancel);

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, cancel)..];
        }
    }

    /// <summary>Blocks, and allocates nothing.</summary>
    public void SendNow(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }

    /// <summary>Blocks until the buffer is full, and allocates nothing.</summary>
    /// <returns>False at the end.</returns>
    public bool TryReceiveNow(Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            // A receive that has to wait would allocate; waiting first does not.
            socket.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectRead);
            int count = socket.Receive(bytes, SocketFlags.None, out SocketError error);
            if (count == 0 || error != SocketError.Success)
            {
                return false;
            }

            bytes = bytes[count..];
        }

        return true;
    }

    /// <summary>The client sees the end of the stream; what it sends still comes.</summary>
    public void CompleteSending() => socket.Shutdown(SocketShutdown.Send);

    public void Dispose() => socket.Dispose();
}
