using Microsoft.Extensions.Logging;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Protocol;
using XcsSharp.Rings;
using XcsSharp.Switching;

namespace XcsSharp.Xen;

/// <summary>
/// Turns what the toolstack says of a domain's console, in <c>/local/domain/N/console</c>, into a transport that is
/// offered to the switch, or takes one back.
/// </summary>
/// <remarks>
/// The directory is dom0's. Were it the guest's, its keys could still name nothing but the guest's own pages and ports: the
/// hypervisor sees to that. Grant and foreign mapping hold the page; they end with the transport.
/// </remarks>
internal sealed class PrimaryConsoles
{
    /// <summary>Frame numbers have 52 bits at most (x86-64 page tables).</summary>
    private const ulong MaxFrame = (1ul << 52) - 1;

    private const string OurType = "xenconsoled";

    /// <summary>What libxl writes for every domain (LIBXL_XENCONSOLE_LIMIT, a constant): nobody's wish.</summary>
    private const ulong UsualLimit = 1048576;

    private readonly XenStoreConnection _store;
    private readonly ConsoleTransports _transports;
    private readonly Refusals _refusals;
    private readonly ILogger _log;
    private IHypervisorSink? _sink;

    public PrimaryConsoles(XenStoreConnection store, ConsoleTransports transports, Refusals refusals, ILogger log)
    {
        _store = store;
        _transports = transports;
        _refusals = refusals;
        _log = log;
    }

    public void Start(IHypervisorSink sink) => _sink = sink;

    /// <summary>Looks at the domain's keys and acts on them.</summary>
    /// <returns>True when it should be tried again although nothing was said anew.</returns>
    public bool Look(XenDomain domain)
    {
        XenConsole console = domain.PrimaryConsole;
        Errno found = _store.ReadNumber(domain.ConsolePath, "ring-ref", 0, MaxFrame, out ulong frame, out string? problem);
        if (found == Errno.ENOENT && console.Offered is null)
        {
            // No console, or none yet: whose it would be does not matter.
            return false;
        }

        Errno error = _store.Read(domain.ConsolePath + "/type", out string? type);
        if (error == Errno.OK && type != OurType)
        {
            // ioemu: the domain's QEMU has it.
            console.Withdraw(_sink!, $"its console is '{GuestText.Shown(type!)}' now");
            return false;
        }

        if (error is not (Errno.OK or Errno.ENOENT))
        {
            return _refusals.Refuse(console, $"its key type can not be read ({error})", mayPass: true);
        }

        ulong port = 0;
        if (found == Errno.OK)
        {
            found = _store.ReadNumber(
                domain.ConsolePath, "port", 1, ProtocolLimits.MaxPorts - 1, out port, out problem);
        }

        return found switch
        {
            Errno.OK => Serve(console, frame, (int)port),

            // Keys that vanish are no news about the console: that is the first sign of a domain's end, and its last
            // words are still in the ring.
            Errno.ENOENT => false,
            _ => _refusals.Refuse(console, problem!, mayPass: found != Errno.EINVAL),
        };
    }

    private bool Serve(XenConsole console, ulong frame, int port)
    {
        if (console.Offered is { } offered)
        {
            bool same = console.Ring == frame && offered.RemotePort == port;
            if (same && _transports.IsConnected(offered))
            {
                _refusals.Clear(console);
                return false;
            }

            // Before mapping the new one: both may be the same page and port.
            console.Withdraw(_sink!, same ? "the guest has started its console anew" : "the guest has another console ring");
        }

        XenDomain domain = console.Domain;
        Errno error = _transports.MapPrimary(domain.Domid, frame, out ConsoleRing? ring);
        if (ring is null)
        {
            return _refusals.Refuse(console, $"its frame {frame} can not be mapped ({error})", mayPass: true);
        }

        ReadHistoryWish(console);
        error = _transports.Bind(console, port, domain.ConsolePath, ring, out ConsoleRingTransport? transport);
        if (transport is null)
        {
            return _refusals.Refuse(console, BindProblem(domain, port, error), mayPass: true);
        }

        _refusals.Clear(console);
        console.Offered = transport;
        console.Ring = frame;
        _log.ConsoleOffered(domain, console.Number, transport.LocalPort, port);
        _sink!.OnConsoleOffered(domain.Domid, transport);
        return false;
    }

    /// <summary>The key <c>limit</c>. 0 is no limit, as for xenconsoled. What is no number is said once, and costs the console nothing.</summary>
    private void ReadHistoryWish(XenConsole console)
    {
        XenDomain domain = console.Domain;
        Errno error = _store.ReadNumber(domain.ConsolePath, "limit", 0, long.MaxValue, out ulong limit, out string? problem);
        console.HistoryWish = error != Errno.OK || limit == UsualLimit ? null : limit == 0 ? long.MaxValue : (long)limit;
        if (error is not (Errno.OK or Errno.ENOENT) && !console.IsWishRefused)
        {
            console.IsWishRefused = true;
            _log.NoHistoryWish(domain, problem!);
        }
    }

    private string BindProblem(XenDomain domain, int port, Errno error)
        => _transports.IsTakenByDom0(domain.Domid, port)
            ? $"another program of dom0 has its port {port}: a second console daemon? Stop that one and restart xcsd, "
                + "or leave console rings to it with --Consoles:Rings=off"
            : $"its port {port} can not be bound ({error})";
}
