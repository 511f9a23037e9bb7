using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace XcsSharp.Interop.Xen;

/// <summary>A domain's 16-byte handle, in the order in which it is written.</summary>
[InlineArray(16)]
internal struct DomainUuid
{
    private byte _first;
}

/// <summary>struct xcs_domain_info of native-shims/xenctrl/xcs_xenctrl.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct xcs_domain_info
{
    public uint domid;
    public uint flags;
    public uint shutdown_reason;
    public uint reserved;
    public ulong shared_info_frame;
    public ulong nr_pages;
    public DomainUuid uuid;
}

/// <summary>struct xcs_port_info of native-shims/xenctrl/xcs_xenctrl.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct xcs_port_info
{
    public uint state;
    public uint remote_domid;
    public uint remote_port;
    public uint reserved;
}

/// <summary>Our own shim: libxenctrl has no stable ABI, these functions have.</summary>
internal static unsafe partial class XenCtrlShim
{
    internal const string Library = "libxcs_xenctrl.so";

    internal const uint XCS_DOMAIN_DYING = 1;
    internal const uint XCS_DOMAIN_SHUTDOWN = 2;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial XenCtrlShimHandle xcs_xenctrl_open();

    [LibraryImport(Library)]
    internal static partial void xcs_xenctrl_close(nint handle);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int xcs_xenctrl_domain_list(
        XenCtrlShimHandle handle, uint firstDomid, xcs_domain_info* domains, uint max);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int xcs_xenctrl_domain_info(
        XenCtrlShimHandle handle, uint domid, xcs_domain_info* domain);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int xcs_xenctrl_port_info(
        XenCtrlShimHandle handle, uint domid, uint port, xcs_port_info* info);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int xcs_xenctrl_read_log(
        XenCtrlShimHandle handle, byte* text, uint max, uint* index, uint incremental);
}
