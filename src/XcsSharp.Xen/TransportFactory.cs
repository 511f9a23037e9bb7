using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Reactor;
using XcsSharp.Rings;
using XcsSharp.Switching;

namespace XcsSharp.Xen;

/// <summary>Maps control pages, binds their ports, and keeps count of what is open. Every step can fail, as a value.</summary>
internal sealed class TransportFactory(EventLoop loop, HypervisorConnections connections) : ITransportKeeper, IDisposable
{
    private readonly HashSet<PortTransport> _open = [];

    /// <summary>Called when the program behind a granted page has ended.</summary>
    public Action<PortTransport>? PublisherEnded { get; set; }

    /// <summary>Called when a transport was disposed by its owner.</summary>
    public Action<PortTransport>? Disposed { get; set; }

    /// <summary>Maps a granted page. Its header is still to be judged.</summary>
    public Errno MapGranted(uint domid, uint reference, out ControllerPage? page)
    {
        Errno error = connections.Grants.Map(domid, reference, out nint address);
        page = error == Errno.OK ? new ControllerPage(new GrantedPage(connections.Grants, address)) : null;
        return error;
    }

    /// <summary>Maps the shared_info frame of a domain and binds its port.</summary>
    /// <param name="domid">Whose it is.</param>
    /// <param name="remotePort">Its end.</param>
    /// <param name="transport">Owned by the caller.</param>
    /// <param name="shownPort">What subscribers are told in its place, if anything.</param>
    public Errno OpenClassic(uint domid, int remotePort, out PortTransport? transport, int? shownPort = null)
    {
        transport = null;
        Errno error = connections.Domains.TryGet(domid, out DomainListing info);
        if (error != Errno.OK)
        {
            return error;
        }

        error = connections.Memory.Map(domid, info.SharedInfoFrame, out nint address);
        return error != Errno.OK
            ? error
            : Bind(
                domid,
                TransportKind.Classic,
                remotePort,
                new ControllerPage(new ForeignPage(connections.Memory, address)),
                out transport,
                shownPort);
    }

    /// <summary>Binds the port of a mapped page.</summary>
    /// <param name="domid">Whose page it is.</param>
    /// <param name="kind">What page it is.</param>
    /// <param name="remotePort">The guest's end.</param>
    /// <param name="page">Owned from here on, also on failure.</param>
    /// <param name="transport">Owned by the caller.</param>
    /// <param name="shownPort">What subscribers are told in the place of <paramref name="remotePort"/>.</param>
    public Errno Bind(
        uint domid,
        TransportKind kind,
        int remotePort,
        ControllerPage page,
        out PortTransport? transport,
        int? shownPort = null)
    {
        SysResult bound = connections.Ports.BindInterdomain(domid, remotePort);
        if (!bound.IsOk)
        {
            page.Dispose();
            transport = null;
            return bound.Error;
        }

        transport = new PortTransport(loop, connections.Ports, this, domid, kind, bound.Value, shownPort ?? remotePort, page);
        _open.Add(transport);
        return Errno.OK;
    }

    public void OnPublisherEnded(PortTransport transport) => PublisherEnded?.Invoke(transport);

    public void OnTransportDisposed(PortTransport transport)
    {
        _open.Remove(transport);
        Disposed?.Invoke(transport);
    }

    public void Dispose()
    {
        foreach (PortTransport transport in _open.ToArray())
        {
            transport.Dispose();
        }
    }
}
