namespace XcsSharp.Protocol.Payloads;

/// <summary>
/// How the compiler of the other side laid out the payload structs. The message does not say, so whoever looks at a
/// guest's messages has to know it.
/// </summary>
/// <remarks>
/// The structs of xen/include/public/io/domain_controller.h were packed, with padding written out, until
/// Xen commit e27fcf3739 (2005-07-02). From then on they are aligned as the ABI of the word size has it.
/// The numbers are those of capture files: never change one.
/// </remarks>
public enum PayloadAbi : byte
{
    /// <summary>i386 until July 2005.</summary>
    Packed32 = 0,

    /// <summary>x86-64 until July 2005.</summary>
    Packed64 = 1,

    /// <summary>i386 from July 2005 on.</summary>
    Natural32 = 2,

    /// <summary>x86-64 from July 2005 on.</summary>
    Natural64 = 3,
}

/// <summary>What follows from a <see cref="PayloadAbi"/>, and its names.</summary>
public static class PayloadAbis
{
    private static readonly string[] s_names = ["packed32", "packed64", "natural32", "natural64"];

    /// <summary>The names that <see cref="TryParse"/> takes, in the order of the numbers.</summary>
    public static IReadOnlyList<string> Names => s_names;

    /// <summary>"natural64" and so on; the number for a value that is none of the enumeration.</summary>
    public static string Name(this PayloadAbi abi)
        => (int)abi < s_names.Length ? s_names[(int)abi] : ((int)abi).ToString();

    public static bool TryParse(string text, out PayloadAbi abi)
    {
        int index = Array.IndexOf(s_names, text);
        abi = (PayloadAbi)Math.Max(index, 0);
        return index >= 0;
    }

    internal static bool IsPacked(this PayloadAbi abi) => abi is PayloadAbi.Packed32 or PayloadAbi.Packed64;

    /// <summary>Bytes of an unsigned long, and the strictest alignment that the ABI knows.</summary>
    internal static int WordSize(this PayloadAbi abi) => abi is PayloadAbi.Packed32 or PayloadAbi.Natural32 ? 4 : 8;
}
