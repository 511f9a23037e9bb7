using System.Buffers;
using System.Globalization;
using System.Text;

namespace XcsSharp.Protocol.Payloads;

/// <summary>
/// A guest's bytes as text that is safe to print: whatever is not a visible character is written as an escape, so
/// that no terminal sequence, line break or reordering mark of a guest gets through.
/// </summary>
public static class ReadableText
{
    /// <summary>Appends UTF-8 with escapes: <c>\r \n \t \e \\</c>, the quote, <c>\u{202e}</c> for what is invisible,
    /// <c>\xff</c> for a byte that is no UTF-8.</summary>
    public static StringBuilder AppendQuoted(StringBuilder text, ReadOnlySpan<byte> utf8, char quote)
    {
        text.Append(quote);
        AppendEscaped(text, utf8, quote);
        return text.Append(quote);
    }

    /// <summary>As <see cref="AppendQuoted"/>, without the quotes.</summary>
    /// <param name="quote">The character to be escaped besides the backslash; NUL for none.</param>
    public static void AppendEscaped(StringBuilder text, ReadOnlySpan<byte> utf8, char quote = '\0')
    {
        while (!utf8.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(utf8, out Rune rune, out int length) == OperationStatus.Done)
            {
                AppendRune(text, rune, quote);
            }
            else
            {
                foreach (byte wrong in utf8[..length])
                {
                    text.Append(CultureInfo.InvariantCulture, $"\\x{wrong:x2}");
                }
            }

            utf8 = utf8[length..];
        }
    }

    private static void AppendRune(StringBuilder text, Rune rune, char quote)
    {
        if (rune.Value == '\\' || (quote != '\0' && rune.Value == quote))
        {
            text.Append('\\').Append((char)rune.Value);
        }
        else if (rune.Value < 0x20 || rune.Value == 0x7f)
        {
            AppendControl(text, rune.Value);
        }
        else if (IsVisible(rune))
        {
            text.Append(rune.ToString());
        }
        else
        {
            text.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
        }
    }

    private static void AppendControl(StringBuilder text, int control)
    {
        switch (control)
        {
            case '\r': text.Append("\\r"); break;
            case '\n': text.Append("\\n"); break;
            case '\t': text.Append("\\t"); break;
            case '\e': text.Append("\\e"); break;
            default: text.Append(CultureInfo.InvariantCulture, $"\\x{control:x2}"); break;
        }
    }

    private static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
