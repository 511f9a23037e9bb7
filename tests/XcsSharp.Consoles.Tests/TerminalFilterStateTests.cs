using System.Text;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>A filter that goes on where another was: for a file that took less, and in the next daemon.</summary>
public sealed class TerminalFilterStateTests
{
    /// <summary>Outputs that are in the middle of everything that a filter can be in the middle of.</summary>
    private static readonly string[] s_outputs =
    [
        "text Grüße 日本 🐧.",
        "␛[1;31mred␛[0m␛(0lqk␛(B␛7.",
        "␛[?1;1000;25h␛[1?m␛[" + new string('1', 100) + "m.",
        "␛]0;title\a␛P1$r␛\\␛_x␛[1mbold.",
        "\u009b31m\u009d0;x\a\u0085\u0090x␛\\.",
        "␛]" + new string('x', TerminalFilter.LongestString) + "␛[m.",
        "␛]" + new string('x', TerminalFilter.LongestString + 10) + ".",
    ];

    public static TheoryData<string> Outputs => [.. s_outputs];

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Another_filter_goes_on_wherever_the_first_was(string output)
    {
        byte[] bytes = Bytes(output);
        TerminalFilter first = new(OutputLevel.Safe);
        TerminalFilter copy = new(OutputLevel.Safe);
        TerminalFilter next = new(OutputLevel.Safe);
        foreach (int cut in Enumerable.Range(0, bytes.Length).Where(at => at < 200 || at > bytes.Length - 200))
        {
            first.Reset();
            Run(first, bytes.AsSpan(0, cut));

            // What they were before does not matter.
            Run(copy, Bytes("␛]a string"));
            Run(next, Bytes("␛[3"));
            FilterState? state = first.Describe();
            copy.CopyFrom(first);
            next.Restore(state);
            Assert.True(state is null || TerminalFilter.IsState(state), $"at {cut} it is in no state: {state}");
            Assert.Equal((first.Held, first.Held, state), (copy.Held, next.Held, state is null ? null : next.Describe()! with { Held = state.Held }));

            string rest = Run(first, bytes.AsSpan(cut));
            Assert.EndsWith(".", rest, StringComparison.Ordinal);
            Assert.Equal((rest, rest), (Run(copy, bytes.AsSpan(cut)), Run(next, bytes.AsSpan(cut))));
        }
    }

    [Fact]
    public void A_filter_that_was_in_the_middle_of_nothing_has_no_state()
    {
        TerminalFilter filter = new(OutputLevel.Safe);
        Run(filter, Bytes("text␛[m"));
        Assert.Null(filter.Describe());

        Run(filter, Bytes("␛[3"));
        filter.Restore(null);
        Assert.Equal((0, null, "1m"), (filter.Held, filter.Describe(), Run(filter, "1m"u8)));
    }

    [Theory]
    [InlineData("␛")]
    [InlineData("␛(")]
    [InlineData("\u009b")]
    [InlineData("␛[")]
    [InlineData("␛[1;3")]
    public void Of_a_sequence_its_beginning_is_held_and_no_more_than_the_longest(string output)
    {
        FilterState state = After(output);
        Assert.True(Is(state with { Held = [.. state.Held, .. new byte[TerminalFilter.LongestSequence - state.Held.Length]] }));
        Assert.False(Is(state with { Held = [.. state.Held, .. new byte[TerminalFilter.LongestSequence + 1 - state.Held.Length]] }));
        Assert.False(Is(state with { Held = [] }));
        Assert.False(Is(state with { Held = [(byte)'a', .. state.Held.AsSpan(1)] }));
    }

    [Fact]
    public void Of_a_control_sequence_both_bytes_of_its_beginning_are_held()
    {
        FilterState state = After("␛[");
        Assert.True(Is(state));
        Assert.False(Is(state with { Held = [0x1b] }));
        Assert.False(Is(state with { Held = [0x1b, (byte)'('] }));
    }

    [Fact]
    public void Of_a_character_at_least_its_first_byte_is_held_and_not_all()
    {
        FilterState state = After("日"u8[..2]);
        Assert.Equal((2, 2), (state.Held.Length, state.Continuations));
        Assert.True(Is(state with { Held = state.Held[..1] }));
        Assert.False(Is(state with { Held = [] }));
        Assert.False(Is(state with { Held = "日"u8.ToArray() }));
        Assert.False(Is(state with { Continuations = 3 }));
        Assert.False(Is(state with { Held = state.Held[..1], Continuations = 1 }));
        Assert.False(Is(state with { Held = [(byte)'a'], Continuations = 0 }));
    }

    [Theory]
    [InlineData("␛]0;x")]
    [InlineData("␛]0;x␛")]
    public void Of_a_string_nothing_is_held_but_its_length_known(string output)
    {
        FilterState state = After(output);
        Assert.Equal((0, 3), (state.Held.Length, state.StringLength));
        Assert.True(Is(state with { StringLength = 0 }));
        Assert.True(Is(state with { StringLength = TerminalFilter.LongestString }));
        Assert.False(Is(state with { StringLength = TerminalFilter.LongestString + 1 }));
        Assert.False(Is(state with { StringLength = -1 }));
        Assert.False(Is(state with { Held = [0x1b] }));
    }

    [Fact]
    public void What_is_no_kind_of_state_is_none()
    {
        Assert.True(Is(new FilterState(0, [], 0, 0)));
        Assert.False(Is(new FilterState(0, [0x1b], 0, 0)));
        Assert.False(Is(new FilterState(-1, [], 0, 0)));
        Assert.False(Is(new FilterState(7, [], 0, 0)));
        Assert.Equal("a filter is in no state", new FilterState(7, [], 0, 0).Problem());
        Assert.Null(After("␛[").Problem());
    }

    private static bool Is(FilterState state) => TerminalFilter.IsState(state);

    private static FilterState After(string output) => After(Bytes(output));

    private static FilterState After(ReadOnlySpan<byte> output)
    {
        TerminalFilter filter = new(OutputLevel.Safe);
        Run(filter, output);
        return filter.Describe() ?? throw new InvalidOperationException("It is in the middle of nothing.");
    }

    private static string Run(TerminalFilter filter, ReadOnlySpan<byte> input)
    {
        byte[] output = new byte[TerminalFilter.MostOutput(input.Length)];
        return Encoding.UTF8.GetString(output, 0, filter.Filter(input, output)).Replace('\x1b', '␛');
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text.Replace('␛', '\x1b'));
}
