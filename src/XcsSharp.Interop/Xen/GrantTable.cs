namespace XcsSharp.Interop.Xen;

/// <summary>Pages that other domains granted to this one.</summary>
internal sealed class GrantTable : IDisposable
{
    private readonly XenGntTabHandle _handle = XenGntTabHandle.Open();

    public static GrantTable Open() => new();

    /// <summary>Maps one granted page, readable and writable.</summary>
    /// <param name="domid">Who granted it.</param>
    /// <param name="reference">The grant reference.</param>
    /// <param name="address">To be given back with <see cref="Unmap"/>.</param>
    public Errno Map(uint domid, uint reference, out nint address)
    {
        address = XenGntTab.xengnttab_map_grant_ref(_handle, domid, reference, ForeignMemory.ReadWrite);
        return address != 0 ? Errno.OK : SysResult.LastError();
    }

    public SysResult Unmap(nint address) => SysResult.From(XenGntTab.xengnttab_unmap(_handle, address, 1));

    public void Dispose() => _handle.Dispose();
}
