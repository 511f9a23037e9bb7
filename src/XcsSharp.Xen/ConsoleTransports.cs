using Microsoft.Extensions.Logging;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Reactor;
using XcsSharp.Rings;

namespace XcsSharp.Xen;

/// <summary>
/// Maps console rings, binds their ports, and keeps count of what is open. Every step can fail, as a value.
/// </summary>
internal sealed class ConsoleTransports(EventLoop loop, HypervisorConnections connections, ILogger log) : IDisposable
{
    /// <summary>GNTTAB_RESERVED_CONSOLE (xen/include/public/grant_table.h): the toolstack grants the console's page with it.</summary>
    private const uint ReservedReference = 0;

    private readonly HashSet<ConsoleRingTransport> _open = [];

    /// <summary>
    /// Maps the ring of a primary console: by the reserved grant where there is one, which any dom0 may, else by frame.
    /// </summary>
    public Errno MapPrimary(uint domid, ulong frame, out ConsoleRing? ring)
    {
        if (MapGranted(domid, ReservedReference, out ring) == Errno.OK)
        {
            return Errno.OK;
        }

        Errno error = connections.Memory.Map(domid, frame, out nint address);
        ring = error == Errno.OK ? new ConsoleRing(new ForeignPage(connections.Memory, address)) : null;
        return error;
    }

    /// <summary>Maps a ring that the guest granted.</summary>
    public Errno MapGranted(uint domid, uint reference, out ConsoleRing? ring)
    {
        Errno error = connections.Grants.Map(domid, reference, out nint address);
        ring = error == Errno.OK ? new ConsoleRing(new GrantedPage(connections.Grants, address)) : null;
        return error;
    }

    /// <summary>Binds the port of a mapped ring.</summary>
    /// <param name="console">Whose ring it is.</param>
    /// <param name="remotePort">The guest's end.</param>
    /// <param name="directory">Where the console's keys are.</param>
    /// <param name="ring">Owned from here on, also on failure.</param>
    /// <param name="transport">Owned by the caller.</param>
    public Errno Bind(
        XenConsole console, int remotePort, string directory, ConsoleRing ring, out ConsoleRingTransport? transport)
    {
        SysResult bound = connections.Ports.BindInterdomain(console.Domain.Domid, remotePort);
        if (!bound.IsOk)
        {
            ring.Dispose();
            transport = null;
            return bound.Error;
        }

        var terminal = new TerminalKey(connections.Store, console, directory, log);
        transport = new ConsoleRingTransport(
            loop, connections.Ports, console, bound.Value, remotePort, ring, terminal, OnDisposed);
        _open.Add(transport);
        return Errno.OK;
    }

    /// <summary>
    /// Whether the port still leads where it was bound to. A guest that starts anew in the same domain closes its
    /// end, and nobody is told.
    /// </summary>
    public bool IsConnected(ConsoleRingTransport transport)
        => connections.PortStates.TryGet(0, transport.LocalPort, out PortListing port) == Errno.OK
            && port.State == PortState.Interdomain
            && port.RemoteDomid == transport.Console.Domain.Domid
            && port.RemotePort == (uint)transport.RemotePort;

    /// <summary>Whether a port of a guest is connected to dom0 already: to another program, if not to ours.</summary>
    public bool IsTakenByDom0(uint domid, int remotePort)
        => connections.PortStates.TryGet(domid, remotePort, out PortListing port) == Errno.OK
            && port.State == PortState.Interdomain
            && port.RemoteDomid == 0;

    public void Dispose()
    {
        foreach (ConsoleRingTransport transport in _open.ToArray())
        {
            transport.Dispose();
        }
    }

    private void OnDisposed(ConsoleRingTransport transport)
    {
        _open.Remove(transport);
        if (transport.Console.Offered == transport)
        {
            transport.Console.Offered = null;
        }
    }
}
