using System.Buffers.Text;

namespace XcsSharp.Consoles;

/// <summary>
/// Which escape sequences a guest may use on somebody's terminal: a list of what is allowed, so that what a terminal
/// learns tomorrow is not.
/// </summary>
internal static class ControlSequences
{
    /// <summary>Each parameter but the last has a sign behind it.</summary>
    private const int MostParameters = TerminalFilter.LongestSequence / 2;

    /// <summary>
    /// What of a whole sequence may pass. Of one that sets modes, those are left that may be set.
    /// </summary>
    /// <param name="sequence">From its ESC to its last byte, at most <see cref="TerminalFilter.LongestSequence"/>; may be changed.</param>
    /// <returns>How many bytes are left of it, 0 for nothing.</returns>
    public static int Allow(Span<byte> sequence)
        => sequence[1] == '[' ? AllowControl(sequence)
            : IsAllowedEscape(sequence[1..]) ? sequence.Length
            : 0;

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
        bool isPrivate = body.StartsWith((byte)'?');
        body = isPrivate ? body[1..] : body;
        int digits = body.IndexOfAnyExcept("0123456789;:"u8);
        digits = digits < 0 ? body.Length : digits;
        ReadOnlySpan<byte> rest = body[digits..];
        ReadOnlySpan<byte> parameters = body[..digits];
        return (isPrivate, rest.Length) switch
        {
            (false, 0) when last is (byte)'h' or (byte)'l' => KeepModes(sequence, parameters, IsAllowedMode),
            (false, 0) => IsAllowed(last, parameters) ? sequence.Length : 0,
            (true, 0) when last is (byte)'h' or (byte)'l' => KeepModes(sequence, parameters, IsAllowedPrivateMode),
            (true, 0) => last is (byte)'J' or (byte)'K' && IsErase(parameters) ? sequence.Length : 0,

            // The cursor's shape, and the soft reset.
            (false, 1) => (rest[0], last) is ((byte)' ', (byte)'q') or ((byte)'!', (byte)'p') ? sequence.Length : 0,
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
        foreach (Range part in parameters.Split((byte)';'))
        {
            ReadOnlySpan<byte> parameter = parameters[part];
            if (Utf8Parser.TryParse(parameter, out int mode, out int used) && used == parameter.Length && isAllowed(mode))
            {
                kept[count++] = mode;
            }
        }

        return count == 0 ? 0 : Rewrite(sequence, kept[..count]);
    }

    /// <summary>Never longer than it was: it has the same numbers, or fewer of them.</summary>
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
