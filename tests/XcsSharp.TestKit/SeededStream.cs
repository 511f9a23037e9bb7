using System.Buffers.Binary;
using System.Security.Cryptography;

namespace XcsSharp.TestKit;

/// <summary>
/// An endless stream of bytes that its seed determines: byte n can be computed without the bytes before it, so any
/// reader can be checked from any position.
/// </summary>
public readonly record struct SeededStream(ulong Seed)
{
    /// <summary>The seed that <c>XCS_SEED</c> names, or a random one. Print it.</summary>
    public static ulong ChooseSeed()
        => ulong.TryParse(Environment.GetEnvironmentVariable("XCS_SEED"), out ulong seed)
            ? seed
            : (ulong)RandomNumberGenerator.GetInt32(int.MaxValue);

    /// <summary>Another stream of the same run: for the second guest, the other direction…</summary>
    public SeededStream Fork(string purpose)
    {
        ulong hash = 14695981039346656037; // FNV-1a: stable between runs, as string.GetHashCode is not
        foreach (char c in purpose)
        {
            hash = (hash ^ c) * 1099511628211;
        }

        return new SeededStream(Mix(Seed ^ hash));
    }

    /// <summary>The bytes from <paramref name="position"/> on.</summary>
    public void Fill(long position, Span<byte> bytes)
    {
        Span<byte> word = stackalloc byte[8];
        for (int done = 0; done < bytes.Length;)
        {
            long at = position + done;
            BinaryPrimitives.WriteUInt64LittleEndian(word, Mix(Seed + (ulong)(at >> 3)));
            ReadOnlySpan<byte> rest = word[(int)(at & 7)..];
            int count = Math.Min(rest.Length, bytes.Length - done);
            rest[..count].CopyTo(bytes[done..]);
            done += count;
        }
    }

    public byte[] Take(long position, int count)
    {
        byte[] bytes = new byte[count];
        Fill(position, bytes);
        return bytes;
    }

    // splitmix64's finisher over a multiplied counter.
    private static ulong Mix(ulong value)
    {
        value *= 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
