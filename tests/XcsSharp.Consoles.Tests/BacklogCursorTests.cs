using System.Text;

using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class BacklogCursorTests
{
    [Fact]
    public void A_reader_that_keeps_up_gets_every_byte_and_no_mark()
    {
        var backlog = new Backlog(64);
        var cursor = new BacklogCursor(backlog, 0);
        var stream = new SeededStream(1);
        List<byte> got = [];
        for (int i = 0; i < 100; i++)
        {
            backlog.Append(stream.Take(backlog.End, 33));
            Drain(cursor, got, most: 10);
        }

        Assert.Equal(stream.Take(0, 3300), got);
        Assert.Equal(0UL, cursor.Lost);
        Assert.True(cursor.IsAtEnd);
    }

    [Fact]
    public void A_reader_that_is_overtaken_finds_the_exact_number_in_a_mark_where_the_loss_was()
    {
        var backlog = new Backlog(1000);
        var cursor = new BacklogCursor(backlog, 0);
        backlog.Append("first."u8);
        List<byte> got = [];
        Drain(cursor, got);
        backlog.Append(Encoding.ASCII.GetBytes(new string('x', 18_312)));
        backlog.Append(Encoding.ASCII.GetBytes(new string('y', 1000)));

        Assert.Equal(18_312UL, cursor.Lost);
        Assert.Equal(1000, cursor.Unread);
        Drain(cursor, got);

        Assert.Equal("first.\r\n[gap: 18,312 bytes]\r\n" + new string('y', 1000), Encoding.ASCII.GetString([.. got]));
        Assert.Equal(18_312UL, cursor.Lost);
    }

    [Fact]
    public void Loss_before_a_mark_is_touched_makes_one_mark_and_after_that_a_second()
    {
        var backlog = new Backlog(10);
        var cursor = new BacklogCursor(backlog, 0);
        backlog.Append("0123456789abc"u8);
        Assert.StartsWith("\r\n[gap: 3 bytes]", Encoding.ASCII.GetString(cursor.Peek()), StringComparison.Ordinal);
        backlog.Append("de"u8);
        Assert.StartsWith("\r\n[gap: 5 bytes]", Encoding.ASCII.GetString(cursor.Peek()), StringComparison.Ordinal);

        Assert.Equal(0UL, backlog.Gaps);
        List<byte> got = [.. cursor.Peek()[..4]];
        cursor.Advance(4);
        Assert.Equal(1UL, backlog.Gaps);
        backlog.Append("fghi"u8);
        Assert.Equal(9UL, cursor.Lost);
        Drain(cursor, got, most: 3);

        Assert.Equal("\r\n[gap: 5 bytes]\r\n\r\n[gap: 4 bytes]\r\n9abcdefghi", Encoding.ASCII.GetString([.. got]));
        Assert.Equal(9UL, cursor.Lost);
        Assert.True(cursor.IsAtEnd);
    }

    [Fact]
    public void The_largest_gap_fits_in_its_mark()
    {
        var backlog = new Backlog(1);
        var cursor = new BacklogCursor(backlog, 0);
        byte[] chunk = new byte[1 << 20];
        for (int i = 0; i < 1024; i++)
        {
            backlog.Append(chunk);
        }

        Assert.Equal("\r\n[gap: 1,073,741,823 bytes]\r\n", Encoding.ASCII.GetString(cursor.Peek()));
    }

    [Fact]
    public void Readers_do_not_disturb_each_other()
    {
        var backlog = new Backlog(100);
        var stream = new SeededStream(3);
        var prompt = new BacklogCursor(backlog, 0);
        var never = new BacklogCursor(backlog, 0);
        List<byte> got = [];
        for (int i = 0; i < 50; i++)
        {
            backlog.Append(stream.Take(backlog.End, 60));
            Drain(prompt, got);
        }

        Assert.Equal(stream.Take(0, 3000), got);
        Assert.Equal(0UL, prompt.Lost);
        Assert.Equal(2900UL, never.Lost);
    }

    [Fact]
    public void Appending_and_reading_allocate_nothing_once_the_backlog_has_its_size()
    {
        var backlog = new Backlog(4096);
        var cursor = new BacklogCursor(backlog, 0);
        var late = new BacklogCursor(backlog, 0);
        byte[] message = new byte[60];
        Turn(2000);
        Assert.Equal(0, Allocations.Least(() => Turn(20_000)));

        void Turn(int messages)
        {
            for (int i = 0; i < messages; i++)
            {
                backlog.Append(message);
                cursor.Advance(cursor.Peek().Length);
                if (i % 500 == 0)
                {
                    // Overtaken each time: the mark is written anew.
                    while (!late.Peek().IsEmpty)
                    {
                        late.Advance(late.Peek().Length);
                    }
                }
            }
        }
    }

    private static void Drain(BacklogCursor cursor, List<byte> into, int most = int.MaxValue)
    {
        while (true)
        {
            ReadOnlySpan<byte> piece = cursor.Peek();
            if (piece.IsEmpty)
            {
                return;
            }

            piece = piece[..Math.Min(most, piece.Length)];
            into.AddRange(piece);
            cursor.Advance(piece.Length);
        }
    }
}
