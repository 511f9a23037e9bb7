using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop;
using XcsSharp.Interop.Linux;

namespace XcsSharp.Fuzz.Targets.Records;

/// <summary>A client's end of a connected socket: what was sent, and what came.</summary>
internal sealed class SocketEnd(SafeFileHandle socket) : IDisposable
{
    private static readonly byte[] s_buffer = new byte[64 * 1024];

    private readonly List<byte> _sent = [];
    private readonly List<byte> _came = [];

    public ReadOnlySpan<byte> Sent => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_sent);

    public Span<byte> Came => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_came);

    /// <summary>The daemon has closed it.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>We have.</summary>
    public bool IsHungUp { get; private set; }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (!IsEnded && !IsHungUp && Sockets.Send(socket, bytes) is { IsOk: true, Value: var count })
        {
            _sent.AddRange(bytes[..count]);
        }
    }

    /// <summary>Takes all that has come. It is far less than a socket holds, so the daemon never waits for it.</summary>
    public void Receive()
    {
        while (!IsEnded && !IsHungUp)
        {
            SysResult read = Sys.Read(socket, s_buffer);
            if (read.Error == Errno.EAGAIN)
            {
                break;
            }

            IsEnded = !read.IsOk || read.Value == 0;
            _came.AddRange(s_buffer.AsSpan(0, IsEnded ? 0 : read.Value));
        }
    }

    public void HangUp()
    {
        IsHungUp = true;
        socket.Dispose();
    }

    public void Dispose() => socket.Dispose();
}
