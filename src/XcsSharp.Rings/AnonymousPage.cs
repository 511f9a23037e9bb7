using System.Runtime.InteropServices;

namespace XcsSharp.Rings;

/// <summary>A zeroed page of this process's own memory, for two ends that live in one process.</summary>
public sealed class AnonymousPage : MappedPage
{
    public unsafe AnonymousPage()
    {
        // SAFETY: page-aligned as a real mapping is; freed once, by ReleaseHandle.
        void* memory = NativeMemory.AlignedAlloc(Size, Size);
        NativeMemory.Clear(memory, Size);
        SetHandle((nint)memory);
    }

    /// <summary>The page's bytes, for a test that plays a hostile peer. Keep the page alive while using it.</summary>
    public unsafe Span<byte> Bytes => new(Address, Size);

    protected override unsafe bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
