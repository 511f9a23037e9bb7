using Xunit;

namespace XcsSharp.Xen.Tests;

public sealed class GuestTextTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData("0", 0)]
    [InlineData("131071", 131071)]
    public void A_plain_decimal_number_in_range_is_read(string text, ulong expected)
    {
        Assert.True(GuestText.TryParseNumber(text, 0, 131071, out ulong value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("+1")]
    [InlineData("-1")]
    [InlineData("01")]
    [InlineData("0x10")]
    [InlineData("1e3")]
    [InlineData("1\0")]
    [InlineData("١")]
    [InlineData("131072")]
    [InlineData("18446744073709551616")]
    [InlineData("99999999999999999999999999999999999999")]
    public void Anything_else_is_refused(string text)
        => Assert.False(GuestText.TryParseNumber(text, 0, 131071, out _));

    [Theory]
    [InlineData("web-1.example_x", "web-1.example_x")]
    [InlineData("../../etc/passwd", ".._.._etc_passwd")]
    [InlineData("a b\n\u001b[31m", "a_b___31m")]
    [InlineData("", "domain-7")]
    [InlineData(null, "domain-7")]
    [InlineData(".", "domain-7")]
    [InlineData("..", "domain-7")]
    public void A_name_can_be_used_in_a_path_and_on_a_terminal(string? text, string expected)
        => Assert.Equal(expected, GuestText.DomainName(text, 7));

    [Fact]
    public void A_name_has_a_bounded_length()
        => Assert.Equal(GuestText.MaxName, GuestText.DomainName(new string('a', 100_000), 7).Length);

    [Fact]
    public void A_guests_text_is_harmless_in_a_log_line()
    {
        string shown = GuestText.Shown("x\r\nfake line\u001b]0;" + new string('y', 1000));

        Assert.True(shown.Length < 60);
        Assert.DoesNotContain(shown, static character => character is < ' ' or > '~');
    }
}
