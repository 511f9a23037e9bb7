namespace XcsSharp.Cli.Top;

internal enum TopKey
{
    /// <summary>None that means anything here.</summary>
    None,
    Letter,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Backspace,
    Escape,
    Interrupt,
}

/// <summary>What a terminal in raw mode sends for keys.</summary>
internal static class TopKeys
{
    /// <summary>Takes the first key of what was read, of which there must be something.</summary>
    /// <param name="input">What one read gave. Goes on behind the key.</param>
    /// <param name="letter">With <see cref="TopKey.Letter"/> which.</param>
    public static TopKey Take(ref ReadOnlySpan<byte> input, out char letter)
    {
        byte first = input[0];
        letter = (char)first;
        if (first == 0x1b && input.Length > 1 && input[1] is (byte)'[' or (byte)'O')
        {
            return TakeSequence(ref input);
        }

        input = input[1..];
        return first switch
        {
            0x03 => TopKey.Interrupt,
            0x1b => TopKey.Escape,
            (byte)'\r' or (byte)'\n' => TopKey.Enter,
            0x7f or 0x08 => TopKey.Backspace,
            >= 0x20 and < 0x7f => TopKey.Letter,
            _ => TopKey.None,
        };
    }

    /// <summary>ESC [ or ESC O, parameters, a final byte.</summary>
    private static TopKey TakeSequence(ref ReadOnlySpan<byte> input)
    {
        int end = input[2..].IndexOfAnyInRange((byte)0x40, (byte)0x7e);
        ReadOnlySpan<byte> sequence = end < 0 ? input[2..] : input[2..(end + 3)];
        input = input[(sequence.Length + 2)..];
        return sequence switch
        {
            [(byte)'A'] => TopKey.Up,
            [(byte)'B'] => TopKey.Down,
            [(byte)'H'] or [(byte)'1', (byte)'~'] or [(byte)'7', (byte)'~'] => TopKey.Home,
            [(byte)'F'] or [(byte)'4', (byte)'~'] or [(byte)'8', (byte)'~'] => TopKey.End,
            [(byte)'5', (byte)'~'] => TopKey.PageUp,
            [(byte)'6', (byte)'~'] => TopKey.PageDown,
            _ => TopKey.None,
        };
    }
}
