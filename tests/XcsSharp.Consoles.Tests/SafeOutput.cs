using System.Text;
using System.Text.RegularExpressions;

namespace XcsSharp.Consoles.Tests;

/// <summary>What may reach a terminal at the level safe, said in a second way: one regular expression over the whole.</summary>
internal static partial class SafeOutput
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Throws on what is no UTF-8. Something may be cut off at the end, but nothing was let out of it.</summary>
    public static bool Matches(byte[] output) => Safe().IsMatch(s_strict.GetString(output));

    public static bool IsText(byte[] output) => PlainText().IsMatch(s_strict.GetString(output));

    [GeneratedRegex(
        """
        \A(
            [\a\b\t\n\v\f\r\x0e\x0f\x20-\x7e\u00a0-\uffff]
          | \x1b [78DEHMc=>]
          | \x1b [()] [0AB]
          | \x1b \[ [0-9;:]* [@ABCDEFGHILMPSXZ`adefgmrsu]
          | \x1b \[ [0-9:]* T
          | \x1b \[ [0-9;:]{0,4} b
          | \x1b \[ \?? [012]? [JK]
          | \x1b \[ 0*4 (;0*4)* [hl]
          | \x1b \[ \? 0*(1|5|6|7|12|25|45|47|1047|1048|1049|2004) (;0*(1|5|6|7|12|25|45|47|1047|1048|1049|2004))* [hl]
          | \x1b \[ [0-9;:]* (\ q|!p)
        )*\z
        """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Safe();

    [GeneratedRegex("""\A[\t\n\r\x20-\x7e\u00a0-\uffff]*\z""", RegexOptions.CultureInvariant)]
    private static partial Regex PlainText();
}
