using System.Runtime.InteropServices;

namespace XcsSharp.Interop.Xen;

/// <summary>struct xs_permissions (xenstore.h): the first entry names the owner and everybody else's rights.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct xs_permissions
{
    public uint id;
    public uint perms;
}

/// <summary>
/// libxenstore (xenstore.h). Its results are memory of malloc, one piece each, that the caller frees; bool is C's, one byte.
/// </summary>
internal static unsafe partial class XenStore
{
    internal const string Library = "libxenstore.so.4";

    internal const uint XS_PERM_NONE = 0;
    internal const uint XS_PERM_READ = 1;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial XenStoreHandle xs_open(nuint flags);

    [LibraryImport(Library)]
    internal static partial void xs_close(nint handle);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int xs_fileno(XenStoreHandle handle);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial byte* xs_read(XenStoreHandle handle, uint transaction, string path, uint* length);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial byte xs_write(
        XenStoreHandle handle, uint transaction, string path, byte* data, uint length);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial byte xs_rm(XenStoreHandle handle, uint transaction, string path);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial byte** xs_directory(XenStoreHandle handle, uint transaction, string path, uint* count);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial xs_permissions* xs_get_permissions(
        XenStoreHandle handle, uint transaction, string path, uint* count);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial byte xs_set_permissions(
        XenStoreHandle handle, uint transaction, string path, xs_permissions* permissions, uint count);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial byte xs_watch(XenStoreHandle handle, string path, string token);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial byte xs_unwatch(XenStoreHandle handle, string path, string token);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial byte** xs_check_watch(XenStoreHandle handle);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial uint xs_transaction_start(XenStoreHandle handle);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial byte xs_transaction_end(XenStoreHandle handle, uint transaction, byte abort);
}
