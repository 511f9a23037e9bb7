using System.Buffers.Text;

namespace XcsSharp.Consoles;

/// <summary>
/// Which escape sequences a guest may use on somebody's terminal: a list of what is allowed, so that what a terminal
/// learns tomorrow is not.
/// </summary>
internal static class ControlSequences
{
    /// <summary>Parameters beyond this are not counted; the sequence is dropped.</summary>
    private const int MostParameters = 32;

    /// <summary>
    /// What of a whole sequence may pass. Where it sets several modes, those that may not be set are taken out of it.
    /// </summary>
    /// <param name="sequence">From its ESC to its last byte; may be changed.</param>
    /// <returns>How many bytes are left of it, 0 for nothing.</returns>
    public static int Allow(Span<byte> sequence)
    {
        if (sequence.Length >= 2 && sequence[1] != '[')
        {
            return IsAllowedEscape(sequence[1..]) ? sequence.Length : 0;
        }

        return sequence.Length < 3 ? 0 : AllowControl(sequence);
    }

    /// <summary>Save and restore the cursor, index, next line, tab stop, reverse index, reset, keypad modes; and the sets for line drawing.</summary>
    private static bool IsAllowedEscape(ReadOnlySpan<byte> sequence) => sequence.Length switch
    {
        1 => "78DEHMc=>"u8.Contains(sequence[0]),
        2 => "()"u8.Contains(sequence[0]) && "0AB"u8.Contains(sequence[1]),
        _ => false,
    };

    private static int AllowControl(Span<byte> sequence)
    {
        byte last = sequence[^1];
        Span<byte> body = sequence[2..^1];
        byte mark = 0;
        if (!body.IsEmpty && body[0] is >= (byte)'<' and <= (byte)'?')
        {
            mark = body[0];
            body = body[1..];
        }

        int digits = body.IndexOfAnyExcept("0123456789;:"u8);
        digits = digits < 0 ? body.Length : digits;
        ReadOnlySpan<byte> rest = body[digits..];
        ReadOnlySpan<byte> parameters = body[..digits];
        return (mark, rest.Length) switch
        {
            (0, 0) when last is (byte)'h' or (byte)'l' => KeepModes(sequence, parameters, IsAllowedMode),
            (0, 0) => IsAllowed(last, parameters) ? sequence.Length : 0,
            ((byte)'?', 0) when last is (byte)'h' or (byte)'l' => KeepModes(sequence, parameters, IsAllowedPrivateMode),
            ((byte)'?', 0) => last is (byte)'J' or (byte)'K' && IsErase(parameters) ? sequence.Length : 0,

            // The cursor's shape, and the soft reset.
            (0, 1) => (rest[0], last) is ((byte)' ', (byte)'q') or ((byte)'!', (byte)'p') ? sequence.Length : 0,
            _ => 0,
        };
    }

    private static bool IsAllowed(byte last, ReadOnlySpan<byte> parameters) => last switch
    {
        (byte)'J' => IsErase(parameters),
        (byte)'K' => IsErase(parameters),

        // With more than one parameter it is a mouse mode.
        (byte)'T' => !parameters.Contains((byte)';'),

        // Repeats the last character: more than a screen of it would be to keep a terminal busy.
        (byte)'b' => parameters.Length <= 4,
        _ => "@ABCDEFGHILMPSXZ`adefgmrsu"u8.Contains(last),
    };

    /// <summary>3 is the part of the screen that has scrolled away: the operator's own history.</summary>
    private static bool IsErase(ReadOnlySpan<byte> parameters) => parameters.Length == 0 || parameters is [(byte)'0' or (byte)'1' or (byte)'2'];

    /// <summary>Insert mode.</summary>
    private static bool IsAllowedMode(int mode) => mode is 4;

    /// <summary>
    /// Cursor keys, reverse video, origin, wrap, blinking and visible cursor, wrap backwards, the alternate screen, bracketed paste. Not: 132 columns, 8-bit
    /// answers, mouse and focus reports.
    /// </summary>
    private static bool IsAllowedPrivateMode(int mode)
        => mode is 1 or 5 or 6 or 7 or 12 or 25 or 45 or 47 or 1047 or 1048 or 1049 or 2004;

    private static int KeepModes(Span<byte> sequence, ReadOnlySpan<byte> parameters, Func<int, bool> isAllowed)
    {
        Span<int> kept = stackalloc int[MostParameters];
        int count = 0;

        // An empty one behind the last sign is a parameter too, and none that is allowed.
        int all = parameters.EndsWith((byte)';') ? 1 : 0;
        for (ReadOnlySpan<byte> left = parameters; !left.IsEmpty; all++)
        {
            int end = left.IndexOf((byte)';');
            ReadOnlySpan<byte> one = end < 0 ? left : left[..end];
            left = end < 0 ? [] : left[(end + 1)..];
            if (Utf8Parser.TryParse(one, out int mode, out int used) && used == one.Length && isAllowed(mode))
            {
                if (count == kept.Length)
                {
                    return 0;
                }

                kept[count++] = mode;
            }
        }

        return count == all && count > 0 ? sequence.Length : count == 0 ? 0 : Rewrite(sequence, kept[..count]);
    }

    /// <summary>Never longer than it was: it has fewer of the same numbers.</summary>
    private static int Rewrite(Span<byte> sequence, ReadOnlySpan<int> modes)
    {
        byte last = sequence[^1];
        int length = sequence[2] == '?' ? 3 : 2;
        foreach (int mode in modes)
        {
            _ = Utf8Formatter.TryFormat(mode, sequence[length..], out int digits);
            length += digits;
            sequence[length++] = (byte)';';
        }

        sequence[length - 1] = last;
        return length;
    }
}
