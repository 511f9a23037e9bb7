using System.Text;

using XcsSharp.Protocol.Operator;

using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class RequestLineTests
{
    [Theory]
    [InlineData("LIST\n", "LIST", "")]
    [InlineData("LIST\r\n", "LIST", "")]
    [InlineData("\n", "", "")]
    [InlineData("\r\n", "", "")]
    [InlineData("ATTACH web\nls\n", "ATTACH web", "ls\n")]
    [InlineData("ATTACH we\rb\n\n", "ATTACH we\rb", "\n")]
    public void A_line_split_at_any_byte_is_the_same_line_with_the_same_rest(string sent, string line, string rest)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(sent);
        for (int split = 0; split <= bytes.Length; split++)
        {
            var request = default(RequestLine);
            ReadOnlySpan<byte> input = bytes.AsSpan(0, split);
            LineState state = request.Take(ref input);
            string after = "";
            if (state == LineState.Complete)
            {
                after = Encoding.UTF8.GetString(input);
            }
            else
            {
                Assert.Equal(LineState.Incomplete, state);
                Assert.True(input.IsEmpty);
            }

            ReadOnlySpan<byte> second = bytes.AsSpan(split);
            if (state == LineState.Incomplete)
            {
                state = request.Take(ref second);
            }

            Assert.Equal(LineState.Complete, state);
            Assert.Equal(line, Encoding.UTF8.GetString(request.Text));
            Assert.Equal(rest, after + Encoding.UTF8.GetString(second));
        }
    }

    [Theory]
    [InlineData(OperatorProtocol.MaxLine, "\n", LineState.Complete)]
    [InlineData(OperatorProtocol.MaxLine, "\r\n", LineState.Complete)]
    [InlineData(OperatorProtocol.MaxLine, "", LineState.Incomplete)]
    [InlineData(OperatorProtocol.MaxLine, "\r", LineState.Incomplete)]
    [InlineData(OperatorProtocol.MaxLine, "\rx", LineState.TooLong)]
    [InlineData(OperatorProtocol.MaxLine + 1, "", LineState.TooLong)]
    [InlineData(OperatorProtocol.MaxLine + 1, "\n", LineState.TooLong)]
    [InlineData(100_000, "\n", LineState.TooLong)]
    public void A_line_ends_in_time_or_is_too_long(int length, string end, LineState expected)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(new string('a', length) + end);
        Assert.Equal(expected, Feed(bytes, 1));
        Assert.Equal(expected, Feed(bytes, 100));
        Assert.Equal(expected, Feed(bytes, bytes.Length));

        static LineState Feed(byte[] bytes, int step)
        {
            var line = default(RequestLine);
            var state = LineState.Incomplete;
            for (int i = 0; i < bytes.Length && state == LineState.Incomplete; i += step)
            {
                ReadOnlySpan<byte> input = bytes.AsSpan(i, Math.Min(step, bytes.Length - i));
                state = line.Take(ref input);
            }

            return state;
        }
    }

    [Theory]
    [InlineData("LIST", OperatorVerb.List, "", ReplayFrom.Usual)]
    [InlineData(" STATUS ", OperatorVerb.Status, "", ReplayFrom.Usual)]
    [InlineData("TOP", OperatorVerb.Top, "", ReplayFrom.Usual)]
    [InlineData("METRICS", OperatorVerb.Metrics, "", ReplayFrom.Usual)]
    [InlineData("ATTACH 5", OperatorVerb.Attach, "5", ReplayFrom.Usual)]
    [InlineData("ATTACH web all", OperatorVerb.Attach, "web", ReplayFrom.Oldest)]
    [InlineData("ATTACH web  new", OperatorVerb.Attach, "web", ReplayFrom.Newest)]
    [InlineData("ATTACH my old box", OperatorVerb.Attach, "my old box", ReplayFrom.Usual)]
    [InlineData("ATTACH my old box all", OperatorVerb.Attach, "my old box", ReplayFrom.Oldest)]
    [InlineData("ATTACH all", OperatorVerb.Attach, "all", ReplayFrom.Usual)]
    [InlineData("ATTACH new all", OperatorVerb.Attach, "new", ReplayFrom.Oldest)]
    [InlineData("ATTACH", OperatorVerb.Unknown, null, ReplayFrom.Usual)]
    [InlineData("ATTACHED 5", OperatorVerb.Unknown, null, ReplayFrom.Usual)]
    [InlineData("LISTS", OperatorVerb.Unknown, null, ReplayFrom.Usual)]
    [InlineData("list", OperatorVerb.Unknown, null, ReplayFrom.Usual)]
    [InlineData("", OperatorVerb.Unknown, null, ReplayFrom.Usual)]
    public void A_line_asks_for(string line, OperatorVerb verb, string? target, ReplayFrom replay)
    {
        var request = OperatorRequest.Parse(Encoding.UTF8.GetBytes(line));
        Assert.Equal(verb, request.Verb);
        Assert.Equal(replay, request.Wish.Output.From);
        Assert.Equal(target, request.Target);
    }

    [Fact]
    public void A_line_that_is_not_text_asks_for_nothing_that_exists()
    {
        var request = OperatorRequest.Parse([.. "ATTACH "u8, 0xff, 0xfe, 0]);
        Assert.Equal("\uFFFD\uFFFD\0", request.Target);
    }
}
