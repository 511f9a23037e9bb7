namespace XcsSharp.Interop.Xen;

/// <summary>What the hypervisor says of a domain.</summary>
/// <param name="Domid">Its id.</param>
/// <param name="IsDying">It was destroyed; its memory is being taken back.</param>
/// <param name="IsShutDown">It stopped by itself, or crashed.</param>
/// <param name="SharedInfoFrame">Frame of its shared_info page.</param>
/// <param name="Uuid">The toolstack's handle for it; differs between two lives of one domid.</param>
internal readonly record struct DomainListing(
    uint Domid, bool IsDying, bool IsShutDown, ulong SharedInfoFrame, Guid Uuid);

/// <summary>The hypervisor's list of domains.</summary>
internal sealed unsafe class DomainInfo : IDisposable
{
    private const int PerCall = 256;

    private readonly XenCtrlShimHandle _handle = XenCtrlShimHandle.Open();
    private readonly xcs_domain_info[] _raw = new xcs_domain_info[PerCall];
    private DomainListing[] _listed = new DomainListing[PerCall];

    public static DomainInfo Open() => new();

    /// <summary>All domains, dom0 too, ascending by domid.</summary>
    /// <param name="domains">Valid until the next call.</param>
    public Errno List(out ReadOnlySpan<DomainListing> domains)
    {
        int count = 0;
        for (uint first = 0; ;)
        {
            int got = ListFrom(first);
            if (got < 0)
            {
                domains = default;
                return SysResult.LastError();
            }

            Append(_raw.AsSpan(0, got), ref count);
            if (got < PerCall)
            {
                domains = _listed.AsSpan(0, count);
                return Errno.OK;
            }

            first = _raw[got - 1].domid + 1;
        }
    }

    /// <returns>ESRCH when there is no such domain.</returns>
    public Errno TryGet(uint domid, out DomainListing domain)
    {
        xcs_domain_info raw;

        // SAFETY: one struct on the stack.
        if (XenCtrlShim.xcs_xenctrl_domain_info(_handle, domid, &raw) != 0)
        {
            domain = default;
            return SysResult.LastError();
        }

        domain = Listing(raw);
        return Errno.OK;
    }

    public void Dispose() => _handle.Dispose();

    private static DomainListing Listing(in xcs_domain_info raw)
        => new(
            raw.domid,
            (raw.flags & XenCtrlShim.XCS_DOMAIN_DYING) != 0,
            (raw.flags & XenCtrlShim.XCS_DOMAIN_SHUTDOWN) != 0,
            raw.shared_info_frame,
            new Guid(raw.uuid, bigEndian: true));

    private int ListFrom(uint first)
    {
        // SAFETY: pinned for the call; the shim writes at most PerCall structs.
        fixed (xcs_domain_info* start = _raw)
        {
            return XenCtrlShim.xcs_xenctrl_domain_list(_handle, first, start, PerCall);
        }
    }

    private void Append(ReadOnlySpan<xcs_domain_info> raw, ref int count)
    {
        if (count + raw.Length > _listed.Length)
        {
            Array.Resize(ref _listed, Math.Max(_listed.Length * 2, count + raw.Length));
        }

        foreach (ref readonly xcs_domain_info domain in raw)
        {
            _listed[count++] = Listing(domain);
        }
    }
}
