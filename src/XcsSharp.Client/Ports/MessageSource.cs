using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>
/// Guests' messages of some types, as two streams: requests, which want an answer each, and answers to requests that were
/// not asked with <see cref="Port.AskAsync"/>.
/// </summary>
/// <remarks>
/// <para>Each stream has one reader at a time; all else may be called from any thread. A stream ends when the source is
/// disposed or its domain is gone, and with an exception when the <see cref="Notifier"/> has failed.</para>
/// <para>A reader that lags holds up nobody: beyond <see cref="NotifierOptions.QueueLength"/> the oldest message goes, and the next
/// one says how many went (<see cref="GuestMessage.Missed"/>). A request that went is answered by another
/// subscriber or, after its <c>ResponseTimeout</c>, by the daemon. A stream that is not read costs nothing but that.</para>
/// </remarks>
public abstract class MessageSource : IAsyncDisposable
{
    // How far back an answer is known to have been given. A guest has 8 requests open; the rest is for slow answerers.
    private const int Remembered = 256;

    private readonly MessageType[] _types;
    private readonly long[] _answered = new long[Remembered];
    private readonly Lock _answering = new();
    private readonly SemaphoreSlim _binding = new(1, 1);
    private long _received;
    private bool _disposed;
    private volatile bool _ended;
    private volatile TaskCompletionSource? _restoring;

    private protected MessageSource(Notifier notifier, IReadOnlyList<MessageType> types, int queueLength)
    {
        Notifier = notifier;
        _types = [.. types.Distinct()];
        Requests = new Mailbox<GuestMessage>(queueLength);
        Responses = new Mailbox<GuestMessage>(queueLength);
    }

    /// <summary>The types of messages that come; empty for all.</summary>
    public IReadOnlyList<MessageType> Types => _types;

    internal Mailbox<GuestMessage> Requests { get; }

    internal Mailbox<GuestMessage> Responses { get; }

    /// <summary>It was bound once, and is to be bound again on a new session.</summary>
    internal bool IsOpen { get; set; }

    /// <summary>Done unless the session was refused it for now, and is asked again.</summary>
    internal Task Restored => _restoring?.Task ?? Task.CompletedTask;

    /// <summary>For messages of errors.</summary>
    internal abstract string Name { get; }

    private protected Notifier Notifier { get; }

    /// <summary>What the wire binds: one number a type, or the wildcard.</summary>
    private protected IEnumerable<ushort> BoundTypes
        => _types.Length == 0 ? [ProtocolLimits.TypeWildcard] : _types.Select(static type => (ushort)type);

    /// <summary>Requests of guests. Each is to be answered once.</summary>
    public IAsyncEnumerable<GuestMessage> ReadRequestsAsync(CancellationToken cancel = default)
        => Requests.ReadAllAsync(cancel);

    /// <summary>Waits for at least one request, then gives all that have come, up to the length of the buffer.</summary>
    /// <returns>How many were written; 0 at the end. Allocates nothing.</returns>
    public ValueTask<int> ReceiveRequestsAsync(Memory<GuestMessage> into, CancellationToken cancel = default)
        => Requests.ReceiveAsync(into, cancel);

    /// <summary>Answers of guests to other subscribers' requests and to those of <see cref="Port.SendRequestAsync"/>.</summary>
    public IAsyncEnumerable<GuestMessage> ReadResponsesAsync(CancellationToken cancel = default)
        => Responses.ReadAllAsync(cancel);

    /// <summary>As <see cref="ReceiveRequestsAsync"/>, for answers.</summary>
    public ValueTask<int> ReceiveResponsesAsync(Memory<GuestMessage> into, CancellationToken cancel = default)
        => Responses.ReceiveAsync(into, cancel);

    /// <summary>Answers a request.</summary>
    /// <param name="request">As it came from this source.</param>
    /// <param name="answer">Must repeat the request's type, subtype and id: guests of 2005 trust the id.</param>
    /// <param name="cancel">Ends the wait. When sending has begun, the answer goes nevertheless.</param>
    /// <returns>True when it was sent. False when the connection on which the request came has ended meanwhile: the switch
    /// offers the request again, or has answered it.</returns>
    /// <exception cref="InvalidOperationException">It was answered already (known of the last 256 requests).</exception>
    /// <exception cref="ArgumentException">It is no request of this source, or the answer is not one to it.</exception>
    /// <exception cref="ObjectDisposedException">The notifier is disposed.</exception>
    public ValueTask<bool> AnswerAsync(GuestMessage request, ControlMessage answer, CancellationToken cancel = default)
    {
        if (request.Source != this || !request.IsRequest)
        {
            throw new ArgumentException($"this is no request that came from {Name}", nameof(request));
        }

        ControlMessage asked = request.Message;
        return (answer.Type, answer.Subtype, answer.Id) != (asked.Type, asked.Subtype, asked.Id)
            ? throw new ArgumentException("an answer has the type, subtype and id of its request", nameof(answer))
            : Notifier.AnswerAsync(this, request, answer, cancel);
    }

    /// <summary>Answers a request with length 0: seen, nothing to say.</summary>
    public ValueTask<bool> AnswerAsync(GuestMessage request, CancellationToken cancel = default)
    {
        ControlMessage asked = request.Message;
        return AnswerAsync(request, ControlMessage.EmptyAnswerTo(in asked), cancel);
    }

    /// <summary>Ends both streams at once and gives back what was bound. Requests that were read may still be answered; those that
    /// were not are answered by other subscribers or the daemon.</summary>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        End(null);
        Requests.Clear();
        Responses.Clear();
        await Notifier.CloseAsync(this).ConfigureAwait(false);
    }

    internal bool Takes(MessageType type) => _types.Length == 0 || _types.Contains(type);

    /// <summary>A record of ours has come; on the receiving thread.</summary>
    internal void Offer(in XcsRecord record, int connection)
    {
        if (record.Type == RecordType.Request)
        {
            Requests.Put(new GuestMessage(this, record, connection, ++_received));
        }
        else
        {
            Responses.Put(new GuestMessage(this, record, connection, 0));
        }
    }

    internal void ThrowIfEnded()
    {
        if (_ended)
        {
            throw new XcsDisconnectedException($"{Name} has ended: it is disposed, or its domain is gone");
        }
    }

    internal void End(Exception? failure)
    {
        _ended = true;
        EndRestoring();
        Requests.End(failure);
        Responses.End(failure);
    }

    /// <returns>False when it is marked already.</returns>
    internal bool TryMarkAnswered(long number)
    {
        lock (_answering)
        {
            ref long last = ref _answered[number % Remembered];
            if (last == number)
            {
                return false;
            }

            last = Math.Max(last, number);
            return true;
        }
    }

    internal void BeginRestoring()
        => _restoring ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    internal void EndRestoring()
    {
        _restoring?.TrySetResult();
        _restoring = null;
    }

    /// <summary>Binds it in a session that has none of its bindings.</summary>
    internal async Task BindInAsync(XcsSession session, bool again, CancellationToken cancel)
    {
        await _binding.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (!_disposed)
            {
                await BindAsync(session, again, cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            _binding.Release();
        }
    }

    /// <summary>Takes its bindings back, for good.</summary>
    internal async Task ReleaseInAsync(XcsSession session)
    {
        await _binding.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (!_disposed)
            {
                _disposed = true;
                await UnbindAsync(session).ConfigureAwait(false);
            }
        }
        finally
        {
            _binding.Release();
        }
    }

    private protected abstract Task BindAsync(XcsSession session, bool again, CancellationToken cancel);

    private protected abstract Task UnbindAsync(XcsSession session);
}
