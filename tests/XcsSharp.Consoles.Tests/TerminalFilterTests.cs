using System.Text;

using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class TerminalFilterTests
{
    /// <summary>What comes in, what a terminal gets, and what a file gets. ␛ is ESC.</summary>
    public static TheoryData<string, string, string> Cases => new()
    {
        { "Linux version 6.1\r\n\tok\n", "Linux version 6.1\r\n\tok\n", "Linux version 6.1\r\n\tok\n" },
        { "a\a\b\v\f\x0e\u000fz", "a\a\b\v\f\x0e\u000fz", "az" },
        { "a\0\x01\x02\x03\x04\x05\x06\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1c\x1d\x1e\x1f\u007fz", "az", "az" },
        { "Grüße 日本 🐧", "Grüße 日本 🐧", "Grüße 日本 🐧" },
        { "a\u00a0b ~", "a\u00a0b ~", "a\u00a0b ~" },

        // Cursor, colour, erase.
        { "␛[1;31mred␛[0m␛[m", "␛[1;31mred␛[0m␛[m", "red" },
        { "␛[38;5;196mx␛[48:2::1:2:3my", "␛[38;5;196mx␛[48:2::1:2:3my", "xy" },
        { "␛[H␛[2J␛[J␛[1K␛[?J␛[10;20Hx", "␛[H␛[2J␛[J␛[1K␛[?J␛[10;20Hx", "x" },
        { "␛[A␛[2B␛[3C␛[4D␛[E␛[F␛[5G␛[6d␛[7`␛[2a␛[2e␛[1;1f␛[I␛[Z", "␛[A␛[2B␛[3C␛[4D␛[E␛[F␛[5G␛[6d␛[7`␛[2a␛[2e␛[1;1f␛[I␛[Z", "" },
        { "␛[2L␛[2M␛[3P␛[4@␛[5X␛[6S␛[7T␛[80b␛[3g", "␛[2L␛[2M␛[3P␛[4@␛[5X␛[6S␛[7T␛[80b␛[3g", "" },
        { "␛[2;24r␛[s␛[u␛7␛8␛D␛E␛M␛H␛c␛=␛>", "␛[2;24r␛[s␛[u␛7␛8␛D␛E␛M␛H␛c␛=␛>", "" },
        { "␛[4h␛[4l␛[!p␛[2 q", "␛[4h␛[4l␛[!p␛[2 q", "" },
        { "␛(0lqk␛(B␛)0␛(A", "␛(0lqk␛(B␛)0␛(A", "lqk" },
        { "a␛(C␛*0␛([mb␛(Pc", "ambc", "ambc" },
        { "␛[?1049h␛[?25l␛[?1h␛[?7l␛[?2004h", "␛[?1049h␛[?25l␛[?1h␛[?7l␛[?2004h", "" },

        // The operator's own history, and what keeps a terminal busy.
        { "a␛[3Jb␛[99999999bc", "abc", "abc" },
        { "a␛[9999b␛[10000b", "a␛[9999b", "a" },
        { "a␛[?2K␛[?3J␛[3K␛[22Jb", "a␛[?2Kb", "ab" },

        // With more than one number it follows the mouse.
        { "a␛[7T␛[1;2;3;4;5T", "a␛[7T", "a" },

        // Of several modes those that may be set.
        { "␛[?1;1000;25h.", "␛[?1;25h.", "." },
        { "␛[?1000;1002;1006h.", ".", "." },
        { "␛[?25:7;12l.", "␛[?12l.", "." },
        { "␛[?1;5;6;7;12;25;45;47;1047;1048;1049;2004l.", "␛[?1;5;6;7;12;25;45;47;1047;1048;1049;2004l.", "." },
        { "␛[4;l␛[?25;h␛[?;7h.", "␛[4l␛[?25h␛[?7h.", "." },
        { "␛[?3h␛[?1004h␛[?69h␛[2h␛[12l␛[20h␛[h.", ".", "." },

        // Questions that a terminal answers by typing.
        { "a␛[6n␛[?6n␛[5n␛[c␛[>c␛[=c␛[0x␛[18t␛[21t␛[?25$p␛Z␛[?u␛[>qb", "ab", "ab" },

        // What changes more of a terminal than the screen.
        { "a␛[8;1;1t␛[>4;1m␛[?4m␛[1$w␛ F␛%@␛%G␛#8␛n␛o␛|␛}␛~␛l␛[5i␛[?5ib", "ab", "ab" },

        // Strings.
        { "a␛]0;title\ab", "ab", "ab" },
        { "a␛]52;c;cm0gLXJmIC8=␛\\b", "ab", "ab" },
        { "a␛]8;;http://x\alink␛]8;;\ab", "alinkb", "alinkb" },
        { "a␛P$q\"p␛\\b␛_x␛\\c␛^x␛\\d␛Xx␛\\e", "abcde", "abcde" },
        { "a␛]0;x\u0018b␛P1\u001ac", "abc", "abc" },
        { "a␛]0;cut off here\nKernel panic", "a\nKernel panic", "a\nKernel panic" },
        { "a␛]0;x␛[31mb", "a␛[31mb", "ab" },
        { "a␛]0;x␛␛[31mb", "a␛[31mb", "ab" },

        // Sequences that end in nothing.
        { "a␛[31\u0018b␛[31\u001ac", "abc", "abc" },
        { "a␛[3␛[31mb", "a␛[31mb", "ab" },
        { "a␛[31\nb", "a\nb", "a\nb" },
        { "a␛[3\r1mb", "a\r␛[31mb", "a\rb" },
        { "a␛[3ü1mb", "aü1mb", "aü1mb" },
        { "a␛ü", "aü", "aü" },
        { "a␛[3\u007f1mb", "a␛[31mb", "ab" },
        { "a␛[<1mb␛[1?mc␛[1 2qd", "abcd", "abcd" },

        // C1 in UTF-8.
        { "a\u009b31mb\u009d0;x\ac\u0085d\u0090x␛\\e", "abcde", "abcde" },
        { "a\u0098x\ab\u009ex\ac\u009fx\ad\u009ae\u0080f", "abcdef", "abcdef" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_passes_passes_whole_wherever_it_is_cut(string input, string safe, string strip)
    {
        byte[] bytes = Bytes(input);
        foreach ((OutputLevel level, string expected) in new[] { (OutputLevel.Safe, safe), (OutputLevel.Strip, strip) })
        {
            Assert.Equal(expected, Text(Run(level, bytes)));
            Assert.Equal(expected, Text(Run(level, [.. bytes.Select(static b => new[] { b })])));
            for (int cut = 1; cut < bytes.Length; cut++)
            {
                Assert.Equal(expected, Text(Run(level, bytes[..cut], bytes[cut..])));
            }
        }
    }

    [Theory]
    [InlineData(new byte[] { 0x9b, (byte)'m' }, "?m")] // 8-bit CSI
    [InlineData(new byte[] { 0x80, (byte)'a' }, "?a")]
    [InlineData(new byte[] { 0xc3, (byte)'a' }, "?a")] // half a character
    [InlineData(new byte[] { 0xc0, 0x9b }, "??")] // ESC [ in two bytes too many
    [InlineData(new byte[] { 0xe0, 0x82, 0x9b }, "???")] // and in three
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 }, "???")] // a surrogate
    [InlineData(new byte[] { 0xf4, 0x90, 0x80, 0x80 }, "????")] // beyond the last character
    [InlineData(new byte[] { 0xff, 0xfe, 0xa0 }, "???")]
    [InlineData(new byte[] { 0xe2, 0x82, 0x1b, (byte)'[', (byte)'m' }, "?␛[m")]
    [InlineData(new byte[] { 0xf0, 0x9f, 0xf0, 0x9f, 0x90, 0xa7 }, "?🐧")]
    public void What_is_no_utf8_is_shown_as_a_question_mark(byte[] input, string expected)
        => Assert.Equal(expected, Text(Run(OutputLevel.Safe, input)));

    /// <summary>Bytes of every class of a table of UTF-8, four in a row, against the framework's decoder, which also shows one sign for each part that is none.</summary>
    [Fact]
    public void What_is_utf8_is_what_everybody_else_takes_for_it()
    {
        byte[] classes = [(byte)'a', 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff];
        TerminalFilter filter = new(OutputLevel.Safe);
        byte[] input = new byte[5];
        input[4] = (byte)'.';
        byte[] output = new byte[TerminalFilter.MostOutput(input.Length)];
        for (int number = 0; number < classes.Length * classes.Length * classes.Length * classes.Length; number++)
        {
            for (int i = 0, rest = number; i < 4; i++, rest /= classes.Length)
            {
                input[i] = classes[rest % classes.Length];
            }

            string text = Encoding.UTF8.GetString(input);
            if (!text.Any(static c => c is >= '\x80' and < '\xa0'))
            {
                string got = Encoding.UTF8.GetString(output, 0, filter.Filter(input, output));
                Assert.True(text.Replace('\ufffd', '?') == got, $"{Convert.ToHexString(input)} is {got}");
            }
        }
    }

    [Fact]
    public void A_string_without_an_end_hides_so_much_and_no_more()
    {
        // The byte with which it is found to be too long is the last that is lost.
        string hidden = new('x', TerminalFilter.LongestString + 1);
        Assert.Equal("yes", Text(Run(OutputLevel.Safe, Bytes("␛]" + hidden + "yes"))));
        Assert.Equal("yes", Text(Run(OutputLevel.Safe, Bytes("␛]" + hidden[..2000] + "\a␛]" + hidden + "yes"))));
        Assert.Equal("yes", Text(Run(OutputLevel.Safe, Bytes("␛]" + hidden[1..] + "\ayes"))));
        Assert.Equal("yes", Text(Run(OutputLevel.Safe, Bytes("␛]" + hidden[1..] + "␛\\yes"))));
    }

    [Fact]
    public void Raw_output_has_no_filter() => Assert.Throws<ArgumentOutOfRangeException>(static () => new TerminalFilter(OutputLevel.Raw));

    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "a line\r\n\tof text ~", true)]
    [InlineData("", "a\a", false)]
    [InlineData("", "ü", false)]
    [InlineData("", "␛[m", false)]
    [InlineData("␛[3", "text", false)]
    [InlineData("␛]0;", "text", false)]
    [InlineData("␛[3m", "text", true)]
    public void What_passes_whole_is_text_that_begins_in_text(string before, string input, bool passes)
    {
        TerminalFilter filter = new(OutputLevel.Safe);
        Run(filter, Bytes(before));
        Assert.Equal(passes, filter.PassesWhole(Bytes(input)));
    }

    [Fact]
    public void A_sequence_of_any_length_costs_64_bytes_and_is_dropped()
    {
        string longest = "␛[" + new string('1', TerminalFilter.LongestSequence - 3) + "m";
        Assert.Equal(longest + ".", Text(Run(OutputLevel.Safe, Bytes(longest + "."))));
        Assert.Equal(".", Text(Run(OutputLevel.Safe, Bytes("␛[" + new string('1', TerminalFilter.LongestSequence - 2) + "m."))));
        Assert.Equal(".", Text(Run(OutputLevel.Safe, Bytes("␛[" + new string('1', 100_000) + "m."))));
        Assert.Equal(".", Text(Run(OutputLevel.Safe, Bytes("␛" + new string('(', 100_000) + "0."))));
        string modes = string.Join(';', Enumerable.Repeat('1', (TerminalFilter.LongestSequence - 3) / 2));
        Assert.Equal($"␛[?{modes}h.", Text(Run(OutputLevel.Safe, Bytes($"␛[?{modes}h."))));
    }

    [Fact]
    public void What_was_held_back_when_something_is_missing_belongs_to_nothing_that_follows()
    {
        var filter = new TerminalFilter(OutputLevel.Safe);
        Assert.Equal("a", Text(Run(filter, Bytes("a␛[3"))));
        filter.Reset();
        Assert.Equal("1mb", Text(Run(filter, Bytes("1mb"))));
    }

    /// <summary>Bytes as a hostile guest would choose them: what the output may contain is checked by another description of it.</summary>
    [Fact]
    public void No_bytes_whatever_make_anything_else_come_out()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int round = 0; round < 2_000; round++)
        {
            byte[] input = Hostile(random);
            byte[] output = Run(OutputLevel.Safe, input);
            Assert.True(SafeOutput.Matches(output), $"seed {seed}, round {round}: {Convert.ToHexString(input)}");
            Assert.Equal(output, Run(OutputLevel.Safe, output));
            Assert.True(SafeOutput.IsText(Run(OutputLevel.Strip, input)), $"seed {seed}, round {round}");

            // Cut anywhere, the same comes out.
            int cut = random.Next(input.Length);
            Assert.Equal(output, Run(OutputLevel.Safe, input[..cut], input[cut..]));
        }
    }

    [Fact]
    public void It_allocates_nothing()
    {
        var filter = new TerminalFilter(OutputLevel.Safe);
        byte[] input = Bytes("plain text ␛[31mred␛[?1;1000h ␛]0;title\a Grüße\r\n");
        byte[] output = new byte[TerminalFilter.MostOutput(input.Length)];
        Assert.Equal(0, Allocations.Least(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                _ = filter.Filter(input, output);
            }
        }));
    }

    private static byte[] Hostile(Random random)
    {
        byte[] interesting = Bytes("␛␛␛[[[]PX^_\\\a\n;;:?>=<!$ 0123456789mhlJKbTncqp\x18\x1a\x7f\x9b\x9d~Z()#%");
        byte[] input = new byte[random.Next(1, 200)];
        for (int i = 0; i < input.Length; i++)
        {
            input[i] = random.Next(4) == 0 ? (byte)random.Next(256) : interesting[random.Next(interesting.Length)];
        }

        return input;
    }

    private static byte[] Run(OutputLevel level, params byte[][] pieces) => Run(new TerminalFilter(level), pieces);

    private static byte[] Run(TerminalFilter filter, params byte[][] pieces)
    {
        List<byte> result = [];
        foreach (byte[] piece in pieces)
        {
            byte[] output = new byte[TerminalFilter.MostOutput(piece.Length)];
            result.AddRange(output.AsSpan(0, filter.Filter(piece, output)));
        }

        return [.. result];
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text.Replace('␛', '\x1b'));

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes).Replace('\x1b', '␛');
}
