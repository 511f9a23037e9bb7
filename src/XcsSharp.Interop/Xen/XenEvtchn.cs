using System.Runtime.InteropServices;

namespace XcsSharp.Interop.Xen;

/// <summary>libxenevtchn, stable since Xen 4.7 (xenevtchn.h).</summary>
internal static partial class XenEvtchn
{
    internal const string Library = "libxenevtchn.so.1";

    [LibraryImport(Library, SetLastError = true)]
    internal static partial XenEvtchnHandle xenevtchn_open(nint logger, uint flags);

    [LibraryImport(Library)]
    internal static partial int xenevtchn_close(nint handle);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int xenevtchn_fd(XenEvtchnHandle handle);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int xenevtchn_notify(XenEvtchnHandle handle, uint port);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int xenevtchn_bind_unbound_port(XenEvtchnHandle handle, uint domid);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int xenevtchn_bind_interdomain(XenEvtchnHandle handle, uint domid, uint remotePort);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int xenevtchn_bind_virq(XenEvtchnHandle handle, uint virq);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int xenevtchn_unbind(XenEvtchnHandle handle, uint port);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int xenevtchn_unmask(XenEvtchnHandle handle, uint port);
}
