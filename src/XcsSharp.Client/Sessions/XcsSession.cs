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
    private readonly int _creditStep;
    private int _taken;
    private int _receiving;
    private volatile bool _disposed;

    private XcsSession(Greeting greeting, int credit)
    {
        Id = greeting.Id;
        IsExtended = greeting.IsExtended;
        Extensions = greeting.Granted;
        _control = greeting.Control;
        _dataSocket = greeting.Data;
        _reader = greeting.Reader;
        _writer = greeting.Writer;
        _creditStep = Extensions.HasFlag(Extensions.Credit) ? Math.Max(1, credit / 2) : int.MaxValue;
    }

    /// <summary>Names the session; give it to <see cref="ConnectAsync(string, ulong, CancellationToken)"/> to come back to it.</summary>
    public ulong Id { get; }

    /// <summary>The daemon knows the extensions, and domains can be bound.</summary>
    public bool IsExtended { get; }

    /// <summary>What was asked for and granted.</summary>
    public Extensions Extensions { get; }

    /// <summary>Opens a session of 2005, or comes back to one.</summary>
    /// <param name="path">The daemon's xcs socket.</param>
    /// <param name="savedId">See <see cref="XcsSessionOptions.SavedId"/>.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="XcsUnavailableException">The daemon cannot be reached.</exception>
    /// <exception cref="XcsRefusedException">There is no such session, or somebody else uses it.</exception>
    public static Task<XcsSession> ConnectAsync(
        string path = DefaultPath, ulong savedId = 0, CancellationToken cancel = default)
        => ConnectAsync(new XcsSessionOptions { Path = path, SavedId = savedId }, cancel);

    /// <summary>Opens a session, or comes back to one.</summary>
    /// <param name="options">What it is to be.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="XcsUnavailableException">The daemon cannot be reached.</exception>
    /// <exception cref="XcsRefusedException">There is no such session, or somebody else uses it.</exception>
    public static async Task<XcsSession> ConnectAsync(XcsSessionOptions options, CancellationToken cancel = default)
        => new(await Greeting.ExchangeAsync(options, cancel).ConfigureAwait(false), options.Credit);

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

    /// <summary>Subscribes to one domain's messages, whichever port its channel has and will have, until it is gone. In an
    /// extended session only.</summary>
    /// <param name="domid">The domain.</param>
    /// <param name="type">A <see cref="MessageType"/>, or <see cref="ProtocolLimits.TypeWildcard"/>.</param>
    /// <param name="cancel">Ends the wait; the binding may be made nevertheless.</param>
    public Task BindDomainAsync(
        uint domid, ushort type = ProtocolLimits.TypeWildcard, CancellationToken cancel = default)
        => AskExtendedAsync(RecordType.BindDomain, domid, type, cancel);

    /// <summary>Ends the subscription of exactly that domain and type. One that does not exist is no error.</summary>
    public Task UnbindDomainAsync(
        uint domid, ushort type = ProtocolLimits.TypeWildcard, CancellationToken cancel = default)
        => AskExtendedAsync(RecordType.UnbindDomain, domid, type, cancel);

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
            // Before more is taken: cancelled here, nothing has been received that could be lost.
            if (_taken >= _creditStep)
            {
                int taken = _taken;
                await _control.GiveCreditAsync((uint)taken, cancel).ConfigureAwait(false);
                _taken -= taken;
            }

            int count = await _reader.ReceiveAsync(records, cancel).ConfigureAwait(false);
            _taken = _creditStep == int.MaxValue ? 0 : _taken + count;
            return count;
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
    /// <param name="domid">The guest.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="cancel">See <see cref="SendAsync"/>.</param>
    /// <param name="correlation">Where <see cref="Extensions.Correlation"/> is granted, the number that the answer and a reason
    /// will carry; otherwise not sent.</param>
    public ValueTask SendRequestAsync(
        uint domid, ControlMessage request, CancellationToken cancel = default, uint correlation = 0)
        => SendOneAsync(
            XcsRecord.ForMessage(RecordType.Request, domid, 0, request) with { Correlation = Numbered(correlation) }, cancel);

    /// <summary>Answers a request that came from a guest.</summary>
    /// <param name="request">The record as received.</param>
    /// <param name="answer">Must repeat the request's type, subtype and id: guests of 2005 trust the id.</param>
    /// <param name="cancel">See <see cref="SendAsync"/>.</param>
    public ValueTask RespondAsync(XcsRecord request, ControlMessage answer, CancellationToken cancel = default)
        => SendOneAsync(Answer(request, answer), cancel);

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
                answers[count++] = Answer(request, ControlMessage.EmptyAnswerTo(in request.Message));
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

    /// <summary>Waits for the turn to send. Whoever has it calls <see cref="SendInTurnAsync"/> or <see cref="LeaveTurn"/>.</summary>
    internal Task EnterTurnAsync(CancellationToken cancel) => _sending.WaitAsync(cancel);

    internal void LeaveTurn() => _sending.Release();

    /// <summary>Sends a whole record, whoever gives up waiting for it meanwhile, and leaves the turn.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    internal async ValueTask SendInTurnAsync(XcsRecord record)
    {
        try
        {
            _single[0] = record;
            await SendLockedAsync(_single, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _sending.Release();
        }
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

    private Task AskExtendedAsync(RecordType what, uint domid, ushort type, CancellationToken cancel)
        => !IsExtended
            ? throw new InvalidOperationException(
                $"session {Id} is one of 2005, which binds ports only: ask for an extension in {nameof(XcsSessionOptions)}")
            : _control.AskAsync(
                new XcsRecord { Type = what, RemoteDomain = domid, BindType = type }, $"domain {domid}, type {type}", cancel);

    // A record of 2005 has a result there, which is 0 in what we send.
    private uint Numbered(uint correlation) => Extensions.HasFlag(Extensions.Correlation) ? correlation : 0;

    private XcsRecord Answer(in XcsRecord request, in ControlMessage answer)
        => XcsRecord.ForMessage(RecordType.Response, request.RemoteDomain, request.LocalPort, answer) with
        {
            Correlation = Numbered(request.Correlation),
        };

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
