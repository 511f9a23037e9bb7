using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <content>What an extended session has beyond one of 2005. Everything here does nothing in a plain one.</content>
internal sealed partial class ClientSession
{
    private ExtendedSide? _extended;

    public bool IsExtended => _extended is not null;

    /// <summary>Makes the session an extended one. Before it has a connection.</summary>
    public void Extend(in XcsRecord hello)
    {
        _extended = new ExtendedSide(_switch, this, _listener.Options);
        _extended.Agree(hello);
    }

    /// <summary>The client is back with what it agreed to.</summary>
    public void Reopen(in XcsRecord hello) => _extended!.Reopen(hello);

    /// <summary>What was agreed, as the reply to the client's first record.</summary>
    public XcsRecord Agreement() => new()
    {
        Type = RecordType.ConnectExtended,
        SessionId = Id,
        ExtensionVersion = _extended!.Version,
        Extensions = _extended.Granted,
        Credit = _extended.Window,
    };

    /// <summary>Does what a record on the control connection asks, if it is an extension.</summary>
    /// <returns>False when it is not, or not for this session.</returns>
    public bool TryExecute(ref XcsRecord record)
    {
        if (_extended is null)
        {
            return false;
        }

        switch (record.Type)
        {
            case RecordType.BindDomain:
                record.Result = BindDomain(record);
                return true;
            case RecordType.UnbindDomain:
                record.Result = UnbindDomain(record);
                return true;
            case RecordType.Credit:
                TakeCredit(record);
                record.Result = RecordResult.Ok;
                return true;
            default:
                return false;
        }
    }

    /// <summary>The client has bound this by itself.</summary>
    public void OnBoundByPort(int port, ushort type) => _extended?.Domains.OnBoundByPort(port, type);

    /// <summary>The data connection takes records again.</summary>
    public void OnDataRoom()
    {
        if (_extended is not null && _data is not null)
        {
            FlushExtended(_extended, _data);
        }
    }

    void ISubscriber.OnNoAnswer(ControlChannel channel, in SentRequest request)
        => SayUndelivered(UndeliveredReason.NoAnswer, channel.Domain.Domid, request.Head, request.Correlation);

    private static bool IsType(ushort type) => type is <= byte.MaxValue or ProtocolLimits.TypeWildcard;

    private RecordResult BindDomain(in XcsRecord record)
    {
        if (!IsType(record.BindType))
        {
            return RecordResult.BadRequest;
        }

        return _switch.FindByDomid(record.RemoteDomain) is { } domain
            && _extended!.Domains.TryAdd(domain, record.BindType)
            ? RecordResult.Ok
            : RecordResult.Failed;
    }

    private RecordResult UnbindDomain(in XcsRecord record)
    {
        if (!IsType(record.BindType))
        {
            return RecordResult.BadRequest;
        }

        if (_switch.FindByDomid(record.RemoteDomain) is { } domain)
        {
            _extended!.Domains.Remove(domain, record.BindType);
        }

        return RecordResult.Ok;
    }

    private void TakeCredit(in XcsRecord record)
    {
        if (_extended is { } extended && extended.Has(Extensions.Credit))
        {
            extended.Queue.AddCredit(record.Credit);
            OnDataRoom();
        }
    }

    /// <summary>A new data connection: all that exists is told on it.</summary>
    private void BeginExtendedData(DataConnection data)
    {
        if (_extended is { } extended)
        {
            extended.Queue.Reset(extended.Window);
            extended.IsPaused = false;
            extended.Lost = 0;
            extended.TellAllAgain();
            FlushExtended(extended, data);
        }
    }

    private bool TryPushExtended(ExtendedSide extended, DataConnection data, in XcsRecord record)
    {
        if (!extended.Queue.TryAppend(record))
        {
            Pause(extended, record.Type);
            return false;
        }

        extended.Queue.Flush(data);
        return true;
    }

    /// <summary>Nobody waits for a slow client, and nothing is lost without a mark.</summary>
    private void Pause(ExtendedSide extended, RecordType lost)
    {
        // A request is not lost: the switch keeps it for a while, and offers it again.
        extended.Lost += lost == RecordType.Request ? 0u : 1u;
        if (!extended.IsPaused)
        {
            extended.IsPaused = true;
            _switch.Counters.SessionsPaused++;
            _switch.Pause(this);
        }
    }

    private void FlushExtended(ExtendedSide extended, DataConnection data)
    {
        extended.Queue.Flush(data);
        if (extended.IsPaused && extended.Queue.IsHalfEmpty)
        {
            extended.IsPaused = false;
            extended.Queue.TryAppend(new XcsRecord { Type = RecordType.Gap, Lost = extended.Lost });
            extended.Lost = 0;
            extended.TellAllAgain();
            extended.Queue.Flush(data);
            if (HasData)
            {
                _switch.Resume(this);
            }
        }

        // Not queued as a whole: there may be more domains than the queue takes.
        while (extended.HasUntold && extended.Queue is { Count: 0, Credit: > 0 })
        {
            extended.Queue.TryAppend(extended.NextUntold());
            extended.Queue.Flush(data);
        }
    }

    private void TellNews(GuestDomain domain, DomainNewsKind kind)
    {
        if (_extended is { } extended && extended.Has(Extensions.News) && HasData)
        {
            TryPush(ExtendedSide.NewsOf(domain, kind));
        }
    }

    private void SayUnanswered(ControlChannel channel)
    {
        if (_extended is null)
        {
            return;
        }

        UndeliveredReason reason = channel.State == ChannelState.Quarantined
            ? UndeliveredReason.ChannelOutOfOrder
            : UndeliveredReason.ChannelClosed;
        while (channel.TryTakeUnanswered(this, out SentRequest request))
        {
            SayUndelivered(reason, channel.Domain.Domid, request.Head, request.Correlation);
        }
    }

    private void SayUndelivered(UndeliveredReason reason, in XcsRecord record)
        => SayUndelivered(reason, record.RemoteDomain, record.Message, CorrelationOf(record));

    private void SayUndelivered(UndeliveredReason reason, uint domid, in ControlMessage message, uint correlation)
    {
        if (_extended is { } extended && extended.Has(Extensions.Reasons))
        {
            XcsRecord record = XcsRecord.ForMessage(RecordType.Undelivered, domid, 0, message);
            record.Reason = reason;
            record.Correlation = correlation;
            TryPush(record);
        }
    }

    /// <summary>In a plain record there is whatever was in the client's memory.</summary>
    private uint CorrelationOf(in XcsRecord record)
        => _extended is { } extended && extended.Has(Extensions.Correlation) ? record.Correlation : 0;
}
