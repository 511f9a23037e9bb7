using System.Net.Sockets;
using System.Runtime.CompilerServices;

using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>
/// The receiving side of one connection: whole records out of whatever pieces the socket gives. One caller at a time.
/// </summary>
internal sealed class RecordReader(Socket socket)
{
    private readonly byte[] _buffer = new byte[256 * ProtocolLimits.RecordSize];
    private RecordAssembler _assembler;
    private int _start;
    private int _end;

    /// <summary>Waits for at least one record, then gives all that are there.</summary>
    /// <returns>How many were written to <paramref name="into"/>; 0 at the end of the stream.</returns>
    /// <remarks>Cancelling loses nothing: bytes received so far stay here.</remarks>
    /// <exception cref="XcsDisconnectedException">The stream ended inside a record, or failed.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReceiveAsync(Memory<XcsRecord> into, CancellationToken cancel)
    {
        while (true)
        {
            int count = TakeBuffered(into.Span);
            if (count > 0)
            {
                return count;
            }

            try
            {
                _start = 0;
                _end = 0;
                _end = await socket.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None, cancel).ConfigureAwait(false);
            }
            catch (SocketException failure)
            {
                throw new XcsDisconnectedException($"the connection to the daemon failed: {failure.Message}", failure);
            }

            if (_end == 0)
            {
                return _assembler.Held == 0
                    ? 0
                    : throw new XcsDisconnectedException("the daemon ended inside a record");
            }
        }
    }

    private int TakeBuffered(Span<XcsRecord> into)
    {
        int count = 0;
        ReadOnlySpan<byte> input = _buffer.AsSpan(_start, _end - _start);
        while (count < into.Length && _assembler.TryTake(ref input, out into[count]))
        {
            count++;
        }

        _start = _end - input.Length;
        return count;
    }
}
