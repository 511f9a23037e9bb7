using System.Buffers.Binary;

namespace XcsSharp.Client.Capture;

/// <summary>What an interface description says that its packets need.</summary>
/// <param name="LinkType">LINKTYPE_*.</param>
/// <param name="UnitsPerSecond">Of the packets' times.</param>
internal sealed record CaptureInterface(ushort LinkType, UInt128 UnitsPerSecond)
{
    private static readonly UInt128 s_microseconds = 1_000_000;

    /// <summary>Null: the block is cut off, or its times are finer than 2^-63 or 10^-19 s.</summary>
    public static CaptureInterface? Read(ReadOnlySpan<byte> body)
    {
        if (body.Length < 8)
        {
            return null;
        }

        ushort linkType = BinaryPrimitives.ReadUInt16LittleEndian(body);
        UInt128? units = s_microseconds;
        ReadOnlySpan<byte> options = body[8..];
        while (options.Length >= 4)
        {
            ushort code = BinaryPrimitives.ReadUInt16LittleEndian(options);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(options[2..]);
            options = options[4..];
            if (code == PcapngFormat.OptionEnd)
            {
                break;
            }

            if (PcapngFormat.RoundUp(length) > options.Length)
            {
                return null;
            }

            if (code == PcapngFormat.OptionTimeResolution && length == 1)
            {
                units = UnitsOf(options[0]);
            }

            options = options[PcapngFormat.RoundUp(length)..];
        }

        return units is UInt128 known ? new CaptureInterface(linkType, known) : null;
    }

    /// <summary>Null: beyond what a calendar has.</summary>
    public DateTimeOffset? TimeOf(ulong units)
    {
        UInt128 ticks = (UInt128)units * TimeSpan.TicksPerSecond / UnitsPerSecond;
        return ticks <= (UInt128)(DateTimeOffset.MaxValue - DateTimeOffset.UnixEpoch).Ticks
            ? DateTimeOffset.UnixEpoch.AddTicks((long)ticks)
            : null;
    }

    /// <summary>The option's byte: a negative power of ten, or of two if its highest bit is set.</summary>
    private static UInt128? UnitsOf(byte resolution)
    {
        int exponent = resolution & 0x7f;
        if ((resolution & 0x80) != 0)
        {
            return exponent < 64 ? UInt128.One << exponent : null;
        }

        if (exponent > 19)
        {
            return null;
        }

        UInt128 units = 1;
        for (int i = 0; i < exponent; i++)
        {
            units *= 10;
        }

        return units;
    }
}
