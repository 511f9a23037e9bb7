using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class OutputWishTests
{
    [Theory]
    [InlineData("web", "web", ReplayFrom.Usual, 0L)]
    [InlineData("web all", "web", ReplayFrom.Oldest, 0L)]
    [InlineData("my web new", "my web", ReplayFrom.Newest, 0L)]
    [InlineData("web  from=boot", "web", ReplayFrom.Boot, 0L)]
    [InlineData("web from=0", "web", ReplayFrom.Position, 0L)]
    [InlineData("web from=100", "web", ReplayFrom.Position, 100L)]
    [InlineData("web#1 tail=100", "web#1", ReplayFrom.Tail, 100L)]
    [InlineData("web lines=3", "web", ReplayFrom.Lines, 3L)]
    [InlineData("web since=1796000000000", "web", ReplayFrom.Since, 1_796_000_000_000L)]
    [InlineData("web all new", "web all", ReplayFrom.Newest, 0L)]
    [InlineData("web x=1 lines=3", "web x=1", ReplayFrom.Lines, 3L)]
    [InlineData("all", "all", ReplayFrom.Usual, 0L)]
    [InlineData("a boot", "a boot", ReplayFrom.Usual, 0L)]
    public void Words_are_cut_from_the_end_and_the_rest_is_the_name(string text, string name, ReplayFrom from, long amount)
    {
        OutputWish wish = AttachWish.Cut(text, out string cut).Output;
        Assert.Equal((name, from, amount, null), (cut, wish.From, wish.Amount, wish.Problem));
    }

    [Theory]
    [InlineData("web follow level=raw lines=1")]
    [InlineData("web lines=1 level=raw follow")]
    [InlineData("web level=raw lines=1 follow")]
    [InlineData("web mode=ro level=raw notices lines=1 follow")]
    [InlineData("web level=raw lines=1 follow mode=take")]
    public void Words_come_in_any_order(string text)
    {
        Assert.Equal(new OutputWish(ReplayFrom.Lines, 1, OutputLevel.Raw, Follow: true), AttachWish.Cut(text, out string name).Output);
        Assert.Equal("web", name);
    }

    [Theory]
    [InlineData("web lines=", "lines=")]
    [InlineData("web lines=-1", "a whole number of lines")]
    [InlineData("web tail=1k", "a whole number of bytes")]
    [InlineData("web since=yesterday", "milliseconds")]
    [InlineData("web since=9999999999999999", "at most")]
    [InlineData("web from=boots", "(or boot)")]
    [InlineData("web from=-1", "a whole number of bytes")]
    [InlineData("web level=all", "level=safe")]
    [InlineData("web level=all follow", "level=safe")]
    [InlineData("web follow=ever", "follow=end")]
    public void A_word_that_asks_for_nothing_is_a_problem_with_its_remedy(string text, string remedy)
    {
        string? problem = AttachWish.Cut(text, out string name).Problem;
        Assert.Equal("web", name);
        Assert.Contains(remedy, problem, StringComparison.Ordinal);
    }
}
