using Microsoft.Extensions.Logging;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Protocol;
using XcsSharp.Rings;
using XcsSharp.Switching;

namespace XcsSharp.Xen;

/// <summary>
/// Turns what xenstore says of a domain's control page into a transport that is offered to the switch, or takes one
/// back. A guest's lie costs that guest its channel and the daemon one log line.
/// </summary>
internal sealed class ControlPages
{
    /// <summary>How often a failure that may be ours is tried again, without anything having been said anew.</summary>
    public const int Tries = 5;

    private readonly XenStoreConnection _store;
    private readonly TransportFactory _transports;
    private readonly Refusals _refusals;
    private readonly DomainLookup _find;
    private readonly bool _classicExists;
    private readonly ILogger _log;
    private IHypervisorSink? _sink;

    /// <param name="store">xenstore.</param>
    /// <param name="transports">Makes them.</param>
    /// <param name="refusals">Tells of what is refused.</param>
    /// <param name="find">Finds a living domain.</param>
    /// <param name="backend">Classic channels exist on the simulated one only.</param>
    /// <param name="log">For what is served.</param>
    public ControlPages(
        XenStoreConnection store,
        TransportFactory transports,
        Refusals refusals,
        DomainLookup find,
        HypervisorBackend backend,
        ILogger log)
    {
        _refusals = refusals;
        _store = store;
        _transports = transports;
        _find = find;
        _classicExists = backend == HypervisorBackend.Sim;
        _log = log;
        transports.PublisherEnded = OnPublisherEnded;
        transports.Disposed = OnDisposed;
    }

    public delegate XenDomain? DomainLookup(uint domid);

    public void Start(IHypervisorSink sink) => _sink = sink;

    /// <summary>Looks at the domain's keys and acts on them.</summary>
    /// <returns>True when it should be tried again although nothing was said anew.</returns>
    public bool Look(XenDomain domain)
    {
        if (PublishedPage.TryReadNonce(_store, domain.PagePath, out ulong nonce, out string? problem))
        {
            return nonce != domain.SeenNonce ? ServeGranted(domain, nonce) : RefuseUsed(domain, nonce);
        }

        domain.IsSeenNonceTakenBack = domain.SeenNonce != 0;

        if (domain.Offered is { Kind: TransportKind.Granted })
        {
            Withdraw(domain, problem ?? "the guest has withdrawn its control page");
        }

        if (problem is not null)
        {
            return Refuse(domain, problem, mayPass: false);
        }

        return LookForClassic(domain);
    }

    private bool ServeGranted(XenDomain domain, ulong nonce)
    {
        if (domain.Offered is not null)
        {
            // Before mapping the new one: it often has the very reference and port of the old one.
            Withdraw(domain, "another program of the guest has published a control page");
        }

        if (!PublishedPage.TryRead(_store, domain.PagePath, nonce, out PublishedPage published, out string? problem))
        {
            return Refuse(domain, problem, mayPass: false);
        }

        Errno error = _transports.MapGranted(domain.Domid, published.Reference, out ControllerPage? page);
        if (page is null)
        {
            return Refuse(domain, $"its grant {published.Reference} can not be mapped ({error})", mayPass: true);
        }

        problem = published.FindLie(page.Header);
        if (problem is not null || !page.Header.Alive)
        {
            page.Dispose();
            return problem is not null ? Refuse(domain, problem, mayPass: false) : PassOver(domain, nonce);
        }

        error = _transports.Bind(
            domain.Domid, TransportKind.Granted, published.Port, page, out PortTransport? transport);
        if (transport is null)
        {
            return Refuse(domain, $"its port {published.Port} can not be bound ({error})", mayPass: true);
        }

        See(domain, nonce);
        Offer(domain, transport);
        return false;
    }

    private bool LookForClassic(XenDomain domain)
    {
        Errno error = _store.Read(domain.ClassicPath, out string? text);
        if (error == Errno.ENOENT)
        {
            domain.SeenClassic = null;
            if (domain.Offered is { Kind: TransportKind.Classic })
            {
                Withdraw(domain, "the toolstack has withdrawn the classic channel");
            }

            return false;
        }

        if (error != Errno.OK || text is null || text == domain.SeenClassic)
        {
            return false;
        }

        if (!_classicExists)
        {
            domain.SeenClassic = text;
            return Refuse(domain, "Xen has no classic control page any more; it must publish a granted one", mayPass: false);
        }

        if (!GuestText.TryParseNumber(text, 1, ProtocolLimits.MaxPorts - 1, out ulong port))
        {
            domain.SeenClassic = text;
            return Refuse(domain, $"{domain.ClassicPath} is '{GuestText.Shown(text)}' instead of a port", mayPass: false);
        }

        error = _transports.OpenClassic(domain.Domid, (int)port, out PortTransport? transport);
        if (transport is null)
        {
            return Refuse(domain, $"its classic channel can not be opened ({error})", mayPass: true);
        }

        domain.SeenClassic = text;
        Offer(domain, transport);
        return false;
    }

    private void Offer(XenDomain domain, PortTransport transport)
    {
        domain.Problem = null;
        domain.Offered = transport;
        _log.Offered(domain, transport.Kind, transport.LocalPort, transport.RemotePort);
        _sink!.OnTransportOffered(domain.Domid, transport);
    }

    private void Withdraw(XenDomain domain, string reason)
    {
        domain.Offered = null;
        _sink!.OnTransportWithdrawn(domain.Domid, reason);
    }

    /// <summary>The keys of a program that has ended: it left them behind, and no wonder.</summary>
    private bool PassOver(XenDomain domain, ulong nonce)
    {
        See(domain, nonce);
        _log.StalePage(domain);
        return false;
    }

    private static void See(XenDomain domain, ulong nonce)
    {
        domain.SeenNonce = nonce;
        domain.IsSeenNonceTakenBack = false;
    }

    /// <summary>
    /// The nonce of before, whose keys may be those that a program left behind: silence. If they were taken back since,
    /// somebody has published it anew, and waits.
    /// </summary>
    private bool RefuseUsed(XenDomain domain, ulong nonce) => domain.IsSeenNonceTakenBack && Refuse(
        domain,
        $"it publishes nonce {nonce} again, which it has taken back: its program must take a new nonce each time, or be started anew",
        mayPass: false);

    private bool Refuse(XenDomain domain, string? problem, bool mayPass)
    {
        _refusals.Refuse(domain, problem ?? "");
        return mayPass && domain.TriesLeft-- > 0;
    }

    private void OnPublisherEnded(PortTransport transport)
    {
        if (_find(transport.Domid) is { } domain && domain.Offered == transport)
        {
            Withdraw(domain, "the program that published the control page has ended");
        }
    }

    private void OnDisposed(PortTransport transport)
    {
        if (_find(transport.Domid) is { } domain && domain.Offered == transport)
        {
            domain.Offered = null;
        }
    }
}
