using System.Globalization;

namespace XcsSharp.Protocol.Operator;

/// <summary>A guest's memory as an operator writes it: a number and its unit, never a number alone, which every tool means otherwise.</summary>
public static class MemorySize
{
    /// <summary>Bytes of a page.</summary>
    public const uint PageBytes = 4096;

    /// <summary>4 MiB: with less no kernel of the time ran, so it is a slip.</summary>
    public const uint LeastPages = 1024;

    /// <summary>What the message has room for: 4 KiB less than 16 TiB.</summary>
    public const uint MostPages = uint.MaxValue;

    /// <summary>Completes the sentence "give …".</summary>
    public const string Allowed = "a size with its unit, from 4M to 16T: 524288K, 512M, 2G, or 131072p for pages of 4 KiB";

    /// <param name="text">Digits, then K, M, G or T (also KiB and so on; letter case does not matter), or p for pages.</param>
    /// <param name="pages">The size.</param>
    /// <returns>False when it is no such text, no whole number of pages, or out of range.</returns>
    public static bool TryParse(string text, out uint pages)
    {
        int digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        pages = 0;
        if (digits <= 0
            || !ulong.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            || UnitOf(text[digits..]) is not ulong unit)
        {
            return false;
        }

        UInt128 bytes = (UInt128)number * unit;
        UInt128 count = bytes / PageBytes;
        if (bytes % PageBytes != 0 || count < LeastPages || count > MostPages)
        {
            return false;
        }

        pages = (uint)count;
        return true;
    }

    private static ulong? UnitOf(string unit) => unit.ToUpperInvariant() switch
    {
        "P" => PageBytes,
        "K" or "KIB" => 1UL << 10,
        "M" or "MIB" => 1UL << 20,
        "G" or "GIB" => 1UL << 30,
        "T" or "TIB" => 1UL << 40,
        _ => null,
    };
}
