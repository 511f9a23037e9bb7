using System.Runtime.CompilerServices;

using XcsSharp.Protocol;

namespace XcsSharp.Rings;

/// <summary>
/// The shared half of one ring: the only place that loads from and stores to a page the other end writes.
/// </summary>
/// <remarks>
/// Memory order. An index is read once, with acquire, before the slots it covers; a slot is stored before the
/// index that publishes it, with release. No path here needs store-then-load order: whoever sleeps is woken by an
/// event channel, and that is a system call on both sides. Aligned 4-byte loads and stores are atomic.
/// </remarks>
internal readonly unsafe struct RingMemory
{
    private const uint SlotMask = ProtocolLimits.RingSlots - 1;

    private readonly byte* _start;

    /// <param name="page">Must stay referenced as long as this value is used.</param>
    /// <param name="offset">Start of the direction: <see cref="ControlPageLayout.Transmit"/> or Receive.</param>
    internal RingMemory(MappedPage page, int offset)
    {
        // SAFETY: both directions lie inside the page: 2568 + 520 <= 4096.
        _start = page.Address + offset;
    }

    /// <summary>Shared index of who asks. Each read may give another value: read it once per decision.</summary>
    internal uint RequestProducer
    {
        // SAFETY: _start is inside a referenced page and 4-byte aligned.
        get => Volatile.Read(ref Unsafe.AsRef<uint>(_start + ControlPageLayout.RequestProducer));
        set => Volatile.Write(ref Unsafe.AsRef<uint>(_start + ControlPageLayout.RequestProducer), value);
    }

    /// <summary>Shared index of who answers.</summary>
    internal uint ResponseProducer
    {
        // SAFETY: as above.
        get => Volatile.Read(ref Unsafe.AsRef<uint>(_start + ControlPageLayout.ResponseProducer));
        set => Volatile.Write(ref Unsafe.AsRef<uint>(_start + ControlPageLayout.ResponseProducer), value);
    }

    /// <summary>
    /// Copies a slot out of shared memory and clamps the length on the copy: whatever the peer does to the slot
    /// afterwards, the message that is judged is the message that is delivered.
    /// </summary>
    internal void CopyOut(uint index, out ControlMessage message)
    {
        // SAFETY: the index is masked, so the 64 bytes are inside the direction; slots may be unaligned for
        // wider types, and ControlMessage has only bytes.
        message = Unsafe.ReadUnaligned<ControlMessage>(SlotAddress(index));
        message.Length = Math.Min(message.Length, (byte)ProtocolLimits.MaxPayload);
    }

    internal void CopyIn(uint index, in ControlMessage message)
        // SAFETY: as in CopyOut.
        => Unsafe.WriteUnaligned(SlotAddress(index), message);

    private byte* SlotAddress(uint index)
        => _start + ControlPageLayout.Slots + ((index & SlotMask) * ProtocolLimits.ControlMessageSize);
}
