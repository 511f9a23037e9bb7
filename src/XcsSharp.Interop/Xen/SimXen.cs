using System.Runtime.InteropServices;

namespace XcsSharp.Interop.Xen;

/// <summary>What only the simulated Xen has (native-shims/simxen/simxen.h).</summary>
internal static partial class SimXen
{
    internal const string Library = "libsimxen.so";

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int simxen_select(string directory, uint domid);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int simxen_evtchn_claim(XenEvtchnHandle handle, uint port);
}
