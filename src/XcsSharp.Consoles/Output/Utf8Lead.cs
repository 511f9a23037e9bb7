namespace XcsSharp.Consoles;

/// <summary>Which bytes may follow each other in UTF-8: the table of well-formed sequences of the Unicode standard (3-7).</summary>
internal static class Utf8Lead
{
    /// <summary>How many bytes follow this one in a character; 0 for what begins none.</summary>
    public static int Continuations(byte lead) => lead switch
    {
        >= 0xc2 and <= 0xdf => 1,
        >= 0xe0 and <= 0xef => 2,
        >= 0xf0 and <= 0xf4 => 3,
        _ => 0,
    };

    /// <summary>False for a byte that would make the character too long, a surrogate, or higher than U+10FFFF.</summary>
    /// <param name="character">What there is of it, at least its first byte.</param>
    /// <param name="next">The next byte.</param>
    public static bool CanFollow(ReadOnlySpan<byte> character, byte next) => character.Length > 1
        ? next is >= 0x80 and <= 0xbf
        : character[0] switch
        {
            0xe0 => next is >= 0xa0 and <= 0xbf,
            0xed => next is >= 0x80 and <= 0x9f,
            0xf0 => next is >= 0x90 and <= 0xbf,
            0xf4 => next is >= 0x80 and <= 0x8f,
            _ => next is >= 0x80 and <= 0xbf,
        };
}
