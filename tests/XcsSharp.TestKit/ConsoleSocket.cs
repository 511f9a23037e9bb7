using System.Net.Sockets;
using System.Text;

namespace XcsSharp.TestKit;

/// <summary>A bare connection to the console socket: one line each way, then whatever follows.</summary>
public sealed class ConsoleSocket : IAsyncDisposable
{
    private readonly Socket _socket;
    private Task _pump = Task.CompletedTask;
    private volatile TaskCompletionSource _reading = Going();

    private ConsoleSocket(Socket socket, string reply)
    {
        _socket = socket;
        Reply = reply;
    }

    /// <summary>The daemon's answer, without its line feed.</summary>
    public string Reply { get; }

    /// <summary>Sends a request line and reads the answer's line, and not one byte more.</summary>
    public static async Task<ConsoleSocket> AskAsync(
        string path, string line, CancellationToken cancel, int? receiveBuffer = null)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            if (receiveBuffer is { } size)
            {
                socket.ReceiveBufferSize = size;
            }

            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            await socket.SendAsync(Encoding.UTF8.GetBytes(line + "\n"), cancel);
            List<byte> reply = [];
            byte[] one = new byte[1];
            while (await socket.ReceiveAsync(one, cancel).AsTask().WaitAsync(Transcript.DefaultDeadline, cancel) == 1
                && one[0] != '\n')
            {
                reply.Add(one[0]);
            }

            return new ConsoleSocket(socket, Encoding.UTF8.GetString([.. reply]));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Attaches to a console; <paramref name="output"/> gets its bytes from now on.</summary>
    /// <exception cref="InvalidDataException">The daemon refused; the message is its answer.</exception>
    public static async Task<ConsoleSocket> AttachAsync(
        string path, string domain, BytesReceived output, CancellationToken cancel)
    {
        ConsoleSocket attached = await AttachWithoutReadingAsync(path, domain, cancel);
        attached.Read(output);
        return attached;
    }

    /// <summary>Connects to a console's own socket, which has no lines; <paramref name="output"/> gets what comes.</summary>
    public static async Task<ConsoleSocket> ConnectAsync(string path, BytesReceived output, CancellationToken cancel)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
        ConsoleSocket connected = new(socket, "");
        connected._pump = connected.PumpAsync(output);
        return connected;
    }

    /// <summary>From now on what comes goes to <paramref name="output"/>. Once.</summary>
    public void Read(BytesReceived output) => _pump = PumpAsync(output);

    /// <summary>Takes nothing more, as a terminal that hangs, until <see cref="GoOn"/>.</summary>
    public void Stall()
    {
        if (!IsStalled)
        {
            _reading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void GoOn() => _reading.TrySetResult();

    public bool IsStalled => !_reading.Task.IsCompleted;

    /// <summary>Attaches to a console and never reads from it.</summary>
    public static async Task<ConsoleSocket> AttachWithoutReadingAsync(
        string path, string domain, CancellationToken cancel, int? receiveBuffer = null)
    {
        ConsoleSocket attached = await AskAsync(path, $"ATTACH {domain}", cancel, receiveBuffer);
        if (!attached.Reply.StartsWith("OK", StringComparison.Ordinal))
        {
            await attached.DisposeAsync();
            throw new InvalidDataException(attached.Reply);
        }

        return attached;
    }

    /// <summary>All that comes up to the end of the stream.</summary>
    public async Task<byte[]> ReadToEndAsync(CancellationToken cancel)
    {
        MemoryStream all = new();
        await using NetworkStream stream = new(_socket, ownsSocket: false);
        await stream.CopyToAsync(all, cancel).WaitAsync(Transcript.DefaultDeadline, cancel);
        return all.ToArray();
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (!bytes.IsEmpty)
        {
            ValueTask<int> send = _socket.SendAsync(bytes, cancel);
            bytes = bytes[await send.AsTask().WaitAsync(Transcript.DefaultDeadline, cancel)..];
        }
    }

    /// <summary>Completes when the daemon has ended the connection.</summary>
    public Task Ended => _pump;

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        GoOn();
        await _pump;
    }

    private static TaskCompletionSource Going()
    {
        TaskCompletionSource going = new();
        going.SetResult();
        return going;
    }

    private async Task PumpAsync(BytesReceived output)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            int count;
            while ((count = await _socket.ReceiveAsync(buffer)) > 0)
            {
                output(buffer.AsSpan(0, count));
                await _reading.Task;
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // Ours is disposed, or theirs is killed: either way the end.
        }
    }
}
