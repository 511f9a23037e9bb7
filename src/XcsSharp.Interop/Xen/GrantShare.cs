namespace XcsSharp.Interop.Xen;

/// <summary>Pages of this domain that are granted to another.</summary>
internal sealed class GrantShare : IDisposable
{
    /// <summary>No port is signalled when the page goes away.</summary>
    public const uint NoPort = uint.MaxValue;

    private readonly XenGntShrHandle _handle = XenGntShrHandle.Open();

    public static GrantShare Open() => new();

    /// <summary>Grants a new, zeroed page, writable by the other domain.</summary>
    /// <param name="domid">To whom.</param>
    /// <param name="notifyOffset">The byte of the page that is cleared when this process ends or unshares.</param>
    /// <param name="notifyPort">A port that is signalled then, or <see cref="NoPort"/>.</param>
    /// <param name="reference">The grant reference to tell the other domain.</param>
    /// <param name="address">To be given back with <see cref="Unshare"/>.</param>
    public unsafe Errno SharePage(
        uint domid, uint notifyOffset, uint notifyPort, out uint reference, out nint address)
    {
        uint granted = 0;

        // SAFETY: one page, so one reference is written, to the stack.
        address = XenGntTab.xengntshr_share_page_notify(_handle, domid, &granted, 1, notifyOffset, notifyPort);
        reference = granted;
        return address != 0 ? Errno.OK : SysResult.LastError();
    }

    public SysResult Unshare(nint address) => SysResult.From(XenGntTab.xengntshr_unshare(_handle, address, 1));

    public void Dispose() => _handle.Dispose();
}
