using System.Net.Sockets;
using System.Runtime.CompilerServices;

using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>A session's control connection: one record asks, the next one answers.</summary>
internal sealed class ControlConnection(Socket socket) : IDisposable
{
    private readonly RecordReader _reader = new(socket);
    private readonly RecordWriter _writer = new(socket);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly XcsRecord[] _record = new XcsRecord[1];
    private int _repliesNotWanted;

    /// <summary>Sends a request and waits for its reply; callers take turns.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="subject">What it is about, for the message of a refusal.</param>
    /// <param name="cancel">Ends the wait for the reply; the request may take effect nevertheless.</param>
    /// <exception cref="XcsRefusedException">The reply is not OK.</exception>
    /// <exception cref="XcsDisconnectedException">There is no reply.</exception>
    public async Task<XcsRecord> AskAsync(XcsRecord request, string subject, CancellationToken cancel)
    {
        XcsRecord reply = await ExchangeAsync(request, cancel).ConfigureAwait(false);
        Check(reply, request.Type, subject);
        return reply;
    }

    /// <summary>As <see cref="AskAsync"/>, and whatever the reply says is given back.</summary>
    public async ValueTask<XcsRecord> ExchangeAsync(XcsRecord request, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await SendAsync(request).ConfigureAwait(false);
            await ReceiveAsync(cancel).ConfigureAwait(false);
            return _record[0];
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Says that we are ready for so many more records. Allocates nothing. Cancelled once it is said, it ends without an
    /// exception, so that the caller never says it twice.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask GiveCreditAsync(uint count, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await SendAsync(new XcsRecord { Type = RecordType.Credit, Credit = count }).ConfigureAwait(false);
            await ReceiveAsync(cancel).ConfigureAwait(false);
            Check(_record[0], RecordType.Credit, "records");
        }
        catch (OperationCanceledException)
        {
            // The reply will be passed over.
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <exception cref="XcsRefusedException">It says no.</exception>
    /// <exception cref="XcsProtocolException">It answers something else.</exception>
    public static void Check(in XcsRecord reply, RecordType expected, string subject)
    {
        if (reply.Type != expected)
        {
            throw new XcsProtocolException(
                $"the daemon answers {expected} with {reply.Type}: is this socket the xcs socket?");
        }

        if (reply.Result != RecordResult.Ok)
        {
            throw new XcsRefusedException(expected, reply.Result, subject);
        }
    }

    public void Dispose() => socket.Dispose();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(XcsRecord request)
    {
        _record[0] = request;

        // Not cancelled: 80 bytes to a daemon that reads take no time, and half of them would be the end.
        await _writer.SendAsync(_record, CancellationToken.None).ConfigureAwait(false);
        _repliesNotWanted++;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReceiveAsync(CancellationToken cancel)
    {
        do
        {
            if (await _reader.ReceiveAsync(_record, cancel).ConfigureAwait(false) == 0)
            {
                throw new XcsDisconnectedException("the daemon closed the connection before it answered; see: systemctl status xcsd");
            }
        }
        while (--_repliesNotWanted > 0); // replies to requests whose callers gave up
    }
}
