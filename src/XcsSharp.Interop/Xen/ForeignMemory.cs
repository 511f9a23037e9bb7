namespace XcsSharp.Interop.Xen;

/// <summary>Frames of other domains, mapped by dom0's own right.</summary>
internal sealed class ForeignMemory : IDisposable
{
    /// <summary>PROT_READ | PROT_WRITE (sys/mman.h).</summary>
    internal const int ReadWrite = 3;

    private readonly XenForeignMemoryHandle _handle = XenForeignMemoryHandle.Open();

    public static ForeignMemory Open() => new();

    /// <summary>Maps one frame, readable and writable.</summary>
    /// <param name="domid">Whose frame.</param>
    /// <param name="frame">Its number in the domain.</param>
    /// <param name="address">To be given back with <see cref="Unmap"/>.</param>
    public unsafe Errno Map(uint domid, ulong frame, out nint address)
    {
        int error = 0;

        // SAFETY: one frame and one error on the stack, and a count of one.
        address = XenForeignMemory.xenforeignmemory_map(_handle, domid, ReadWrite, 1, &frame, &error);
        if (address == 0)
        {
            return SysResult.LastError();
        }

        if (error == 0)
        {
            return Errno.OK;
        }

        // A frame that cannot be mapped still gives an address, of a page that faults when it is touched.
        _ = Unmap(address);
        address = 0;
        return (Errno)Math.Abs(error);
    }

    public SysResult Unmap(nint address)
        => SysResult.From(XenForeignMemory.xenforeignmemory_unmap(_handle, address, 1));

    public void Dispose() => _handle.Dispose();
}
