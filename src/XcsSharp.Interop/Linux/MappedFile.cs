using System.Runtime.InteropServices;

using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Interop.Linux;

/// <summary>A file as memory. What is written there is in the file at once, for whoever opens it next, however this process ends.</summary>
/// <remarks>All of it is there from the start: a page that is touched first in a flood costs more than what is written to it.</remarks>
internal sealed class MappedFile : SafeHandle
{
    private readonly int _length;

    private MappedFile(nint address, int length)
        : base(invalidHandleValue: -1, ownsHandle: true)
    {
        SetHandle(address);
        _length = length;
    }

    public override bool IsInvalid => handle == -1;

    /// <summary>All of it. Not to be kept: valid until this is disposed.</summary>
    public unsafe Span<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);

            // SAFETY: so many bytes are mapped, and stay so until this is closed.
            return new Span<byte>((void*)handle, _length);
        }
    }

    /// <param name="file">May be closed afterwards. Has at least so many bytes, and room for them: see <see cref="Sys.Allocate"/>.</param>
    /// <param name="length">Bytes from its start on.</param>
    /// <param name="path">For the error.</param>
    /// <exception cref="ErrnoException">It can not be mapped.</exception>
    public static MappedFile Map(SafeFileHandle file, int length, string path)
    {
        MappedFile mapped = new(
            Libc.mmap(0, (nuint)length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED | Libc.MAP_POPULATE, file, 0), length);
        return mapped.IsInvalid ? throw new ErrnoException("mmap", (Errno)Marshal.GetLastPInvokeError(), path) : mapped;
    }

    protected override bool ReleaseHandle() => Libc.munmap(handle, (nuint)_length) == 0;
}
