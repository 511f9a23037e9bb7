using System.Text;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests.Accounting;

/// <summary>An account that finds nothing wrong must have been able to.</summary>
public sealed class ReaderAccountTests
{
    private readonly LetterText _text = new(new SeededStream(42));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Letters_gaps_and_reboots_in_any_pieces_are_understood_wherever_it_begins(bool startIsKnown)
    {
        byte[] all =
        [
            .. _text.Span(100, 300), .. Gap("1,000"), .. _text.Span(1400, 50), .. "\r\n[web rebooted: domain 1 is gone, domain 2 begins]\r\n"u8,
            .. _text.Span(1450, 5), .. Gap("7"),
        ];
        for (int piece = 1; piece < 40; piece++)
        {
            ReaderAccount account = new("reader", _text, startIsKnown ? 100 : null);
            foreach (byte[] bytes in all.Chunk(piece))
            {
                account.Accept(bytes);
            }

            Assert.Null(account.Problem);
            Assert.Equal((100, 355, 1007, 7, 1462), (account.Start, account.Delivered, account.Marked, account.MarkedInThisLife, account.Position));
            Assert.Equal([1450], account.Lives);
        }
    }

    [Theory]
    [InlineData("1,000", 1401, "came other output, that of byte 1401 (+1)")]
    [InlineData("1,001", 1400, "came other output, that of byte 1400 (-1)")]
    [InlineData("999", 1400, "(+1)")]
    public void A_gap_that_is_wrong_by_one_is_seen(string gap, int goesOn, string problem)
    {
        ReaderAccount account = new("reader", _text, 100);
        account.Accept([.. _text.Span(100, 300), .. Gap(gap), .. _text.Span(goesOn, 50)]);
        Assert.Contains(problem, account.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Lost_repeated_and_foreign_letters_are_seen()
    {
        foreach ((long next, byte[] more) in ((long, byte[])[])[(450, []), (350, []), (400, "\r\nno word of ours\r\n"u8.ToArray())])
        {
            ReaderAccount account = new("reader", _text, 100);
            account.Accept(_text.Span(100, 300));
            account.Accept(more);
            account.Accept(_text.Span(next, 50));
            Assert.NotNull(account.Problem);
        }
    }

    private static byte[] Gap(string bytes) => Encoding.ASCII.GetBytes($"\r\n[gap: {bytes} bytes]\r\n");
}
