using System.Runtime.CompilerServices;

using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>
/// One session with the switch, spread over the ports, subscriptions and virtual interrupts that are opened on it, as xend's
/// <c>notifier</c> was. It comes back when the connection ends or the daemon is started anew, with all that was open.
/// </summary>
/// <remarks>
/// <para>All of it may be called from any thread. It receives on a task of its own that waits for no reader, so neither the daemon
/// nor the reader of another stream waits for one that lags, and a reader may ask a guest in the middle of reading; what a reader
/// loses by lagging is marked (<see cref="GuestMessage.Missed"/>).</para>
/// <para>Sending does wait: for a guest whose ring is full, by not being read. Cancelled then, the caller goes on, and what
/// it sent goes nevertheless.</para>
/// <para>Messages of guests come at least once: a request that was read and not answered before the connection ended comes
/// again.</para>
/// </remarks>
public sealed partial class Notifier : IAsyncDisposable
{
    private readonly NotifierOptions _options;
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, Port> _ports = [];
    private readonly List<MessageSource> _sources = [];
    private readonly List<VirtualInterrupt> _virqs = [];
    private readonly Mailbox<NotifierEvent> _events = new(64);
    private readonly NewsBoard _news = new();
    private readonly PendingAsks _asks;
    private readonly SemaphoreSlim _askTurns;
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;
    private TaskCompletionSource<Link> _link = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Link? _current;

    // From its first record on. What comes while bindings are made again is answered meanwhile.
    private volatile Link? _receiving;
    private Exception? _failure;
    private bool _ended;
    private long _answersTooLate;

    private Notifier(NotifierOptions options)
    {
        _options = options;
        _asks = new PendingAsks(options.TimeProvider, options.AskTimeout, options.MaxAsks);
        _askTurns = new SemaphoreSlim(options.MaxAsks);
    }

    /// <summary>There is a connection.</summary>
    public bool IsConnected => _current is not null;

    /// <summary>What the daemon granted for the connection that there is.</summary>
    public Extensions Extensions => _current?.Session.Extensions ?? Extensions.None;

    /// <summary>The session of the connection that there is, otherwise 0.</summary>
    public ulong SessionId => _current?.Session.Id ?? 0;

    /// <summary>Answers of ours before which another subscriber's, or the daemon's, was given. Counted with
    /// <see cref="Extensions.Reasons"/> only.</summary>
    public long AnswersTooLate => Interlocked.Read(ref _answersTooLate);

    /// <summary>Connects. The first attempt is the only one: an error is the caller's.</summary>
    /// <exception cref="XcsUnavailableException">The daemon cannot be reached.</exception>
    /// <exception cref="XcsRefusedException">It takes no session.</exception>
    public static async Task<Notifier> ConnectAsync(NotifierOptions options, CancellationToken cancel = default)
    {
        options.Check();
        Notifier notifier = new(options);
        XcsSession session = await XcsSession.ConnectAsync(notifier.SessionOptions(0), cancel).ConfigureAwait(false);
        notifier.Start(session);
        return notifier;
    }

    /// <summary>Connects to the socket at <paramref name="path"/>.</summary>
    public static Task<Notifier> ConnectAsync(string path = XcsSession.DefaultPath, CancellationToken cancel = default)
        => ConnectAsync(new NotifierOptions { Path = path }, cancel);

    /// <summary>Opens one domain's control interface.</summary>
    /// <exception cref="XcsRefusedException">There is no such domain, it has no channel that can be opened, or there are too
    /// many bindings.</exception>
    /// <exception cref="InvalidOperationException">A port of that domain is open here.</exception>
    public async Task<Port> OpenPortAsync(PortOptions options, CancellationToken cancel = default)
    {
        Port port = new(this, options, _options.QueueLength);
        lock (_gate)
        {
            ThrowIfEnded();
            if (!_ports.TryAdd(options.Domid, port))
            {
                throw new InvalidOperationException($"a port of domain {options.Domid} is open: one reads for all, by type");
            }
        }

        await OpenAsync(port, cancel).ConfigureAwait(false);
        return port;
    }

    /// <summary>Opens one domain's control interface, for messages of some types, or of all.</summary>
    public Task<Port> OpenPortAsync(uint domid, params MessageType[] types)
        => OpenPortAsync(new PortOptions { Domid = domid, Types = types });

    /// <summary>Subscribes to messages of all guests.</summary>
    /// <param name="types">Empty for all.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="InvalidOperationException">Another subscription has one of these types.</exception>
    public async Task<Subscription> SubscribeAsync(IReadOnlyList<MessageType> types, CancellationToken cancel = default)
    {
        Subscription subscription = new(this, types, _options.QueueLength);
        lock (_gate)
        {
            ThrowIfEnded();
            if (_sources.OfType<Subscription>().Any(
                other => other.Types.Count == 0 || types.Count == 0 || other.Types.Any(types.Contains)))
            {
                throw new InvalidOperationException("a subscription here has some of these types: a message goes to one");
            }

            _sources.Add(subscription);
        }

        await OpenAsync(subscription, cancel).ConfigureAwait(false);
        return subscription;
    }

    /// <summary>Subscribes to messages of all guests, of some types or of all.</summary>
    public Task<Subscription> SubscribeAsync(params MessageType[] types) => SubscribeAsync(types, CancellationToken.None);

    /// <summary>Asks for a virtual interrupt of dom0.</summary>
    /// <exception cref="XcsRefusedException">There is no such interrupt, or another program of dom0 has it.</exception>
    public async Task<VirtualInterrupt> BindVirqAsync(ushort virq, CancellationToken cancel = default)
    {
        VirtualInterrupt interrupt = new(this, virq);
        lock (_gate)
        {
            ThrowIfEnded();
            _virqs.Add(interrupt);
        }

        try
        {
            await OpenOnLinkAsync(
                session => interrupt.BindInAsync(session, cancel), () => interrupt.IsOpen = true, cancel).ConfigureAwait(false);
            return interrupt;
        }
        catch
        {
            await CloseAsync(interrupt).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What happens to the connection. One reader at a time; the last 64 wait for it.</summary>
    public IAsyncEnumerable<NotifierEvent> ReadEventsAsync(CancellationToken cancel = default)
        => _events.ReadAllAsync(cancel);

    /// <summary>
    /// Domains as they come, change and go, beginning with all that exist. Needs <see cref="Extensions.News"/>; without it nothing comes. One
    /// reader at a time. What waits for a slow reader is the latest of each domain, so that between two of the same domain there
    /// may have been others: see <see cref="DomainNews.Life"/>.
    /// </summary>
    public IAsyncEnumerable<DomainNews> ReadNewsAsync(CancellationToken cancel = default) => _news.ReadAllAsync(cancel);

    /// <summary>Ends the session, all streams and all that waits.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        EndAll(null);
    }

    internal async Task<ControlMessage> AskAsync(
        Port port, ControlMessage request, TimeSpan? timeout, CancellationToken cancel)
    {
        port.ThrowIfEnded();
        TimeSpan patience = timeout ?? _options.AskTimeout;
        using CancellationTokenSource timer = new(patience, _options.TimeProvider);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancel);
        try
        {
            await _askTurns.WaitAsync(either.Token).ConfigureAwait(false);
            try
            {
                return await AskInTurnAsync(port, request, either.Token).ConfigureAwait(false);
            }
            finally
            {
                _askTurns.Release();
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested && timer.IsCancellationRequested)
        {
            throw new TimeoutException($"domain {port.Domid} did not answer within {patience.TotalSeconds} s");
        }
    }

    /// <summary>Sends a record whose answer nobody awaits.</summary>
    internal async ValueTask SendAsync(XcsRecord record, CancellationToken cancel)
    {
        Link link = await LinkAsync(cancel).ConfigureAwait(false);
        await link.Session.EnterTurnAsync(cancel).ConfigureAwait(false);
        await FinishAsync(link, record, cancel).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<bool> AnswerAsync(
        MessageSource source, GuestMessage request, ControlMessage answer, CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
        if (_receiving is not { } link || link.Number != request.Connection)
        {
            return false;
        }

        await link.Session.EnterTurnAsync(cancel).ConfigureAwait(false);
        if (!source.TryMarkAnswered(request.Number))
        {
            link.Session.LeaveTurn();
            throw new InvalidOperationException("this request was answered already");
        }

        try
        {
            XcsRecord record = XcsRecord.ForMessage(RecordType.Response, request.Domid, request.LocalPort, answer);
            record.Correlation = link.IsNumbered ? request.Correlation : 0;
            await FinishAsync(link, record, cancel).ConfigureAwait(false);
            return true;
        }
        catch (XcsDisconnectedException)
        {
            return false;
        }
    }

    /// <summary>The connection, once the port has its bindings there: a plain daemon drops in silence what it cannot deliver.</summary>
    private async Task<Link> LinkToAsync(Port port, CancellationToken cancel)
    {
        while (true)
        {
            Link link = await LinkAsync(cancel).ConfigureAwait(false);
            await port.Restored.WaitAsync(cancel).ConfigureAwait(false);
            port.ThrowIfEnded();
            if (link == _current)
            {
                return link;
            }
        }
    }

    private async Task<ControlMessage> AskInTurnAsync(Port port, ControlMessage request, CancellationToken cancel)
    {
        Link link = await LinkToAsync(port, cancel).ConfigureAwait(false);
        if (!link.IsNumbered && !port.Takes(request.Type))
        {
            throw new InvalidOperationException(
                $"the answer to a request of type {request.Type} would not come: {port.Name} does not take that type");
        }

        await link.Session.EnterTurnAsync(cancel).ConfigureAwait(false);

        // In the turn: the order of these is the order on the wire.
        PendingAsks.Ask ask = _asks.Begin(port.Domid, request, link.IsNumbered);
        try
        {
            XcsRecord record = XcsRecord.ForMessage(RecordType.Request, port.Domid, 0, request);
            record.Correlation = ask.Number;
            await FinishAsync(link, record, cancel).ConfigureAwait(false);
            return await ask.Task.WaitAsync(cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _asks.Abandon(ask);
            throw;
        }
        catch (XcsDisconnectedException)
        {
            _asks.Remove(ask);
            throw;
        }
    }

    /// <summary>Sends in the turn that the caller has entered. Whoever does not want to wait leaves the sending to itself: half a
    /// record would be the end of the connection.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask FinishAsync(Link link, XcsRecord record, CancellationToken cancel)
    {
        try
        {
            ValueTask sending = link.Session.SendInTurnAsync(record);
            if (sending.IsCompleted)
            {
                await sending.ConfigureAwait(false);
            }
            else
            {
                await sending.AsTask().WaitAsync(cancel).ConfigureAwait(false);
            }
        }
        catch (ObjectDisposedException gone)
        {
            throw new XcsDisconnectedException("the connection ended before this was sent", gone);
        }
    }
}
