using System.Buffers.Binary;
using System.Text;

namespace XcsSharp.Client.Capture;

/// <summary>
/// Writes captured records as a pcapng file (README.md beside this file has its layout). Each record is one write of
/// whole blocks, so that a file which is still written, or whose writer was killed, can be read.
/// </summary>
public sealed class PcapngWriter
{
    private readonly Stream _output;
    private readonly byte[] _block = new byte[CaptureFormat.MaxPacket + 128];
    private int _length;

    /// <summary>Writes the section header and the description of the one interface.</summary>
    /// <param name="output">A new file, or a pipe. Stays the caller's, who closes it.</param>
    /// <param name="application">The program that writes, at most 64 bytes.</param>
    /// <exception cref="IOException">The disk is full, or the pipe has no reader; also of <see cref="Write"/>.</exception>
    public PcapngWriter(Stream output, string application = "xcsctl")
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Encoding.UTF8.GetByteCount(application), 64, nameof(application));
        _output = output;

        Begin(PcapngFormat.SectionHeader);
        Add32(PcapngFormat.ByteOrderMagic);
        Add16(1); // version 1.0
        Add16(0);
        Add32(uint.MaxValue); // the section's length: not known
        Add32(uint.MaxValue);
        AddOption(PcapngFormat.OptionApplication, Encoding.UTF8.GetBytes(application));
        AddOption(PcapngFormat.OptionEnd, []);
        End();

        Begin(PcapngFormat.InterfaceDescription);
        Add16(PcapngFormat.UserLinkType);
        Add16(0);
        Add32(CaptureFormat.MaxPacket);
        AddOption(PcapngFormat.OptionInterfaceName, "xcs"u8);
        AddOption(PcapngFormat.OptionInterfaceDescription, "Xen control messages, XcsSharp header version 1"u8);
        AddOption(PcapngFormat.OptionTimeResolution, [9]); // nanoseconds
        AddOption(PcapngFormat.OptionEnd, []);
        End();
    }

    /// <summary>Appends a record. Allocates nothing. A time before 1970 becomes 1970.</summary>
    public void Write(in CapturedRecord captured)
    {
        ulong time = (ulong)Math.Max(0, (captured.Time - DateTimeOffset.UnixEpoch).Ticks) * 100;
        Begin(PcapngFormat.EnhancedPacket);
        Add32(0); // the interface
        Add32((uint)(time >> 32));
        Add32((uint)time);
        int sizes = _length;
        _length += 8;
        int size = CaptureFormat.Write(captured, _block.AsSpan(_length));
        BinaryPrimitives.WriteInt32LittleEndian(_block.AsSpan(sizes), size); // bytes kept
        BinaryPrimitives.WriteInt32LittleEndian(_block.AsSpan(sizes + 4), size); // bytes there were
        Pad(size);
        Span<byte> flags = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(
            flags, captured.Direction == MessageDirection.ToGuest ? PcapngFormat.Outbound : PcapngFormat.Inbound);
        AddOption(PcapngFormat.OptionPacketFlags, flags);
        AddOption(PcapngFormat.OptionEnd, []);
        End();
    }

    private void Begin(uint type)
    {
        _length = 0;
        Add32(type);
        Add32(0); // the block's length, see End
    }

    private void End()
    {
        int total = _length + 4;
        BinaryPrimitives.WriteInt32LittleEndian(_block.AsSpan(4), total);
        Add32((uint)total);
        _output.Write(_block, 0, total);
    }

    private void AddOption(ushort code, ReadOnlySpan<byte> value)
    {
        Add16(code);
        Add16((ushort)value.Length);
        value.CopyTo(_block.AsSpan(_length));
        Pad(value.Length);
    }

    /// <summary>Steps over what was written, and clears the bytes up to the next multiple of four.</summary>
    private void Pad(int written)
    {
        int padded = PcapngFormat.RoundUp(written);
        _block.AsSpan(_length + written, padded - written).Clear();
        _length += padded;
    }

    private void Add16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_block.AsSpan(_length), value);
        _length += 2;
    }

    private void Add32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_block.AsSpan(_length), value);
        _length += 4;
    }
}
