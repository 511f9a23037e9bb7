using System.Buffers;
using System.Text;

using XcsSharp.Consoles;
using XcsSharp.Fuzz.Engine;

namespace XcsSharp.Fuzz.Targets.Terminals;

/// <summary>
/// What may reach an operator's terminal, written once more from the documents of terminals and not from the filter: a parser of whole
/// outputs that knows nothing of states.
/// </summary>
internal static class TerminalJudge
{
    private static readonly HashSet<int> s_privateModes = [1, 5, 6, 7, 12, 25, 45, 47, 1047, 1048, 1049, 2004];

    public static void Judge(ReadOnlySpan<byte> output, OutputLevel level)
    {
        while (!output.IsEmpty)
        {
            int length = output[0] == 0x1b && level == OutputLevel.Safe ? Sequence(output) : Character(output, level);
            output = output[length..];
        }
    }

    private static int Character(ReadOnlySpan<byte> output, OutputLevel level)
    {
        byte first = output[0];
        if (first < 0x80)
        {
            bool isShift = level == OutputLevel.Safe && first is 0x07 or 0x08 or 0x0b or 0x0c or 0x0e or 0x0f;
            Expect.That(first is (>= 0x20 and < 0x7f) or (byte)'\t' or (byte)'\n' or (byte)'\r' || isShift, $"control character {first:x2} passes");
            return 1;
        }

        bool isCharacter = Rune.DecodeFromUtf8(output, out Rune rune, out int length) == OperationStatus.Done;
        Expect.That(isCharacter, "bytes pass that are no UTF-8");
        Expect.That(rune.Value >= 0xa0, "an 8-bit control character passes");
        return length;
    }

    private static int Sequence(ReadOnlySpan<byte> output)
    {
        Expect.That(output.Length > 1, "the output ends in the middle of a sequence");
        if (output[1] == '[')
        {
            return Control(output);
        }

        if (output[1] is (byte)'(' or (byte)')')
        {
            Expect.That(output.Length > 2 && output[2] is (byte)'0' or (byte)'A' or (byte)'B', "a character set passes that is not for line drawing");
            return 3;
        }

        Expect.That("78DEHMc=>"u8.Contains(output[1]), $"ESC {(char)output[1]} passes");
        return 2;
    }

    private static int Control(ReadOnlySpan<byte> output)
    {
        int end = 2;
        while (end < output.Length && output[end] is >= 0x20 and < 0x40)
        {
            end++;
        }

        Expect.That(end < output.Length && output[end] is >= 0x40 and < 0x7f, "a control sequence has no end");
        Expect.That(end < TerminalFilter.LongestSequence, "a control sequence is longer than any that is allowed");
        char last = (char)output[end];
        string body = Encoding.ASCII.GetString(output[2..end]);
        bool isPrivate = body.StartsWith('?');
        bool isAllowed = last switch
        {
            'h' or 'l' => isPrivate ? Modes(body[1..]).All(s_privateModes.Contains) : Modes(body).All(static mode => mode == 4),
            'J' or 'K' => body.TrimStart('?') is "" or "0" or "1" or "2",
            'q' => body.EndsWith(' '),
            'p' => body == "!" || body.EndsWith('!'),

            // Questions, reports, mouse, windows, printers, keys.
            'c' or 'n' or 't' or 'x' or 'y' or 'i' or 'R' or 'w' or 'z' or 'o' or 'N' or 'O' or 'Q' or 'U' or 'V' or 'W' or 'Y' => false,
            _ => !isPrivate && body.All(static c => c is (>= '0' and <= '9') or ';' or ':'),
        };
        Expect.That(isAllowed, $"CSI {body} {last} passes");
        return end + 1;
    }

    private static IEnumerable<int> Modes(string body) => body.Split(';').Select(static mode => int.TryParse(mode, out int number) ? number : -1);
}
