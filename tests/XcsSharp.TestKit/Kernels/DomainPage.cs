using XcsSharp.Interop.Xen;
using XcsSharp.Rings;

namespace XcsSharp.TestKit.Kernels;

/// <summary>A page of a domain, mapped by the toolstack's right.</summary>
internal sealed class DomainPage : MappedPage
{
    private readonly ForeignMemory _memory;

    /// <param name="memory">Must outlive the page.</param>
    /// <param name="address">What it gave; owned from here on.</param>
    public DomainPage(ForeignMemory memory, nint address)
    {
        _memory = memory;
        SetHandle(address);
    }

    protected override bool ReleaseHandle() => _memory.Unmap(handle).IsOk;
}
