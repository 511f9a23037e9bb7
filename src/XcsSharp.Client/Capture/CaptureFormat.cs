using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Client.Capture;

/// <summary>The bytes of one packet in a capture: our header, then the record. README.md beside this file has the table.</summary>
internal static class CaptureFormat
{
    public const int HeaderSize = 16;
    public const int MaxName = 255;
    public const int MaxPacket = HeaderSize + MaxName + ProtocolLimits.RecordSize;
    public const byte Version = 1;

    private const int DirectionAt = 4;
    private const int AbiAt = 5;
    private const int NameLengthAt = 7;
    private const int DomidAt = 8;
    private const int PortAt = 12;

    private static ReadOnlySpan<byte> Magic => "XCS"u8;

    /// <summary>Writes a packet of at most <see cref="MaxPacket"/> bytes.</summary>
    /// <returns>Its size.</returns>
    public static int Write(in CapturedRecord captured, Span<byte> packet)
    {
        // Whole characters only: a name that is too long is cut between two.
        _ = Utf8.FromUtf16(captured.DomainName, packet.Slice(HeaderSize, MaxName), out _, out int nameLength);
        Magic.CopyTo(packet);
        packet[Magic.Length] = Version;
        packet[DirectionAt] = (byte)captured.Direction;
        packet[AbiAt] = (byte)captured.Abi;
        packet[AbiAt + 1] = 0;
        packet[NameLengthAt] = (byte)nameLength;
        BinaryPrimitives.WriteUInt32LittleEndian(packet[DomidAt..], captured.Domid);
        BinaryPrimitives.WriteInt32LittleEndian(packet[PortAt..], captured.LocalPort);
        XcsRecord record = captured.Record;
        XcsRecord.Bytes(in record).CopyTo(packet[(HeaderSize + nameLength)..]);
        return HeaderSize + nameLength + ProtocolLimits.RecordSize;
    }

    /// <summary>Whether a packet says it is one of ours; other programs use the same link type.</summary>
    public static bool IsOurs(ReadOnlySpan<byte> packet) => packet.StartsWith(Magic);

    /// <summary>Reads a packet for which <see cref="IsOurs"/> holds.</summary>
    /// <returns>False: <paramref name="problem"/> says what is wrong with it.</returns>
    public static bool TryRead(ReadOnlySpan<byte> packet, DateTimeOffset time, out CapturedRecord captured, out string problem)
    {
        captured = default;
        problem = "";
        if (packet.Length < HeaderSize)
        {
            problem = $"its header is cut off after {packet.Length} bytes";
        }
        else if (packet[Magic.Length] != Version)
        {
            problem = $"it has version {packet[Magic.Length]} of the format, and {Version} is known here; use a newer program";
        }
        else if (packet.Length != HeaderSize + packet[NameLengthAt] + ProtocolLimits.RecordSize)
        {
            problem = $"it has {packet.Length} bytes and should have"
                + $" {HeaderSize + packet[NameLengthAt] + ProtocolLimits.RecordSize}";
        }
        else if (packet[DirectionAt] > (byte)MessageDirection.ToGuest)
        {
            problem = $"{packet[DirectionAt]} is no direction";
        }
        else
        {
            int nameLength = packet[NameLengthAt];
            captured = new CapturedRecord
            {
                Time = time,
                Direction = (MessageDirection)packet[DirectionAt],
                Abi = (PayloadAbi)packet[AbiAt],
                Domid = BinaryPrimitives.ReadUInt32LittleEndian(packet[DomidAt..]),
                LocalPort = BinaryPrimitives.ReadInt32LittleEndian(packet[PortAt..]),
                DomainName = Encoding.UTF8.GetString(packet.Slice(HeaderSize, nameLength)),
                Record = XcsRecord.Read(packet[(HeaderSize + nameLength)..]),
            };
            return true;
        }

        return false;
    }
}
