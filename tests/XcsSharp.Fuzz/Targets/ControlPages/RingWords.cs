using System.Buffers.Binary;
using System.Runtime.InteropServices;

using XcsSharp.Protocol;

namespace XcsSharp.Fuzz.Targets.ControlPages;

/// <summary>One direction of a control page in some memory: the public header's arithmetic, written once more and without our rings.</summary>
internal readonly ref struct RingWords(Span<byte> page, int start)
{
    private readonly Span<byte> _ring = page.Slice(start, 520);

    public static RingWords Transmit(Span<byte> page) => new(page, 2048);

    public static RingWords Receive(Span<byte> page) => new(page, 2568);

    public uint RequestProducer
    {
        get => BinaryPrimitives.ReadUInt32LittleEndian(_ring);
        set => BinaryPrimitives.WriteUInt32LittleEndian(_ring, value);
    }

    public uint ResponseProducer
    {
        get => BinaryPrimitives.ReadUInt32LittleEndian(_ring[4..]);
        set => BinaryPrimitives.WriteUInt32LittleEndian(_ring[4..], value);
    }

    public Span<byte> Slot(uint index) => _ring.Slice(8 + ((int)(index % 8) * 64), 64);

    /// <summary>A slot as dom0 may see it: the length is the one byte that it must not believe.</summary>
    public ControlMessage Read(uint index)
    {
        ControlMessage message = MemoryMarshal.Read<ControlMessage>(Slot(index));
        message.Length = Math.Min(message.Length, (byte)60);
        return message;
    }

    public void Write(uint index, in ControlMessage message) => MemoryMarshal.Write(Slot(index), message);

}
