using XcsSharp.Protocol.Operator;

using Xunit;

namespace XcsSharp.Protocol.Tests;

public sealed class MemorySizeTests
{
    [Theory]
    [InlineData("512M", 131_072u)]
    [InlineData("512m", 131_072u)]
    [InlineData("512MiB", 131_072u)]
    [InlineData("524288K", 131_072u)]
    [InlineData("2G", 524_288u)]
    [InlineData("1T", 268_435_456u)]
    [InlineData("131072p", 131_072u)]
    [InlineData("4M", 1024u)]
    [InlineData("1024p", 1024u)]
    [InlineData("4294967295p", uint.MaxValue)]
    [InlineData("17179869180K", uint.MaxValue)]
    public void A_size_is_a_number_and_its_unit(string text, uint pages)
    {
        Assert.True(MemorySize.TryParse(text, out uint parsed));
        Assert.Equal(pages, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("M")]
    [InlineData("512")]
    [InlineData("512 M")]
    [InlineData("512MB")]
    [InlineData("-512M")]
    [InlineData("+512M")]
    [InlineData("0.5G")]
    [InlineData("1023p")]
    [InlineData("4095K")]
    [InlineData("4097K")]
    [InlineData("16T")]
    [InlineData("4294967296p")]
    [InlineData("18446744073709551615T")]
    [InlineData("18446744073709551616K")]
    public void Anything_else_is_none(string text) => Assert.False(MemorySize.TryParse(text, out _));
}
