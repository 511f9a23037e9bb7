using XcsSharp.Interop.Xen;
using XcsSharp.Rings;

namespace XcsSharp.Xen;

/// <summary>A page that a guest granted to dom0, mapped through the grant device.</summary>
internal sealed class GrantedPage : MappedPage
{
    private readonly GrantTable _grants;

    /// <param name="grants">Must outlive the page; <see cref="XenHypervisor"/> sees to that.</param>
    /// <param name="address">What <see cref="GrantTable.Map"/> gave; owned from here on.</param>
    public GrantedPage(GrantTable grants, nint address)
    {
        _grants = grants;
        SetHandle(address);
    }

    protected override bool ReleaseHandle() => _grants.Unmap(handle).IsOk;
}
