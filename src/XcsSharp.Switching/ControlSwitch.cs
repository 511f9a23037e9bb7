using Microsoft.Extensions.Logging;

using XcsSharp.Protocol;
using XcsSharp.Reactor;

namespace XcsSharp.Switching;

/// <summary>
/// The switch: knows the living domains, their control channels and their consoles, and who of the subscribers gets what
/// of them.
/// </summary>
/// <remarks>
/// Loop thread only. Owns the channels and the consoles' streams; the hypervisor and the loop are the caller's.
/// Invariants
/// 1. A domain has at most one channel; a channel belongs to one life of a domid and ends with it at the latest.
/// 2. A channel that nobody announced is open as long as some attached subscriber has a reference to it.
/// </remarks>
public sealed partial class ControlSwitch : IHypervisorSink, IDisposable
{
    private readonly IHypervisor _hypervisor;
    private readonly ChannelContext _context;
    private readonly MessageRouter _router;
    private readonly VirqTable _virqs;
    private readonly SwitchOptions _options;
    private readonly ILogger _log;
    private readonly Dictionary<uint, GuestDomain> _domains = [];
    private readonly Dictionary<uint, ulong> _lives = [];
    private readonly Dictionary<int, ControlChannel> _channelsByPort = [];
    private GuestDomain? _lastFound;

    public ControlSwitch(EventLoop loop, IHypervisor hypervisor, SwitchOptions options, ILogger<ControlSwitch> log)
    {
        _hypervisor = hypervisor;
        _options = options;
        _log = log;
        _context = new ChannelContext(loop, options, Counters, log);
        _router = _context.Router;
        _virqs = new VirqTable(hypervisor, _router);
    }

    /// <summary>The domains that live now, in no order. Not to be walked while the loop turns.</summary>
    public IReadOnlyCollection<GuestDomain> Domains => _domains.Values;

    public SwitchCounters Counters { get; } = new();

    /// <inheritdoc cref="IHypervisor.AddConsole"/>
    public ConsoleFailure AddConsole(GuestDomain domain, out int number)
        => _hypervisor.AddConsole(domain.Domid, out number);

    /// <inheritdoc cref="IHypervisor.RemoveConsole"/>
    public ConsoleFailure RemoveConsole(GuestDomain domain, int number, out int removed)
        => _hypervisor.RemoveConsole(domain.Domid, number, out removed);

    public GuestDomain? FindByDomid(uint domid)
    {
        // Clients' records come in runs of one guest.
        if (_lastFound is not { IsGone: false } last || last.Domid != domid)
        {
            _lastFound = last = _domains.GetValueOrDefault(domid);
        }

        return last;
    }

    /// <summary>Names are the toolstack's and need not be unique; sorted by domid.</summary>
    public IReadOnlyList<GuestDomain> FindByName(string name)
        => [.. _domains.Values.Where(domain => domain.Name == name).OrderBy(domain => domain.Domid)];

    /// <summary>Makes known, before it returns, the domains that exist and their open channels.</summary>
    /// <exception cref="InvalidOperationException">Attached already.</exception>
    public void Attach(ISubscriber subscriber)
    {
        _router.Add(subscriber);
        foreach (GuestDomain domain in _domains.Values.ToArray())
        {
            if (!domain.IsGone && _router.IsAttached(subscriber))
            {
                subscriber.OnDomainAppeared(domain);
                if (domain.Channel is { State: ChannelState.Open } channel)
                {
                    subscriber.OnChannelOpened(channel);
                }
            }
        }
    }

    /// <summary>
    /// Takes back all that the subscriber has: bindings, references, virtual interrupts. What only it owed an answer to
    /// is offered to the others. It is not called any more. Detaching twice does nothing.
    /// </summary>
    public void Detach(ISubscriber subscriber)
    {
        if (_router.FindRecord(subscriber) is not { } record)
        {
            return;
        }

        _router.Remove(subscriber);
        foreach (ControlChannel channel in _channelsByPort.Values)
        {
            channel.Forget(subscriber);
        }

        _virqs.Release(record);
        foreach ((ControlChannel channel, int references) in record.Interfaces.ToArray())
        {
            Dereference(channel, references, "its last client is gone");
        }
    }

    /// <summary>
    /// From now on the subscriber gets messages of this port and type, and requests that nobody took so far. The same
    /// binding twice is one.
    /// </summary>
    /// <param name="subscriber">Attached.</param>
    /// <param name="port">dom0's port of a channel or virtual interrupt, or <see cref="ProtocolLimits.PortWildcard"/>.</param>
    /// <param name="type">A <see cref="MessageType"/>, <see cref="ProtocolLimits.TypeVirq"/> or
    /// <see cref="ProtocolLimits.TypeWildcard"/>.</param>
    /// <returns>False when it has <see cref="SwitchOptions.MaxBindsPerSubscriber"/> bindings.</returns>
    public bool Bind(ISubscriber subscriber, int port, ushort type)
    {
        if (!_router.TryBind(subscriber, port, type, _options.MaxBindsPerSubscriber))
        {
            return false;
        }

        OfferUnheldAgain(port);
        return true;
    }

    internal bool IsBound(ISubscriber subscriber, int port, ushort type)
        => _router.FindRecord(subscriber)?.Binds.Contains((port, type)) == true;

    /// <summary>Takes back exactly this binding; without effect if there is none.</summary>
    public void Unbind(ISubscriber subscriber, int port, ushort type) => _router.Unbind(subscriber, port, type);

    /// <summary>
    /// Opens a domain's classic channel, or takes a reference to the channel that it has, whatever ports were
    /// asked for (<c>XCS_CIF_NEW_CC</c>).
    /// </summary>
    /// <param name="owner">Who has the reference, until it closes it or detaches.</param>
    /// <param name="domid">The guest.</param>
    /// <param name="localPort">A wish for dom0's end; 0 for any.</param>
    /// <param name="remotePort">The guest's end; 0 for any.</param>
    /// <param name="channel">Open when the result is <see cref="OpenFailure.None"/>.</param>
    public OpenFailure OpenInterface(
        ISubscriber owner, uint domid, int localPort, int remotePort, out ControlChannel? channel)
    {
        SubscriberRecord record = _router.FindRecord(owner)
            ?? throw new InvalidOperationException($"{owner.Name} is not attached.");
        channel = FindByDomid(domid)?.Channel;
        if (channel is null)
        {
            OpenFailure failure = OpenClassic(domid, localPort, remotePort, out channel);
            if (failure != OpenFailure.None)
            {
                return failure;
            }
        }

        if (channel is not { State: ChannelState.Open })
        {
            channel = null;
            return OpenFailure.Failed;
        }

        channel.References++;
        record.Interfaces[channel] = record.Interfaces.GetValueOrDefault(channel) + 1;
        return OpenFailure.None;
    }

    /// <summary>
    /// Gives one reference of the owner's back (<c>XCS_CIF_FREE_CC</c>); the last one of all closes a channel that was
    /// not announced. Without effect if it has none: others' references are theirs (bug B19).
    /// </summary>
    public void CloseInterface(ISubscriber owner, uint domid)
    {
        if (_router.FindRecord(owner) is not { } record
            || FindByDomid(domid)?.Channel is not { } channel
            || !record.Interfaces.TryGetValue(channel, out int references))
        {
            return;
        }

        if (references == 1)
        {
            record.Interfaces.Remove(channel);
        }
        else
        {
            record.Interfaces[channel] = references - 1;
        }

        Dereference(channel, 1, "closed by its last client");
    }

    /// <summary>Binds a virtual interrupt of dom0, until the owner detaches. All who ask get the same port.</summary>
    public bool TryBindVirq(ISubscriber owner, int virq, out int port)
    {
        port = 0;
        return _router.FindRecord(owner) is { } record && _virqs.TryBind(record, virq, out port);
    }

    /// <returns>False when the port is not a bound virtual interrupt's, or Xen refused.</returns>
    public bool NotifyVirq(int port) => _virqs.Notify(port);

    public void OnDomainAppeared(uint domid, string name, Guid uuid)
    {
        if (_domains.TryGetValue(domid, out GuestDomain? known))
        {
            bool isRenamed = known.Name != name;
            known.Name = name;
            known.Uuid = uuid;
            if (isRenamed)
            {
                _router.AnnounceDomain(known);
            }

            return;
        }

        AddDomain(domid, name, uuid);
    }

    public void OnDomainGone(uint domid)
    {
        if (!_domains.TryGetValue(domid, out GuestDomain? domain))
        {
            return;
        }

        _context.Lives.OnEnding(domain);
        CloseChannel(domain, "the domain is gone", lastLook: true);
        CloseConsoles(domain, "the domain is gone", lastLook: true);
        _domains.Remove(domid);
        domain.IsGone = true;
        _log.DomainGone(domain);
        _router.AnnounceDomainGone(domain);
    }

    public void OnTransportOffered(uint domid, IChannelTransport transport)
    {
        if (!_domains.TryGetValue(domid, out GuestDomain? domain))
        {
            _log.OfferForNobody(domid);
            transport.Dispose();
            return;
        }

        CloseChannel(domain, "the guest published a new channel", lastLook: true);
        OpenChannel(domain, transport, announced: true);
    }

    public void OnTransportWithdrawn(uint domid, string reason)
    {
        if (_domains.TryGetValue(domid, out GuestDomain? domain))
        {
            CloseChannel(domain, reason, lastLook: true);
        }
    }

    public void OnTransportRefused(uint domid, string problem)
    {
        if (_domains.TryGetValue(domid, out GuestDomain? domain))
        {
            domain.Refusal = problem;
            CountRefusal(domain);
        }
    }

    /// <summary>
    /// Closes all channels and consoles. Requests that were not answered stay in the rings, and output that was not taken
    /// does too: the next daemon takes them.
    /// </summary>
    public void Dispose()
    {
        foreach (GuestDomain domain in _domains.Values.ToArray())
        {
            _context.Lives.OnEnding(domain);
            CloseChannel(domain, "the daemon stops", lastLook: false);
            CloseConsoles(domain, "the daemon stops", lastLook: false);
        }

        _context.Lives.Dispose();
        _virqs.ReleaseAll();
    }

    private void CountRefusal(GuestDomain domain)
    {
        domain.Refusals++;
        Counters.Refusals++;
    }

    private GuestDomain AddDomain(uint domid, string name, Guid uuid)
    {
        ulong life = _lives[domid] = _lives.GetValueOrDefault(domid) + 1;
        GuestDomain domain = new(domid, life, name, uuid, new FloodBudget(_context.Rate));
        _domains.Add(domid, domain);
        if (NamesWhatComes)
        {
            _log.DomainAppeared(domain);
        }

        _router.AnnounceDomain(domain);
        return domain;
    }

    private OpenFailure OpenClassic(uint domid, int localPort, int remotePort, out ControlChannel? channel)
    {
        channel = null;
        if (localPort != 0 && (_channelsByPort.ContainsKey(localPort) || _virqs.HasPort(localPort)))
        {
            return OpenFailure.PortInUse;
        }

        OpenFailure failure = _hypervisor.OpenClassic(domid, localPort, remotePort, out IChannelTransport? transport);
        if (failure != OpenFailure.None || transport is null)
        {
            return failure == OpenFailure.None ? OpenFailure.Failed : failure;
        }

        GuestDomain domain = FindByDomid(domid) ?? AddDomain(domid, $"Domain-{domid}", Guid.Empty);
        channel = OpenChannel(domain, transport, announced: false);
        return OpenFailure.None;
    }

    private ControlChannel OpenChannel(GuestDomain domain, IChannelTransport transport, bool announced)
    {
        ControlChannel channel = new(_context, domain, transport, announced);
        domain.Channel = channel;
        domain.Refusal = null;
        _channelsByPort[channel.LocalPort] = channel;
        if (NamesWhatComes)
        {
            _context.Lives.ChannelOpened(channel);
        }

        _router.AnnounceChannel(channel);
        if (channel.State == ChannelState.Open)
        {
            // Only now: the first event brings what waited in the ring, and that comes after the news of the channel.
            channel.Start();
        }

        return channel;
    }

    private void CloseChannel(GuestDomain domain, string reason, bool lastLook)
    {
        if (lastLook)
        {
            domain.Channel?.TakeLastMessages();
        }

        // Asked again: a subscriber may have closed it while it got the last messages.
        if (domain.Channel is not { } channel)
        {
            return;
        }

        domain.Channel = null;
        if (_channelsByPort.GetValueOrDefault(channel.LocalPort) == channel)
        {
            _channelsByPort.Remove(channel.LocalPort);
        }

        foreach (SubscriberRecord record in _router.Records)
        {
            record.Interfaces.Remove(channel);
        }

        _context.Lives.ChannelClosed(domain, reason);
        channel.Close(reason);
    }

    private void Dereference(ControlChannel channel, int references, string reason)
    {
        channel.References -= references;
        if (channel.References == 0 && !channel.IsAnnounced && channel.Domain.Channel == channel)
        {
            // No last look: what is not taken stays in the ring for the next who opens it.
            CloseChannel(channel.Domain, reason, lastLook: false);
        }
    }

    private void OfferUnheldAgain(int port)
    {
        if (port != ProtocolLimits.PortWildcard)
        {
            _channelsByPort.GetValueOrDefault(port)?.OfferUnheldAgain();
            return;
        }

        foreach (ControlChannel channel in _channelsByPort.Values)
        {
            channel.OfferUnheldAgain();
        }
    }
}
