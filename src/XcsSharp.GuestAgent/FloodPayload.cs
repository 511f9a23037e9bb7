using System.Buffers.Binary;
using System.Buffers.Text;

using XcsSharp.Protocol;

namespace XcsSharp.GuestAgent;

/// <summary>What flood messages carry: lines that count, or random bytes from a seed. 60 bytes each.</summary>
internal sealed class FloodPayload
{
    private const int Digits = 12;

    private readonly byte[] _bytes = new byte[64];
    private readonly bool _random;
    private ulong _state;

    public FloodPayload(ulong? seed)
    {
        _random = seed is not null;
        _state = seed ?? 0;
        "flood 000000000000 abcdefghijklmnopqrstuvwxyz 0123456789 .\r\n"u8.CopyTo(_bytes);
    }

    /// <summary>The next message's payload, valid until the next call.</summary>
    public ReadOnlySpan<byte> Next()
    {
        if (_random)
        {
            for (int i = 0; i < _bytes.Length; i += sizeof(ulong))
            {
                BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(i), NextRandom());
            }
        }
        else
        {
            _ = Utf8Formatter.TryFormat(_state++, _bytes.AsSpan("flood "u8.Length), out _, new('D', Digits));
        }

        return _bytes.AsSpan(0, ProtocolLimits.MaxPayload);
    }

    /// <summary>SplitMix64: a few instructions, and the same everywhere.</summary>
    private ulong NextRandom()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
