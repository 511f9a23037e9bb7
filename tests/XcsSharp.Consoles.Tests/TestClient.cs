using System.Net.Sockets;
using System.Text;

namespace XcsSharp.Consoles.Tests;

/// <summary>A client of the console socket whose every read and write the test makes itself; it never waits.</summary>
internal sealed class TestClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly byte[] _buffer = new byte[64 * 1024];

    public TestClient(string path, int? receiveBuffer = null)
    {
        if (receiveBuffer is int size)
        {
            _socket.ReceiveBufferSize = size;
        }

        _socket.Connect(new UnixDomainSocketEndPoint(path));
        _socket.Blocking = false;
    }

    /// <summary>The daemon has ended the connection, and all that it sent was read.</summary>
    public bool IsEnded { get; private set; }

    public void Send(string text) => Send(Encoding.UTF8.GetBytes(text));

    /// <summary>Sends all of it; the socket's buffer must have the room.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (TrySend(bytes) != bytes.Length)
        {
            throw new IOException("the socket did not take all");
        }
    }

    /// <returns>How many bytes the socket took.</returns>
    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        int sent = _socket.Send(bytes, SocketFlags.None, out SocketError error);
        return error is SocketError.Success ? sent
            : error is SocketError.WouldBlock ? 0
            : throw new SocketException((int)error);
    }

    /// <summary>What has come, up to <paramref name="most"/> bytes; empty if nothing.</summary>
    public ReadOnlySpan<byte> Receive(int most = int.MaxValue)
    {
        int count = _socket.Receive(
            _buffer.AsSpan(0, Math.Min(most, _buffer.Length)), SocketFlags.None, out SocketError error);
        if (error == SocketError.Success && count > 0)
        {
            return _buffer.AsSpan(0, count);
        }

        if (error != SocketError.WouldBlock)
        {
            IsEnded = true;
        }

        return [];
    }

    public void ReceiveInto(List<byte> all)
    {
        ReadOnlySpan<byte> bytes;
        while (!(bytes = Receive()).IsEmpty)
        {
            all.AddRange(bytes);
        }
    }

    /// <summary>The next line without its line feed, once it is complete.</summary>
    public string? TryReadLine()
    {
        ReadOnlySpan<byte> one;
        while (!(one = Receive(most: 1)).IsEmpty)
        {
            if (one[0] == (byte)'\n')
            {
                string line = Encoding.UTF8.GetString([.. _line]);
                _line.Clear();
                return line;
            }

            _line.Add(one[0]);
        }

        return null;
    }

    /// <summary>No more will be sent; reading goes on.</summary>
    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    public void Dispose() => _socket.Dispose();

    private readonly List<byte> _line = [];
}
