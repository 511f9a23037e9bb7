using System.Buffers.Binary;

using XcsSharp.Rings;

namespace XcsSharp.Switching.Tests.Rig;

/// <summary>A guest's control page as bytes at their places: what a guest that lies writes, and what is there as it is.</summary>
internal static class ControlPageBytes
{
    private const int LengthInMessage = 3;

    /// <summary>Overwrites a shared index and signals dom0.</summary>
    public static void Poke(this FakeGuest guest, int direction, int index, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(guest.PageBytes[(direction + index)..], value);
        guest.Kick();
    }

    /// <summary>The length byte as it is in a slot of the page.</summary>
    public static byte RawLength(this FakeGuest guest, int direction, int slot) => guest.Slot(direction, slot)[LengthInMessage];

    /// <summary>The 64 bytes of a slot for its requests.</summary>
    public static Span<byte> TransmitSlot(this FakeGuest guest, int slot) => guest.Slot(ControlPageLayout.Transmit, slot);

    private static Span<byte> Slot(this FakeGuest guest, int direction, int slot)
        => guest.PageBytes.Slice(
            direction + ControlPageLayout.Slots + (slot * ProtocolLimits.ControlMessageSize), ProtocolLimits.ControlMessageSize);
}
