using System.Buffers.Binary;

namespace XcsSharp.Fuzz.Engine;

/// <summary>An input read as a series of choices. At its end everything is 0, so every input means something.</summary>
internal ref struct FuzzInput(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _left = bytes;

    public readonly bool IsEmpty => _left.IsEmpty;

    public readonly ReadOnlySpan<byte> Rest => _left;

    public byte Byte()
    {
        if (_left.IsEmpty)
        {
            return 0;
        }

        byte value = _left[0];
        _left = _left[1..];
        return value;
    }

    public ushort U16() => (ushort)(Byte() | (Byte() << 8));

    public uint U32() => U16() | ((uint)U16() << 16);

    /// <summary>As many bytes as there are, at most so many.</summary>
    public ReadOnlySpan<byte> Take(int most)
    {
        int count = Math.Min(most, _left.Length);
        ReadOnlySpan<byte> taken = _left[..count];
        _left = _left[count..];
        return taken;
    }

    /// <summary>The bytes of a little-endian number, for the seeds.</summary>
    public static byte[] Bytes(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }
}
