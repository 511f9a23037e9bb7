using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <content>Whose a record is, and opening and closing what records are for.</content>
public sealed partial class Notifier
{
    /// <summary>Gives each record to whoever it is for. Never waits.</summary>
    private void Spread(Link link, ReadOnlySpan<XcsRecord> records)
    {
        foreach (ref readonly XcsRecord record in records)
        {
            switch (record.Type)
            {
                case RecordType.Request:
                    Find(record.RemoteDomain, record.Message.Type)?.Offer(record, link.Number);
                    break;
                case RecordType.Response:
                    if (!_asks.TryAnswer(record, link.IsNumbered))
                    {
                        Find(record.RemoteDomain, record.Message.Type)?.Offer(record, link.Number);
                    }

                    break;
                case RecordType.Virq:
                    Interrupt(record.LocalPort);
                    break;
                case RecordType.Undelivered:
                    OnUndelivered(record);
                    break;
                case RecordType.DomainNews:
                    OnNews(record);
                    break;
                case RecordType.Gap:
                    // Behind it, all domains are told again.
                    _news.BeginRound();
                    _events.Put(new NotifierEvent(NotifierEventKind.Gap) { Lost = record.Lost });
                    break;
            }
        }
    }

    private MessageSource? Find(uint domid, MessageType type)
    {
        lock (_gate)
        {
            if (_ports.TryGetValue(domid, out Port? port) && port.Takes(type))
            {
                return port;
            }

            foreach (MessageSource source in _sources)
            {
                if (source.Takes(type))
                {
                    return source;
                }
            }

            return null;
        }
    }

    private void Interrupt(int port)
    {
        lock (_gate)
        {
            foreach (VirtualInterrupt virq in _virqs)
            {
                if (virq.Port == port)
                {
                    virq.Arrive();
                }
            }
        }
    }

    private void OnUndelivered(in XcsRecord record)
    {
        if (record.Reason == UndeliveredReason.AlreadyAnswered)
        {
            // As usual where a type has several subscribers: the stream of happenings is not for that.
            Interlocked.Increment(ref _answersTooLate);
            return;
        }

        if (record.Reason == UndeliveredReason.NotGiven || !_asks.TryFail(record))
        {
            _events.Put(new NotifierEvent(NotifierEventKind.Undelivered)
            {
                Domid = record.RemoteDomain,
                Reason = record.Reason,
            });
        }
    }

    private void OnNews(in XcsRecord record)
    {
        DomainNews news = DomainNews.Of(record);
        foreach (uint domid in _news.Put(news))
        {
            if (FindPort(domid) is { } gone)
            {
                _asks.FailAll(ask => new XcsUndeliveredException(ask.Domid, UndeliveredReason.NoSuchDomain), domid);
                EndSource(gone, null);
            }
        }

        if (news.Kind == DomainNewsKind.Exists && FindPort(news.Domid) is { } port)
        {
            port.Ports = news.Ports;
        }
    }

    private Port? FindPort(uint domid)
    {
        lock (_gate)
        {
            return _ports.GetValueOrDefault(domid);
        }
    }

    /// <summary>Its streams end after what they hold.</summary>
    private void EndSource(MessageSource source, Exception? failure)
    {
        lock (_gate)
        {
            Forget(source);
        }

        source.End(failure);
        _events.Put(new NotifierEvent(NotifierEventKind.PortEnded)
        {
            Domid = (source as Port)?.Domid ?? 0,
            Cause = failure,
        });
    }

    private IEnumerable<MessageSource> SourcesLocked() => _sources.Concat(_ports.Values);

    private bool Forget(MessageSource source)
        => source is Port port
            ? _ports.GetValueOrDefault(port.Domid) == port && _ports.Remove(port.Domid)
            : _sources.Remove(source);

    private async Task OpenAsync(MessageSource source, CancellationToken cancel)
    {
        try
        {
            await OpenOnLinkAsync(
                session => source.BindInAsync(session, again: false, cancel), () => source.IsOpen = true, cancel)
                .ConfigureAwait(false);
        }
        catch
        {
            // Whatever of it was made is nobody's.
            await CloseAsync(source).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Binds something in the session that there is, once more where that ends meanwhile.</summary>
    private async Task OpenOnLinkAsync(Func<XcsSession, Task> bind, Action open, CancellationToken cancel)
    {
        while (true)
        {
            Link link = await LinkAsync(cancel).ConfigureAwait(false);
            try
            {
                await bind(link.Session).ConfigureAwait(false);
                lock (_gate)
                {
                    if (_sessionId == link.Session.Id)
                    {
                        open();
                        return;
                    }
                }
            }
            catch (Exception ended) when (ended is XcsDisconnectedException or ObjectDisposedException)
            {
                // Bound or not: a new session is certain to have nothing of it.
                Doubt(link.Session);
            }

            // The end of the connection is about to be noticed.
            await link.Ended.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>The session may have a binding that nobody wants: it is not come back to.</summary>
    private void Doubt(XcsSession session)
    {
        lock (_gate)
        {
            _isResumable &= _sessionId != session.Id;
        }
    }

    internal async ValueTask CloseAsync(MessageSource source)
    {
        bool had;
        lock (_gate)
        {
            had = Forget(source);
        }

        // One that has ended has nothing any more: what is bound under its domid may be its successor's.
        if (had)
        {
            await ReleaseAsync(source.ReleaseInAsync).ConfigureAwait(false);
        }
    }

    internal async ValueTask CloseAsync(VirtualInterrupt virq)
    {
        bool had;
        lock (_gate)
        {
            had = _virqs.Remove(virq);
        }

        if (had)
        {
            await ReleaseAsync(session => session.UnbindAsync(
                virq.Port, ProtocolLimits.TypeVirq, CancellationToken.None)).ConfigureAwait(false);
        }
    }

    /// <summary>Takes bindings back, or leaves that to the time when the session is back.</summary>
    private async Task ReleaseAsync(Func<XcsSession, Task> release)
    {
        XcsSession session;
        lock (_gate)
        {
            if (_current is not { } link)
            {
                _leftovers.Add(release);
                return;
            }

            session = link.Session;
        }

        try
        {
            await release(session).ConfigureAwait(false);
        }
        catch (Exception gone) when (gone is XcsException or ObjectDisposedException)
        {
            Doubt(session);
        }
    }
}
