using System.Net.Sockets;
using System.Runtime.CompilerServices;

using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>The two ends of an open control interface: event-channel ports of dom0 and of the guest.</summary>
public readonly record struct InterfacePorts(int Local, int Remote);

/// <summary>
/// A subscriber's session with the switch: a control connection for binding and opening, a data connection for
/// messages. Requests of guests come in, answers and requests of our own go out.
/// </summary>
/// <remarks>
/// <para>Every <see cref="RecordType.Request"/> received must be answered, once, in the order of arrival a domain:
/// a guest has eight slots, and an unanswered request holds one of them.</para>
/// <para>The session outlives its connections by about ten seconds: a program that was cut off connects again with
/// its <see cref="Id"/> and keeps its bindings.</para>
/// <para>Control operations may be called from any thread and are done one after the other; so are sends. Receiving is
/// for one caller at a time.</para>
/// </remarks>
public sealed class XcsSession : IAsyncDisposable
{
    /// <summary>Where the daemon listens, unless its settings say otherwise.</summary>
    public const string DefaultPath = "/run/xcs/xcs.sock";

    private readonly Socket _dataSocket;
    private readonly ControlConnection _control;
    private readonly RecordReader _reader;
    private readonly RecordWriter _writer;
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly XcsRecord[] _single = new XcsRecord[1];
    private int _receiving;
    private volatile bool _disposed;

    private XcsSession(ulong id, ControlConnection control, Socket dataSocket, RecordReader reader, RecordWriter writer)
    {
        Id = id;
        _control = control;
        _dataSocket = dataSocket;
        _reader = reader;
        _writer = writer;
    }

    /// <summary>Names the session; give it to <see cref="ConnectAsync"/> to come back to it.</summary>
    public ulong Id { get; }

    /// <summary>Opens a session, or comes back to one.</summary>
    /// <param name="path">The daemon's xcs socket.</param>
    /// <param name="savedId">0 for a new session, or the <see cref="Id"/> of one that lost both its connections less than
    /// about ten seconds ago.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="XcsUnavailableException">The daemon cannot be reached.</exception>
    /// <exception cref="XcsRefusedException">There is no such session, or somebody else uses it.</exception>
    public static async Task<XcsSession> ConnectAsync(
        string path = DefaultPath, ulong savedId = 0, CancellationToken cancel = default)
    {
        ControlConnection control = new(await DaemonSocket.ConnectAsync(path, cancel).ConfigureAwait(false));
        Socket? data = null;
        try
        {
            XcsRecord hello = new() { Type = RecordType.ConnectControl, SessionId = savedId };
            ulong id = (await control.AskAsync(hello, $"session {savedId}", cancel).ConfigureAwait(false)).SessionId;

            data = await DaemonSocket.ConnectAsync(path, cancel).ConfigureAwait(false);
            RecordReader reader = new(data);
            RecordWriter writer = new(data);
            XcsRecord[] record = [new() { Type = RecordType.ConnectData, SessionId = id }];
            await writer.SendAsync(record, cancel).ConfigureAwait(false);
            if (await reader.ReceiveAsync(record, cancel).ConfigureAwait(false) == 0)
            {
                throw new XcsDisconnectedException("the daemon closed the data connection before it answered");
            }

            ControlConnection.Check(record[0], RecordType.ConnectData, $"session {id}");
            return new XcsSession(id, control, data, reader, writer);
        }
        catch
        {
            control.Dispose();
            data?.Dispose();
            throw;
        }
    }

    /// <summary>Subscribes to guests' messages of one type on one port; the wildcards stand for all.</summary>
    /// <param name="port">dom0's end of a channel, as <see cref="OpenInterfaceAsync"/> gives it.</param>
    /// <param name="type">A <see cref="MessageType"/>, <see cref="ProtocolLimits.TypeWildcard"/> or
    /// <see cref="ProtocolLimits.TypeVirq"/>.</param>
    /// <param name="cancel">Ends the wait; the binding may be made nevertheless.</param>
    public Task BindAsync(
        int port = ProtocolLimits.PortWildcard, ushort type = ProtocolLimits.TypeWildcard, CancellationToken cancel = default)
        => _control.AskAsync(
            new XcsRecord { Type = RecordType.Bind, BindPort = port, BindType = type }, Binding(port, type), cancel);

    /// <summary>Ends the subscription of exactly that port and type. One that does not exist is no error.</summary>
    public Task UnbindAsync(
        int port = ProtocolLimits.PortWildcard, ushort type = ProtocolLimits.TypeWildcard, CancellationToken cancel = default)
        => _control.AskAsync(
            new XcsRecord { Type = RecordType.Unbind, BindPort = port, BindType = type }, Binding(port, type), cancel);

    /// <summary>
    /// Makes sure that a domain's control channel is open, and keeps it open for as long as this session lasts.
    /// </summary>
    /// <param name="domid">The domain.</param>
    /// <param name="local">The port wished for on dom0's side; 0 for any.</param>
    /// <param name="remote">The guest's port; 1 by custom.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The ports in use: of a channel that was open already, those that it has.</returns>
    public async Task<InterfacePorts> OpenInterfaceAsync(
        uint domid, int local = 0, int remote = 1, CancellationToken cancel = default)
    {
        XcsRecord reply = await _control.AskAsync(
            Interface(RecordType.OpenInterface, domid, local, remote), $"domain {domid}", cancel).ConfigureAwait(false);
        return new InterfacePorts(reply.InterfaceLocalPort, reply.InterfaceRemotePort);
    }

    /// <summary>Gives back one <see cref="OpenInterfaceAsync"/>.</summary>
    public Task CloseInterfaceAsync(uint domid, InterfacePorts ports, CancellationToken cancel = default)
        => _control.AskAsync(
            Interface(RecordType.CloseInterface, domid, ports.Local, ports.Remote), $"domain {domid}", cancel);

    /// <summary>Asks for a virtual interrupt of dom0; it arrives as <see cref="RecordType.Virq"/> records.</summary>
    /// <returns>Its port: bind it with <see cref="ProtocolLimits.TypeVirq"/> to receive it.</returns>
    public async Task<int> BindVirqAsync(ushort virq, CancellationToken cancel = default)
        => (await _control.AskAsync(
            new XcsRecord { Type = RecordType.VirqBind, Virq = virq }, $"virtual interrupt {virq}", cancel)
            .ConfigureAwait(false)).VirqPort;

    /// <summary>Waits for at least one record, then gives all that have arrived, up to the length of the buffer.</summary>
    /// <returns>How many were written; 0 when the daemon has ended the session. Allocates nothing.</returns>
    /// <exception cref="InvalidOperationException">Somebody is receiving already.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReceiveAsync(Memory<XcsRecord> records, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfZero(records.Length);
        if (Interlocked.Exchange(ref _receiving, 1) != 0)
        {
            throw new InvalidOperationException("one caller at a time receives from a session");
        }

        try
        {
            return await _reader.ReceiveAsync(records, cancel).ConfigureAwait(false);
        }
        catch (ObjectDisposedException) when (_disposed)
        {
            return 0;
        }
        catch (XcsDisconnectedException) when (_disposed)
        {
            return 0;
        }
        finally
        {
            Volatile.Write(ref _receiving, 0);
        }
    }

    /// <summary>All records until the daemon ends the session or the enumeration is cancelled.</summary>
    public async IAsyncEnumerable<XcsRecord> ReadAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        XcsRecord[] batch = new XcsRecord[64];
        int count;
        while ((count = await ReceiveAsync(batch, cancel).ConfigureAwait(false)) > 0)
        {
            for (int i = 0; i < count; i++)
            {
                yield return batch[i];
            }
        }
    }

    /// <summary>Sends a request of ours to a guest. Its answer comes as a <see cref="RecordType.Response"/> with the same
    /// type, subtype and id.</summary>
    public ValueTask SendRequestAsync(uint domid, ControlMessage request, CancellationToken cancel = default)
        => SendOneAsync(XcsRecord.ForMessage(RecordType.Request, domid, 0, request), cancel);

    /// <summary>Answers a request that came from a guest.</summary>
    /// <param name="request">The record as received.</param>
    /// <param name="answer">Must repeat the request's type, subtype and id: guests of 2005 trust the id.</param>
    /// <param name="cancel">See <see cref="SendAsync"/>.</param>
    public ValueTask RespondAsync(XcsRecord request, ControlMessage answer, CancellationToken cancel = default)
        => SendOneAsync(
            XcsRecord.ForMessage(RecordType.Response, request.RemoteDomain, request.LocalPort, answer), cancel);

    /// <summary>Answers a request with length 0: seen, nothing to say.</summary>
    public ValueTask RespondAsync(XcsRecord request, CancellationToken cancel = default)
        => RespondAsync(request, ControlMessage.EmptyAnswerTo(in request.Message), cancel);

    /// <summary>Answers all requests of a batch with length 0, in one send; other records are passed over.</summary>
    public async ValueTask RespondAsync(ReadOnlyMemory<XcsRecord> requests, CancellationToken cancel = default)
    {
        XcsRecord[] answers = new XcsRecord[requests.Length];
        int count = 0;
        foreach (ref readonly XcsRecord request in requests.Span)
        {
            if (request.Type == RecordType.Request)
            {
                answers[count++] = XcsRecord.ForMessage(
                    RecordType.Response,
                    request.RemoteDomain,
                    request.LocalPort,
                    ControlMessage.EmptyAnswerTo(in request.Message));
            }
        }

        await SendAsync(answers.AsMemory(0, count), cancel).ConfigureAwait(false);
    }

    /// <summary>Signals a port that <see cref="BindVirqAsync"/> gave.</summary>
    public ValueTask NotifyVirqAsync(int port, CancellationToken cancel = default)
        => SendOneAsync(new XcsRecord { Type = RecordType.Virq, LocalPort = port }, cancel);

    /// <summary>Sends many records (requests, responses) in one go. Waits while the daemon does not read: that is how a
    /// guest with a full ring slows us down.</summary>
    /// <exception cref="OperationCanceledException">Cancelled. If sending had begun, the session's connections are closed,
    /// since half a record may be on its way; come back with the <see cref="Id"/>.</exception>
    /// <exception cref="XcsDisconnectedException">The daemon has closed the connection.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync(ReadOnlyMemory<XcsRecord> records, CancellationToken cancel = default)
    {
        await _sending.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await SendLockedAsync(records, cancel).ConfigureAwait(false);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Closes both connections. What the session was bound to and had opened ends with it.</summary>
    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendOneAsync(XcsRecord record, CancellationToken cancel)
    {
        await _sending.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            _single[0] = record;
            await SendLockedAsync(_single, cancel).ConfigureAwait(false);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async ValueTask SendLockedAsync(ReadOnlyMemory<XcsRecord> records, CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        try
        {
            await _writer.SendAsync(records, cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Close();
            throw;
        }
    }

    private void Close()
    {
        _disposed = true;
        _control.Dispose();
        _dataSocket.Dispose();
    }

    private static XcsRecord Interface(RecordType type, uint domid, int local, int remote) => new()
    {
        Type = type,
        InterfaceDomain = domid,
        InterfaceLocalPort = local,
        InterfaceRemotePort = remote,
    };

    private static string Binding(int port, ushort type)
        => $"{(port == ProtocolLimits.PortWildcard ? "all ports" : $"port {port}")},"
            + $" {(type == ProtocolLimits.TypeWildcard ? "all types" : $"type {type}")}";
}
