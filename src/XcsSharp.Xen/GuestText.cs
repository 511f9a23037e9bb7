using System.Buffers;
using System.Globalization;

namespace XcsSharp.Xen;

/// <summary>Reads texts that a guest may have written. Strict: what our own guest library would not write is refused.</summary>
internal static class GuestText
{
    /// <summary>The longest domain name that is shown; Xen's tools allow fewer.</summary>
    public const int MaxName = 128;

    private const int MaxShown = 40;

    private static readonly SearchValues<char> s_nameCharacters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:+@");

    /// <summary>A decimal number without sign, spaces or leading zeros.</summary>
    public static bool TryParseNumber(string text, ulong least, ulong most, out ulong value)
    {
        value = 0;
        return text.Length is > 0 and <= 20
            && (text[0] != '0' || text.Length == 1)
            && !text.AsSpan().ContainsAnyExceptInRange('0', '9') // ulong.TryParse would pass over zero bytes at the end
            && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
            && value >= least
            && value <= most;
    }

    /// <summary>
    /// A name fit for a log line, a file name and a terminal: other characters become underscores, the length is bounded,
    /// and a missing or impossible one is made up from the domid.
    /// </summary>
    public static string DomainName(string? text, uint domid)
    {
        if (string.IsNullOrEmpty(text) || text is "." or "..")
        {
            return string.Create(CultureInfo.InvariantCulture, $"domain-{domid}");
        }

        return string.Create(Math.Min(text.Length, MaxName), text, static (name, from) =>
        {
            for (int i = 0; i < name.Length; i++)
            {
                name[i] = s_nameCharacters.Contains(from[i]) ? from[i] : '_';
            }
        });
    }

    /// <summary>A guest's text, made harmless for a log line.</summary>
    public static string Shown(string text)
    {
        string head = text.Length <= MaxShown ? text : string.Concat(text.AsSpan(0, MaxShown), "...");
        return string.Create(head.Length, head, static (shown, from) =>
        {
            for (int i = 0; i < shown.Length; i++)
            {
                shown[i] = from[i] is >= ' ' and <= '~' ? from[i] : '?';
            }
        });
    }
}
