using XcsSharp.Interop.Xen;
using XcsSharp.Rings;

namespace XcsSharp.Xen;

/// <summary>A frame of a domain that dom0 maps by its own right: the shared_info page of a classic guest.</summary>
internal sealed class ForeignPage : MappedPage
{
    private readonly ForeignMemory _memory;

    /// <param name="memory">Must outlive the page; <see cref="XenHypervisor"/> sees to that.</param>
    /// <param name="address">What <see cref="ForeignMemory.Map"/> gave; owned from here on.</param>
    public ForeignPage(ForeignMemory memory, nint address)
    {
        _memory = memory;
        SetHandle(address);
    }

    protected override bool ReleaseHandle() => _memory.Unmap(handle).IsOk;
}
