using System.Globalization;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Rings;

namespace XcsSharp.Guest;

/// <summary>
/// The control interface in our own shared_info page, and the port that the toolstack allocated for it. Dom0 learns of both
/// from the toolstack, so there is nothing to publish.
/// </summary>
internal sealed class ClassicPageSource : IControlPageSource
{
    /// <summary>The guest's control port, by custom of 2005.</summary>
    private const uint ControlPort = 1;

    /// <summary>SIMXEN_SHARED_INFO_FRAME of simxen.h. A kernel of 2005 has it from its start_info; asking the hypervisor for it
    /// is dom0's privilege.</summary>
    private const ulong SharedInfoFrame = 0x1001;

    private readonly ForeignMemory _memory;

    public ClassicPageSource(EventChannels ports, XenStoreConnection store)
    {
        ports.Claim(ControlPort).OrThrow("simxen_evtchn_claim", "port 1");
        Port = ControlPort;
        uint self = OwnDomid(store);
        _memory = ForeignMemory.Open();
        Errno failed = _memory.Map(self, SharedInfoFrame, out nint address);
        if (failed != Errno.OK)
        {
            _memory.Dispose();
            throw new ErrnoException("xenforeignmemory_map", failed, "our shared_info page");
        }

        Page = new GuestPage(new OwnPage(_memory, address));
    }

    public uint Port { get; }

    public GuestPage Page { get; }

    public void Publish()
    {
    }

    public void Dispose()
    {
        Page.Dispose();
        _memory.Dispose();
    }

    private static uint OwnDomid(XenStoreConnection store)
    {
        Check(store.Read("domid", out string? text), "xs_read", "domid");
        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint domid)
            ? domid
            : throw new ErrnoException("xs_read", Errno.EINVAL, $"domid '{text}'");
    }

    private static void Check(Errno result, string operation, string subject)
    {
        if (result != Errno.OK)
        {
            throw new ErrnoException(operation, result, subject);
        }
    }

    private sealed class OwnPage : MappedPage
    {
        private readonly ForeignMemory _memory;

        public OwnPage(ForeignMemory memory, nint address)
        {
            _memory = memory;
            SetHandle(address);
        }

        protected override bool ReleaseHandle() => _memory.Unmap(handle).IsOk;
    }
}
