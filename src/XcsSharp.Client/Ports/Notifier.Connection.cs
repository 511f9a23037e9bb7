using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <content>Connecting, receiving, and coming back.</content>
public sealed partial class Notifier
{
    // The daemon may not have seen yet that our last connections ended.
    private const int InUsePatience = 5;

    // Of one attempt: a daemon that hangs accepts and says nothing.
    private static readonly TimeSpan s_attempt = TimeSpan.FromSeconds(10);

    // All under the gate: the session that the bindings are in, and whether all of them are known to be.
    private ulong _sessionId;
    private bool _isResumable;

    // What was closed while there was no connection: at most what was open.
    private readonly List<Func<XcsSession, Task>> _leftovers = [];
    private int _connections;

    private XcsSessionOptions SessionOptions(ulong savedId) => new()
    {
        Path = _options.Path,
        SavedId = savedId,
        Extensions = _options.Extensions,
        Credit = _options.Credit,
    };

    private void Start(XcsSession session)
    {
        Link link = Adopt(session);
        TryPublish(link, out _);
        _running = Task.Run(() => RunAsync(link), CancellationToken.None);
    }

    private async Task RunAsync(Link link)
    {
        ReconnectDelays delays = new(_options, Random.Shared);
        Exception? failure;
        try
        {
            while (true)
            {
                long since = _options.TimeProvider.GetTimestamp();
                Exception? cause = null;
                try
                {
                    cause = await ServeAsync(link).ConfigureAwait(false);
                }
                finally
                {
                    Withdraw(link, cause);
                }

                if (_stopping.IsCancellationRequested || !_options.Reconnect)
                {
                    failure = _stopping.IsCancellationRequested ? null
                        : cause ?? new XcsDisconnectedException("the daemon ended the session");
                    break;
                }

                delays.OnConnectionEnded(_options.TimeProvider.GetElapsedTime(since));
                link = await ReconnectAsync(delays).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            failure = null;
        }
        catch (Exception ours)
        {
            // The protocol's violation, a giving up, or a bug: every reader gets it.
            failure = ours;
        }

        EndAll(failure);
    }

    /// <summary>Receives until the connection ends, and restores meanwhile what the session lacks.</summary>
    /// <returns>Why it ended, or null when the daemon closed it.</returns>
    private async Task<Exception?> ServeAsync(Link link)
    {
        Task restoring = link.Resumed is null ? Task.CompletedTask : RestoreAsync(link);
        XcsRecord[] batch = new XcsRecord[64];
        Exception? cause = null;

        // Also of a connection that is not published yet.
        using CancellationTokenRegistration stop = _stopping.Token.UnsafeRegister(
            static session => ((XcsSession)session!).DisposeAsync().AsTask(), link.Session);
        try
        {
            int count;
            while ((count = await link.Session.ReceiveAsync(batch, CancellationToken.None).ConfigureAwait(false)) > 0)
            {
                Spread(link, batch.AsSpan(0, count));
            }
        }
        catch (XcsDisconnectedException ended)
        {
            cause = ended;
        }
        finally
        {
            await link.Ending.CancelAsync().ConfigureAwait(false);
            await link.Session.DisposeAsync().ConfigureAwait(false);
            await restoring.ConfigureAwait(false);
        }

        return cause;
    }

    private async Task<Link> ReconnectAsync(ReconnectDelays delays)
    {
        long since = _options.TimeProvider.GetTimestamp();
        ulong saved;
        lock (_gate)
        {
            saved = _isResumable ? _sessionId : 0;
        }

        for (int inUse = 0; ;)
        {
            await Task.Delay(delays.Next(), _options.TimeProvider, _stopping.Token).ConfigureAwait(false);
            using CancellationTokenSource patience = new(s_attempt, _options.TimeProvider);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(
                patience.Token, _stopping.Token);
            try
            {
                XcsSession session = await XcsSession.ConnectAsync(SessionOptions(saved), either.Token).ConfigureAwait(false);
                return Adopt(session, resumed: saved != 0);
            }
            catch (XcsRefusedException refused) when (saved != 0)
            {
                // Of another daemon, or too late; in use, if it has not noticed the end of the last connection.
                bool waits = refused.Result == RecordResult.ConnectionInUse && ++inUse < InUsePatience;
                saved = waits ? saved : 0;
            }
            catch (Exception again) when (again is XcsUnavailableException or XcsDisconnectedException or XcsRefusedException
                || (again is OperationCanceledException && !_stopping.IsCancellationRequested))
            {
                if (_options.GiveUpAfter != Timeout.InfiniteTimeSpan
                    && _options.TimeProvider.GetElapsedTime(since) >= _options.GiveUpAfter)
                {
                    throw new XcsUnavailableException(
                        _options.Path, $"gave up after {_options.GiveUpAfter.TotalSeconds} s: {again.Message}", again);
                }
            }
        }
    }

    private Link Adopt(XcsSession session, bool? resumed = null)
    {
        lock (_gate)
        {
            _news.BeginRound();
            _sessionId = session.Id;
            _isResumable = true;
            if (resumed != true)
            {
                _leftovers.Clear();
            }

            Link link = new(session, ++_connections, resumed);
            _receiving = link;
            return link;
        }
    }

    /// <summary>Whoever waits for a connection gets it.</summary>
    /// <returns>False when there is something to be taken back first.</returns>
    private bool TryPublish(Link link, out List<Func<XcsSession, Task>> leftovers)
    {
        lock (_gate)
        {
            leftovers = [.. _leftovers];
            _leftovers.Clear();
            if (leftovers.Count > 0)
            {
                return false;
            }

            if (!_ended && !link.Ending.IsCancellationRequested)
            {
                _current = link;
                _link.TrySetResult(link);
            }

            return true;
        }
    }

    private void Withdraw(Link link, Exception? cause)
    {
        lock (_gate)
        {
            _current = null;
            _receiving = null;
            if (_link.Task.IsCompleted)
            {
                _link = new TaskCompletionSource<Link>(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            // They come again, and an answer to these would go nowhere.
            foreach (MessageSource source in SourcesLocked())
            {
                source.Requests.Clear();
            }
        }

        link.End();
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        _asks.FailAll(ask => new XcsDisconnectedException(
            $"the connection ended after a request was sent to domain {ask.Domid}; whether the guest has it is not known", cause));
        _events.Put(new NotifierEvent(NotifierEventKind.Disconnected) { Cause = cause });
    }

    private async Task<Link> LinkAsync(CancellationToken cancel)
    {
        Task<Link> link;
        lock (_gate)
        {
            ThrowIfEnded();
            link = _link.Task;
        }

        return await link.WaitAsync(cancel).ConfigureAwait(false);
    }

    private void ThrowIfEnded()
    {
        ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
        if (_ended)
        {
            throw Ended();
        }
    }

    private XcsDisconnectedException Ended() => new($"this notifier has ended: {_failure?.Message}", _failure);

    private void EndAll(Exception? failure)
    {
        MessageSource[] sources;
        VirtualInterrupt[] virqs;
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            _failure = failure;
            _current = null;
            if (_link.Task.IsCompleted)
            {
                _link = new TaskCompletionSource<Link>(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            _link.TrySetException(failure is null ? new ObjectDisposedException(nameof(Notifier)) : Ended());
            _ = _link.Task.Exception;
            sources = [.. SourcesLocked()];
            virqs = [.. _virqs];
        }

        Array.ForEach(sources, source => source.End(failure));
        Array.ForEach(virqs, virq => virq.End(failure));
        _asks.FailAll(ask => failure is null
            ? new ObjectDisposedException(nameof(Notifier))
            : new XcsDisconnectedException($"no answer of domain {ask.Domid}: {failure.Message}", failure));
        _news.End(failure);
        _events.End(failure);
    }

    /// <summary>One connection of a session.</summary>
    /// <param name="Session">Its session.</param>
    /// <param name="Number">Counts connections.</param>
    /// <param name="Resumed">Null of the first.</param>
    private sealed record Link(XcsSession Session, int Number, bool? Resumed)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationTokenSource Ending { get; } = new();

        /// <summary>Done when the connection is withdrawn.</summary>
        public Task Ended => _ended.Task;

        public bool IsNumbered { get; } = Session.Extensions.HasFlag(Extensions.Correlation);

        public void End() => _ended.TrySetResult();
    }
}
