using System.Runtime.InteropServices;

namespace XcsSharp.Interop.Xen;

/// <summary>A handle that a Xen library gave and takes back; 0 is none.</summary>
internal abstract class XenHandle() : SafeHandle(invalidHandleValue: 0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    /// <summary>This handle, or the reason why opening gave none.</summary>
    /// <exception cref="ErrnoException">It is invalid.</exception>
    protected static T Checked<T>(T opened, string operation)
        where T : XenHandle
    {
        if (!opened.IsInvalid)
        {
            return opened;
        }

        Errno error = SysResult.LastError();
        opened.Dispose();
        throw new ErrnoException(operation, error);
    }
}

internal sealed class XenEvtchnHandle : XenHandle
{
    public static XenEvtchnHandle Open() => Checked(XenEvtchn.xenevtchn_open(0, 0), nameof(XenEvtchn.xenevtchn_open));

    protected override bool ReleaseHandle() => XenEvtchn.xenevtchn_close(handle) == 0;
}

internal sealed class XenForeignMemoryHandle : XenHandle
{
    public static XenForeignMemoryHandle Open()
        => Checked(XenForeignMemory.xenforeignmemory_open(0, 0), nameof(XenForeignMemory.xenforeignmemory_open));

    protected override bool ReleaseHandle() => XenForeignMemory.xenforeignmemory_close(handle) == 0;
}

internal sealed class XenGntTabHandle : XenHandle
{
    public static XenGntTabHandle Open() => Checked(XenGntTab.xengnttab_open(0, 0), nameof(XenGntTab.xengnttab_open));

    protected override bool ReleaseHandle() => XenGntTab.xengnttab_close(handle) == 0;
}

internal sealed class XenGntShrHandle : XenHandle
{
    public static XenGntShrHandle Open() => Checked(XenGntTab.xengntshr_open(0, 0), nameof(XenGntTab.xengntshr_open));

    protected override bool ReleaseHandle() => XenGntTab.xengntshr_close(handle) == 0;
}

internal sealed class XenStoreHandle : XenHandle
{
    public static XenStoreHandle Open() => Checked(XenStore.xs_open(0), nameof(XenStore.xs_open));

    protected override bool ReleaseHandle()
    {
        XenStore.xs_close(handle);
        return true;
    }
}

internal sealed class XenCtrlShimHandle : XenHandle
{
    public static XenCtrlShimHandle Open()
        => Checked(XenCtrlShim.xcs_xenctrl_open(), nameof(XenCtrlShim.xcs_xenctrl_open));

    protected override bool ReleaseHandle()
    {
        XenCtrlShim.xcs_xenctrl_close(handle);
        return true;
    }
}
