using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>What a session has that opted into the extensions (XcsSharp.Protocol/README.md).</summary>
internal sealed class ExtendedSide(ControlSwitch controlSwitch, ISubscriber owner, SwitchOptions options)
{
    private GuestDomain[] _untold = [];
    private int _nextUntold;
    private uint _lastCorrelation;

    public Extensions Granted { get; private set; }

    public uint Version { get; private set; }

    public CreditedQueue Queue { get; } = new(options.SessionQueueBytes / ProtocolLimits.RecordSize);

    public DomainBindings Domains { get; } = new(controlSwitch, owner, options.MaxBindsPerSubscriber);

    /// <summary>Messages go past the client.</summary>
    public bool IsPaused { get; set; }

    /// <summary>Records that were for it, since the last gap was told.</summary>
    public ulong Lost { get; set; }

    /// <summary>What the client is ready for at the beginning of a data connection.</summary>
    public uint Window { get; private set; }

    /// <summary>All that exists is still to be told, or the rest of it.</summary>
    public bool HasUntold { get; private set; }

    public bool Has(Extensions extension) => (Granted & extension) != 0;

    public void Agree(in XcsRecord hello)
    {
        Version = Math.Min(hello.ExtensionVersion, ProtocolLimits.ExtensionVersion);
        Granted = hello.Extensions & Extensions.All;
        Window = Has(Extensions.Credit) ? hello.Credit : uint.MaxValue;
    }

    /// <summary>A client that comes back has what it agreed to, and a new window.</summary>
    public void Reopen(in XcsRecord hello) => Window = Has(Extensions.Credit) ? hello.Credit : uint.MaxValue;

    /// <summary>A number for a request that is given to the client, below the mark; 0 when it does not want numbers.</summary>
    public uint NextCorrelation()
    {
        if (!Has(Extensions.Correlation))
        {
            return 0;
        }

        _lastCorrelation = _lastCorrelation == XcsRecord.RepeatMark - 1 ? 1 : _lastCorrelation + 1;
        return _lastCorrelation;
    }

    /// <summary>What stands in a request's place for its number.</summary>
    public uint Marked(uint correlation, bool mayBeRepeated)
        => mayBeRepeated && Has(Extensions.Correlation) && Has(Extensions.Repeats) ? correlation | XcsRecord.RepeatMark : correlation;

    /// <summary>The number in an answer's place for it, whether the client has left the mark there or not.</summary>
    public uint Unmarked(uint correlation) => Has(Extensions.Repeats) ? correlation & ~XcsRecord.RepeatMark : correlation;

    /// <summary>From the beginning: the client knows nothing, or missed something.</summary>
    public void TellAllAgain()
    {
        if (Has(Extensions.News))
        {
            _untold = [.. controlSwitch.Domains];
            _nextUntold = 0;
            HasUntold = true;
        }
    }

    /// <summary>The next piece of that, as it is now. Only while <see cref="HasUntold"/>.</summary>
    public XcsRecord NextUntold()
    {
        while (_nextUntold < _untold.Length)
        {
            GuestDomain domain = _untold[_nextUntold++];
            if (!domain.IsGone)
            {
                return NewsOf(domain, DomainNewsKind.Exists);
            }
        }

        _untold = [];
        HasUntold = false;
        return new XcsRecord { Type = RecordType.DomainNews };
    }

    public static XcsRecord NewsOf(GuestDomain domain, DomainNewsKind kind)
    {
        XcsRecord record = default;
        record.Type = RecordType.DomainNews;
        record.RemoteDomain = domain.Domid;
        record.News = kind;
        record.DomainLife = domain.Generation;
        record.DomainName = RecordName.Of(domain.Name);
        if (domain.Channel is { State: ChannelState.Open } channel)
        {
            record.DomainLocalPort = channel.LocalPort;
            record.DomainRemotePort = channel.RemotePort;
        }

        return record;
    }
}
