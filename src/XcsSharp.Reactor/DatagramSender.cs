using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop;
using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>Sends datagrams to a Unix socket that another process has, and never waits for it.</summary>
/// <remarks>Each is addressed by the socket's path, so that a receiver that was restarted gets the next one.</remarks>
public sealed class DatagramSender : IDisposable
{
    private readonly SafeFileHandle _socket = Sockets.CreateDatagram();
    private readonly string _path;

    /// <param name="path">Of the other's socket, at most 107 bytes; need not exist yet. An <c>@</c> at its beginning stands for a name outside of the file system.</param>
    public DatagramSender(string path)
    {
        _path = path;
    }

    /// <returns>Null when it was taken; otherwise why not.</returns>
    /// <param name="bytes">One datagram.</param>
    /// <param name="isFull">True when the receiver has not read what it was sent before.</param>
    public string? TrySend(ReadOnlySpan<byte> bytes, out bool isFull)
    {
        SysResult sent = Sockets.SendTo(_socket, bytes, _path);
        isFull = sent.Error is Errno.EAGAIN or Errno.ENOBUFS;
        return sent.IsOk ? null : new ErrnoException("send to", sent.Error, _path).Message;
    }

    public void Dispose() => _socket.Dispose();
}
