namespace XcsSharp.Interop.Xen;

/// <summary>What an event channel is connected to (XCS_PORT_*).</summary>
internal enum PortState
{
    Closed = 0,

    /// <summary>Nobody is at the other end; the remote domain may bind it.</summary>
    Unbound = 1,

    Interdomain = 2,

    /// <summary>A virtual or physical interrupt, or an IPI.</summary>
    Other = 3,
}

/// <summary>What the hypervisor says of a port.</summary>
/// <param name="State">See there.</param>
/// <param name="RemoteDomid">Who may bind it, or is at the other end.</param>
/// <param name="RemotePort">The other end; 0 when there is none.</param>
internal readonly record struct PortListing(PortState State, uint RemoteDomid, uint RemotePort);

/// <summary>
/// State of event channels. The event-channel device cannot tell: a port whose other end was closed stays bound for its
/// program and is silent.
/// </summary>
internal sealed unsafe class PortInfo : IDisposable
{
    private readonly XenCtrlShimHandle _handle = XenCtrlShimHandle.Open();

    public static PortInfo Open() => new();

    /// <param name="domid">Whose port; 0: dom0's own.</param>
    /// <param name="port">Its number.</param>
    /// <param name="listing">What it is connected to.</param>
    /// <returns>ESRCH when there is no such domain, EINVAL when it can have no such port.</returns>
    public Errno TryGet(uint domid, int port, out PortListing listing)
    {
        xcs_port_info raw;

        // SAFETY: one struct on the stack.
        if (XenCtrlShim.xcs_xenctrl_port_info(_handle, domid, (uint)port, &raw) != 0)
        {
            listing = default;
            return SysResult.LastError();
        }

        listing = new PortListing((PortState)raw.state, raw.remote_domid, raw.remote_port);
        return Errno.OK;
    }

    public void Dispose() => _handle.Dispose();
}
