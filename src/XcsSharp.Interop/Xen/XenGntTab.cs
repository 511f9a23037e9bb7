using System.Runtime.InteropServices;

namespace XcsSharp.Interop.Xen;

/// <summary>libxengnttab: mapping others' grants (gnttab) and giving our own (gntshr) (xengnttab.h).</summary>
internal static partial class XenGntTab
{
    internal const string Library = "libxengnttab.so.1";

    [LibraryImport(Library, SetLastError = true)]
    internal static partial XenGntTabHandle xengnttab_open(nint logger, uint flags);

    [LibraryImport(Library)]
    internal static partial int xengnttab_close(nint handle);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint xengnttab_map_grant_ref(
        XenGntTabHandle handle, uint domid, uint reference, int protection);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int xengnttab_unmap(XenGntTabHandle handle, nint address, uint count);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial XenGntShrHandle xengntshr_open(nint logger, uint flags);

    [LibraryImport(Library)]
    internal static partial int xengntshr_close(nint handle);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial nint xengntshr_share_page_notify(
        XenGntShrHandle handle, uint domid, uint* reference, int writable, uint notifyOffset, uint notifyPort);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int xengntshr_unshare(XenGntShrHandle handle, nint address, uint count);
}
