using System.Runtime.InteropServices;

using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop.Linux;

namespace XcsSharp.Interop.Xen;

/// <summary>
/// One opened event-channel device: the ports bound through it, and the events on them. A port is masked by the kernel
/// when its number is read, until it is unmasked.
/// </summary>
internal sealed class EventChannels : IDisposable
{
    private readonly XenEvtchnHandle _handle;

    private EventChannels(XenEvtchnHandle handle)
    {
        _handle = handle;
        int fd = SysResult.From(XenEvtchn.xenevtchn_fd(handle)).OrThrow(nameof(XenEvtchn.xenevtchn_fd));
        FileDescriptor = new SafeFileHandle(fd, ownsHandle: false);
    }

    /// <summary>Readable while port numbers wait. Belongs to the device; not blocking.</summary>
    public SafeFileHandle FileDescriptor { get; }

    /// <exception cref="ErrnoException">No device, or no right to it.</exception>
    public static EventChannels Open()
    {
        XenEvtchnHandle handle = XenEvtchnHandle.Open();
        try
        {
            EventChannels opened = new(handle);
            Sys.SetNonBlocking(opened.FileDescriptor);
            return opened;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Reads the numbers of many ports in one system call: the device gives as many 4-byte numbers as fit (Linux,
    /// drivers/xen/evtchn.c); libxenevtchn's own function takes one.
    /// </summary>
    /// <returns>How many, or why none: EAGAIN when no event waits.</returns>
    public SysResult ReadPorts(Span<uint> ports)
    {
        SysResult read = Sys.Read(FileDescriptor, MemoryMarshal.AsBytes(ports));
        if (!read.IsOk)
        {
            return read;
        }

        // An end of file would be a device that went away.
        return read.Value == 0 ? SysResult.Failure(Errno.ENODEV) : SysResult.Success(read.Value / sizeof(uint));
    }

    public SysResult Unmask(uint port) => SysResult.From(XenEvtchn.xenevtchn_unmask(_handle, port));

    public SysResult Notify(uint port) => SysResult.From(XenEvtchn.xenevtchn_notify(_handle, port));

    /// <returns>The local port. An event is pending on it from the start.</returns>
    public SysResult BindInterdomain(uint domid, uint remotePort)
        => SysResult.From(XenEvtchn.xenevtchn_bind_interdomain(_handle, domid, remotePort));

    /// <summary>A new local port that the other domain may bind.</summary>
    public SysResult BindUnbound(uint domid) => SysResult.From(XenEvtchn.xenevtchn_bind_unbound_port(_handle, domid));

    public SysResult BindVirq(uint virq) => SysResult.From(XenEvtchn.xenevtchn_bind_virq(_handle, virq));

    public SysResult Unbind(uint port) => SysResult.From(XenEvtchn.xenevtchn_unbind(_handle, port));

    /// <summary>Simulated Xen only: takes over a port of the own domain that nobody has opened, as its kernel would.</summary>
    public SysResult Claim(uint port) => SysResult.From(SimXen.simxen_evtchn_claim(_handle, port));

    public void Dispose() => _handle.Dispose();
}
