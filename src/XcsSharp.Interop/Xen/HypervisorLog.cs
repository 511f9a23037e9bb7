namespace XcsSharp.Interop.Xen;

/// <summary>The hypervisor's own log, a ring of text inside Xen (XEN_SYSCTL_readconsole). Nothing is removed from it.</summary>
internal sealed unsafe class HypervisorLog : IDisposable
{
    private readonly XenCtrlShimHandle _handle = XenCtrlShimHandle.Open();
    private uint _index;
    private bool _begun;

    /// <summary>The first read starts with the oldest byte that is kept, each later one where the one before ended.</summary>
    public static HypervisorLog Open() => new();

    /// <summary>Behind the last byte that was read, by Xen's own count, which goes on for as long as Xen does.</summary>
    public uint Index => _index;

    /// <summary>Reads on from there. What was written over since is lost; a number that can not be is as good as none.</summary>
    public void GoOnFrom(uint index) => (_index, _begun) = (index, true);

    /// <summary>Copies what there is, at most as much as fits.</summary>
    /// <param name="to">Gets the bytes.</param>
    /// <param name="count">How many.</param>
    /// <param name="lost">Bytes before these that were written over before they were read.</param>
    public Errno Read(Span<byte> to, out int count, out uint lost)
    {
        count = 0;
        lost = 0;
        uint index = _index;
        int copied;

        // SAFETY: pinned for the call, with its own length.
        fixed (byte* start = to)
        {
            copied = XenCtrlShim.xcs_xenctrl_read_log(_handle, start, (uint)to.Length, &index, _begun ? 1u : 0u);
        }

        if (copied < 0)
        {
            return SysResult.LastError();
        }

        // Free-running numbers of bytes: where the copy began less where the last one ended.
        // An index that can not be has made Xen begin with its oldest byte, which is before it.
        lost = _begun ? (uint)Math.Max(0, (int)(index - (uint)copied - _index)) : 0;
        count = copied;
        _index = index;
        _begun = true;
        return Errno.OK;
    }

    public void Dispose() => _handle.Dispose();
}
