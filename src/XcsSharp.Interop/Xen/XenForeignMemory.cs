using System.Runtime.InteropServices;

namespace XcsSharp.Interop.Xen;

/// <summary>libxenforeignmemory (xenforeignmemory.h). xen_pfn_t is an unsigned long: 64 bits here.</summary>
internal static partial class XenForeignMemory
{
    internal const string Library = "libxenforeignmemory.so.1";

    [LibraryImport(Library, SetLastError = true)]
    internal static partial XenForeignMemoryHandle xenforeignmemory_open(nint logger, uint flags);

    [LibraryImport(Library)]
    internal static partial int xenforeignmemory_close(nint handle);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial nint xenforeignmemory_map(
        XenForeignMemoryHandle handle, uint domid, int protection, nuint pages, ulong* frames, int* errors);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int xenforeignmemory_unmap(XenForeignMemoryHandle handle, nint address, nuint pages);
}
