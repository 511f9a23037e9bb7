using System.Text;

using XcsSharp.Cli;

namespace XcsSharp.Client.Tests;

/// <summary>What xcsctl remembers of what a guest did to the terminal, and the notices that it cuts out.</summary>
public sealed class TerminalTraceTests
{
    private const string Usual = "\x1b[m\x1b(B\x0f";

    [Theory]
    [InlineData("plain text\r\n", "")]
    [InlineData("\x1b[31mred\x1b[m", "")]
    [InlineData("\x1b[?25l", "\x1b[?25h")]
    [InlineData("\x1b[?25l\x1b[?25h", "")]
    [InlineData("\x1b[?7l", "\x1b[?7h")]
    [InlineData("\x1b[?1049h\x1b[?1;2004h", "\x1b[?1l\x1b[?1049l\x1b[?2004l")]
    [InlineData("\x1b[?1049h\x1b[2;9r", "\x1b[?1049l\x1b[r")]
    [InlineData("\x1b[2;9r", "\x1b[r\x1b[999;1H")]
    [InlineData("\x1b[2;9r\x1b[r", "")]
    [InlineData("\x1b=\x1b[4h", "\x1b>\x1b[4l")]
    [InlineData("\x1b=\x1b>\x1b[4h\x1b[4l", "")]
    [InlineData("\x1b[?25l\x1b=\x1b" + "c", "")]
    [InlineData("\x1b[?25l\x1b[?1049h\x1b[!p", "\x1b[?1049l")]
    [InlineData("\x1b[?1000;1006h", "\x1b[?1000l\x1b[?1006l")]
    public void What_a_guest_set_is_undone_and_nothing_else(string output, string undone)
    {
        for (int piece = 1; piece <= output.Length; piece++)
        {
            TerminalTrace trace = new();
            (string passed, List<string> notices) = Pass(trace, output, piece);
            Assert.Equal(output, passed);
            Assert.Empty(notices);
            Assert.Equal(undone + Usual, Encoding.ASCII.GetString(trace.Undo()));
        }
    }

    [Fact]
    public void Notices_are_cut_out_wherever_the_stream_is_cut()
    {
        const string Stream = "a\x1b_xcs;seat;alice (pid 3) writes now\x1b\\b\x1b[1m\x1b_xcs;refused;no; never\x1b\\c";
        for (int piece = 1; piece <= Stream.Length; piece++)
        {
            (string passed, List<string> notices) = Pass(new TerminalTrace(), Stream, piece);
            Assert.Equal("ab\x1b[1mc", passed);
            Assert.Equal(["seat:alice (pid 3) writes now", "refused:no; never"], notices);
        }
    }

    [Fact]
    public void A_notice_cannot_move_the_cursor()
    {
        (_, List<string> notices) = Pass(new TerminalTrace(), "\x1b_xcs;seat;a\r\n\tb\x1b\\", 100);
        Assert.Equal(["seat:a???b"], notices);
    }

    [Fact]
    public void A_sequence_that_never_ends_is_passed_on_at_its_limit()
    {
        string endless = "\x1b_xcs;" + new string('x', 3 * TerminalTrace.LongestSequence);
        (string passed, List<string> notices) = Pass(new TerminalTrace(), endless, 1000);
        Assert.Equal(endless, passed);
        Assert.Empty(notices);
    }

    [Fact]
    public void Modes_are_remembered_up_to_a_limit()
    {
        TerminalTrace trace = new();
        _ = Pass(trace, string.Concat(Enumerable.Range(3000, 1000).Select(mode => $"\x1b[?{mode}h")), 4096);
        Assert.InRange(trace.Undo().Length, 1, 64 * 8 + Usual.Length);
    }

    private static (string Passed, List<string> Notices) Pass(TerminalTrace trace, string output, int piece)
    {
        StringBuilder passed = new();
        List<string> notices = [];
        for (int at = 0; at < output.Length; at += piece)
        {
            trace.Pass(
                Encoding.ASCII.GetBytes(output[at..Math.Min(output.Length, at + piece)]),
                bytes => passed.Append(Encoding.ASCII.GetString(bytes)),
                (kind, text) => notices.Add($"{kind}:{text}"));
        }

        return (passed.ToString(), notices);
    }
}
