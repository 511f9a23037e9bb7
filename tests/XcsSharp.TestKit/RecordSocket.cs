using System.Net.Sockets;

using XcsSharp.Protocol;

namespace XcsSharp.TestKit;

/// <summary>
/// One bare connection to an xcs socket: bytes as a test wants them, in the pieces it wants. Nothing of the client
/// library is in it, so that the two cannot share an error.
/// </summary>
public sealed class RecordSocket : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[ProtocolLimits.RecordSize * 512];
    private int _start;
    private int _end;

    private RecordSocket(Socket socket)
    {
        _socket = socket;
    }

    /// <summary>How long a send or a receive waits; long, because only a failure waits for it.</summary>
    public TimeSpan Deadline { get; set; } = Transcript.DefaultDeadline;

    public static async Task<RecordSocket> ConnectAsync(string path, CancellationToken cancel, int? receiveBuffer = null)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        if (receiveBuffer is { } size)
        {
            socket.ReceiveBufferSize = size;
        }

        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            return new RecordSocket(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task SendBytesAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (!bytes.IsEmpty)
        {
            ValueTask<int> send = _socket.SendAsync(bytes, cancel);
            bytes = bytes[(send.IsCompleted ? await send : await send.AsTask().WaitAsync(Deadline, cancel))..];
        }
    }

    public Task SendAsync(in XcsRecord record, CancellationToken cancel)
        => SendBytesAsync(XcsRecord.Bytes(in record).ToArray(), cancel);

    /// <summary>The next record.</summary>
    /// <exception cref="EndOfStreamException">The daemon closed the connection.</exception>
    /// <exception cref="TimeoutException">Nothing came.</exception>
    public async Task<XcsRecord> ReceiveAsync(CancellationToken cancel)
        => await TryReceiveAsync(cancel) ?? throw new EndOfStreamException("the daemon closed the connection");

    /// <summary>The next record, or null at the end of the stream.</summary>
    public async Task<XcsRecord?> TryReceiveAsync(CancellationToken cancel)
    {
        while (_end - _start < ProtocolLimits.RecordSize)
        {
            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                _end -= _start;
                _start = 0;
            }

            int count;
            try
            {
                // Straight off the socket when something is there: a deadline costs a timer.
                ValueTask<int> receive = _socket.ReceiveAsync(_buffer.AsMemory(_end), cancel);
                count = receive.IsCompleted ? await receive : await receive.AsTask().WaitAsync(Deadline, cancel);
            }
            catch (SocketException)
            {
                return null;
            }

            if (count == 0)
            {
                return _end == _start ? null : throw new InvalidDataException("the stream ends inside a record");
            }

            _end += count;
        }

        XcsRecord record = XcsRecord.Read(_buffer.AsSpan(_start, ProtocolLimits.RecordSize));
        _start += ProtocolLimits.RecordSize;
        return record;
    }

    /// <summary>Sends a record and gives the next one.</summary>
    public async Task<XcsRecord> AskAsync(XcsRecord record, CancellationToken cancel)
    {
        await SendAsync(in record, cancel);
        return await ReceiveAsync(cancel);
    }

    /// <summary>Waits until the daemon has closed the connection; records before that are passed over.</summary>
    public async Task WaitForEndAsync(CancellationToken cancel)
    {
        while (await TryReceiveAsync(cancel) is not null)
        {
        }
    }

    /// <summary>The daemon has been told of the end when this returns: the close alone may wait for a thread of the runtime that is just leaving the socket.</summary>
    public void Dispose()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // The daemon was first, or it is closed already.
        }

        _socket.Dispose();
    }
}
