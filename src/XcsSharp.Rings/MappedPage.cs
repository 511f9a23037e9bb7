using System.Runtime.InteropServices;

namespace XcsSharp.Rings;

/// <summary>
/// One 4096-byte page that another party can write at any time. Derived types say how it was mapped and
/// undo that when the handle is released.
/// </summary>
/// <remarks>
/// A <see cref="ControllerPage"/> or <see cref="GuestPage"/> owns its page together with the rings over it, so the
/// mapping outlives them by ownership.
/// </remarks>
public abstract class MappedPage : SafeHandle
{
    /// <summary>Bytes of a page.</summary>
    public const int Size = 4096;

    protected MappedPage()
        : base(invalidHandleValue: 0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>First byte of the page. Valid until the handle is disposed.</summary>
    internal unsafe byte* Address => (byte*)handle;
}
