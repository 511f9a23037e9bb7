using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>The sending side of one connection: many records in one send. One caller at a time.</summary>
internal sealed class RecordWriter(Socket socket)
{
    private byte[] _buffer = new byte[16 * ProtocolLimits.RecordSize];

    /// <summary>Sends them all, in order.</summary>
    /// <remarks>
    /// Cancelled or failed in the middle, the connection is no longer usable: part of a record may be on its way.
    /// </remarks>
    /// <exception cref="XcsDisconnectedException">The daemon closed the connection.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync(ReadOnlyMemory<XcsRecord> records, CancellationToken cancel)
    {
        int length = Fill(records.Span);
        try
        {
            for (int sent = 0; sent < length;)
            {
                sent += await socket.SendAsync(_buffer.AsMemory(sent, length - sent), SocketFlags.None, cancel)
                    .ConfigureAwait(false);
            }
        }
        catch (SocketException failure)
        {
            throw new XcsDisconnectedException($"the daemon has closed the connection: {failure.Message}", failure);
        }
    }

    private int Fill(ReadOnlySpan<XcsRecord> records)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(records);
        if (bytes.Length > _buffer.Length)
        {
            _buffer = new byte[bytes.Length];
        }

        bytes.CopyTo(_buffer);
        return bytes.Length;
    }
}
