using Microsoft.Extensions.Logging;

using XcsSharp.Interop;
using XcsSharp.Protocol;
using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Xen;

/// <summary>
/// Xen, or a simulated machine, as the switch sees it: owns the connections to xenstore, the event-channel device, the
/// grant device, foreign memory and the list of domains. Loop thread only.
/// </summary>
public sealed class XenHypervisor : IHypervisor, IDisposable
{
    /// <summary>The guest's end of a classic channel where the toolstack names none (spec section 2).</summary>
    private const int ClassicGuestPort = 1;

    /// <summary>What a client of 2005 was told as the other end of dom 0's own channel (spec section 2).</summary>
    private const int NoGuestPort = -1;

    /// <summary>NR_VIRQS (xen/include/public/xen.h).</summary>
    private const int VirqLimit = 24;

    /// <summary>DOMID_XEN (xen/include/public/xen.h), the number no domain has: the hypervisor's own log is shown under it.</summary>
    private const uint HypervisorDomid = 0x7FF2;

    private readonly EventLoop _loop;
    private readonly HypervisorBackend _backend;
    private readonly XenOptions _options;
    private readonly ILogger _log;
    private readonly HypervisorConnections _connections;
    private readonly TransportFactory _transports;
    private readonly ConsoleTransports _consoles;
    private readonly GuestConsoles? _guestConsoles;
    private readonly DomainDiscovery _discovery;
    private IHypervisorSink? _sink;
    private HypervisorLogTransport? _hypervisorLog;
    private bool _disposed;

    /// <summary>Opens everything; nothing is bound, mapped or watched yet.</summary>
    /// <param name="loop">Where all of it runs.</param>
    /// <param name="backend">Which libraries the process has chosen.</param>
    /// <param name="options">What is served.</param>
    /// <param name="log">For the operator.</param>
    /// <exception cref="ErrnoException">A device or xenstore can not be opened.</exception>
    public XenHypervisor(EventLoop loop, HypervisorBackend backend, XenOptions options, ILogger<XenHypervisor> log)
    {
        _loop = loop;
        _backend = backend;
        _options = options;
        _log = log;
        _connections = new HypervisorConnections(loop);
        try
        {
            _transports = new TransportFactory(loop, _connections);
            var refusals = new Refusals(loop, log);
            var pages = new ControlPages(
                _connections.Store, _transports, refusals, domid => _discovery?.Find(domid), backend, log);
            _consoles = new ConsoleTransports(loop, _connections, log);
            _guestConsoles = options.Rings
                ? new GuestConsoles(
                    _connections.Store,
                    new PrimaryConsoles(_connections.Store, _consoles, refusals, log),
                    new SecondaryConsoles(_connections.Store, _consoles, refusals, loop.Clock, log))
                : null;
            _discovery = new DomainDiscovery(loop, _connections, pages, _guestConsoles, refusals, log);
        }
        catch
        {
            _connections.Dispose();
            throw;
        }
    }

    public string Backend => _backend == HypervisorBackend.Xen ? "xen" : "sim";

    public ulong PortsServed => _connections.Ports.PortsServed;

    /// <inheritdoc cref="EventChannelDevice.PortsARead"/>
    public Distribution PortsARead => _connections.Ports.PortsARead;

    /// <summary>Events that came for ports nobody has (any more).</summary>
    public ulong StaleEvents => _connections.Ports.StaleEvents;

    /// <summary>How often Xen was asked for its list of domains.</summary>
    public ulong DomainLists => _discovery.Lists;

    /// <summary>How often a domain's keys were looked at.</summary>
    public ulong PageLooks => _discovery.Looks;

    /// <summary>Requests to xenstore so far.</summary>
    public ulong StoreRequests => _connections.Store.Requests;

    /// <exception cref="ErrnoException">xenstore can not be watched, or the domains not be listed.</exception>
    public void Start(IHypervisorSink sink)
    {
        _sink = sink;
        _discovery.Start(sink);
        if (_options.HypervisorLog)
        {
            OfferLog(sink);
        }
    }

    public OpenFailure OpenClassic(uint domid, int localPort, int remotePort, out IChannelTransport? transport)
    {
        transport = null;
        if (_backend == HypervisorBackend.Xen)
        {
            // Today's shared_info has the event-channel bitmaps where the control page was: writing there would
            // corrupt the guest.
            return OpenFailure.NotSupported;
        }

        if (localPort != 0 && _connections.Ports.IsBound(localPort))
        {
            return OpenFailure.PortInUse;
        }

        if (domid == 0)
        {
            return OpenOwn(out transport);
        }

        if (_discovery.FindOrRefresh(domid) is null)
        {
            return OpenFailure.NoSuchDomain;
        }

        Errno error = _transports.OpenClassic(
            domid, remotePort == 0 ? ClassicGuestPort : remotePort, out PortTransport? opened);
        transport = opened;
        return Outcome(error);
    }

    public ConsoleFailure AddConsole(uint domid, out int number)
    {
        number = 0;
        return _guestConsoles is null ? ConsoleFailure.NotSupported
            : _discovery.FindOrRefresh(domid) is not { } domain ? ConsoleFailure.NoSuchDomain
            : _guestConsoles.Add(domain, out number);
    }

    public ConsoleFailure RemoveConsole(uint domid, int number, out int removed)
    {
        removed = 0;
        if (_guestConsoles is null)
        {
            return ConsoleFailure.NotSupported;
        }

        if (_discovery.FindOrRefresh(domid) is not { } domain)
        {
            return ConsoleFailure.NoSuchDomain;
        }

        ConsoleFailure failure = _guestConsoles.Remove(domain, number, out removed);
        if (failure == ConsoleFailure.None)
        {
            // The guest may say nothing at all, and then there is no news.
            _discovery.LookSoon(domain, DomainNews.SecondaryConsoles);
        }

        return failure;
    }

    public bool TryBindVirq(int virq, IPortHandler handler, out int port)
    {
        SysResult bound = virq is >= 0 and < VirqLimit
            ? _connections.Ports.BindVirq(virq)
            : SysResult.Failure(Errno.EINVAL);
        port = bound.IsOk ? bound.Value : 0;
        if (bound.IsOk)
        {
            _connections.Ports.SetOwner(port, handler);
        }

        return bound.IsOk;
    }

    public void UnbindVirq(int port) => _connections.Ports.Unbind(port);

    public void UnmaskPort(int port) => _connections.Ports.Unmask(port);

    public bool NotifyPort(int port) => _connections.Ports.Notify(port);

    /// <summary>Closes everything; transports that are still open go first.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _discovery.Dispose();
        _transports.Dispose();
        _consoles.Dispose();
        _hypervisorLog?.Dispose();
        _connections.Dispose();
    }

    /// <summary>
    /// The channel of dom0's own kernel, which in 2005 had the back ends. An ioctl told xcs its port then; here the
    /// machine announces it as it does a guest's. Dom 0 is no guest otherwise, and unknown until somebody asks.
    /// </summary>
    private OpenFailure OpenOwn(out IChannelTransport? transport)
    {
        transport = null;
        if (_connections.Store.Read(StorePaths.Classic + "/0", out string? text) != Errno.OK
            || !GuestText.TryParseNumber(text ?? "", 1, ProtocolLimits.MaxPorts - 1, out ulong port))
        {
            return OpenFailure.NotSupported;
        }

        Errno error = _transports.OpenClassic(0, (int)port, out PortTransport? opened, shownPort: NoGuestPort);
        transport = opened;
        if (error == Errno.OK)
        {
            _sink?.OnDomainAppeared(0, "Domain-0", Guid.Empty);
        }

        return Outcome(error);
    }

    private static OpenFailure Outcome(Errno error) => error switch
    {
        Errno.OK => OpenFailure.None,
        Errno.ESRCH => OpenFailure.NoSuchDomain,
        _ => OpenFailure.Failed,
    };

    /// <summary>Guests' consoles do not depend on it: what is in the way is said, and that is all.</summary>
    private void OfferLog(IHypervisorSink sink)
    {
        SysResult bound = _connections.Ports.BindVirq(HypervisorLogTransport.Virq);
        if (!bound.IsOk)
        {
            _log.NoHypervisorLog(bound.Error);
            return;
        }

        _hypervisorLog = new HypervisorLogTransport(_loop, _connections.Ports, bound.Value, _connections.Log, _log);
        sink.OnDomainAppeared(HypervisorDomid, "xen", Guid.Empty);
        sink.OnConsoleOffered(HypervisorDomid, _hypervisorLog);
    }
}
