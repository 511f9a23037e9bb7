using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class BacklogTests
{
    [Fact]
    public void What_is_appended_is_read_back_at_its_position()
    {
        var backlog = new Backlog(100);
        backlog.Append("hello "u8);
        backlog.Append("world"u8);

        Assert.Equal(0, backlog.Start);
        Assert.Equal(11, backlog.End);
        Assert.Equal("world"u8, backlog.Read(6));
        Assert.True(backlog.Read(11).IsEmpty);
    }

    [Fact]
    public void Memory_starts_at_nothing_doubles_and_stops_at_the_limit()
    {
        var backlog = new Backlog(5000);
        Assert.Equal(0, backlog.Capacity);
        List<int> sizes = [];
        for (int i = 0; i < 20_000; i++)
        {
            backlog.Append([(byte)i]);
            if (sizes.Count == 0 || sizes[^1] != backlog.Capacity)
            {
                sizes.Add(backlog.Capacity);
            }
        }

        Assert.Equal([1024, 2048, 4096, 5000], sizes);
        Assert.Equal(20_000, backlog.End);
        Assert.Equal(15_000, backlog.Start);
    }

    [Fact]
    public void A_large_one_grows_by_chunks_after_the_first()
    {
        var backlog = new Backlog(70_000);
        List<int> sizes = [];
        for (int i = 0; i < 1000; i++)
        {
            backlog.Append(new byte[100]);
            if (sizes.Count == 0 || sizes[^1] != backlog.Capacity)
            {
                sizes.Add(backlog.Capacity);
            }
        }

        Assert.Equal([1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 70_000], sizes);
    }

    [Fact]
    public void Positions_outside_what_is_retained_are_refused()
    {
        var backlog = new Backlog(1024);
        backlog.Append(new byte[1500]);

        Assert.Throws<ArgumentOutOfRangeException>(() => backlog.Read(475).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => backlog.Read(1501).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => new BacklogCursor(backlog, 1501));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(4096)]
    [InlineData(10_000)]
    [InlineData(70_000)]
    public void D09_Any_sequence_of_pieces_leaves_exactly_the_newest_bytes(int limit)
    {
        ulong seed = SeededStream.ChooseSeed();
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var stream = new SeededStream(seed);
        var random = new Random((int)(seed % int.MaxValue));
        var backlog = new Backlog(limit);

        // Pieces both much smaller and larger than the ring: growing, wrapping and overrunning in one append.
        for (int i = 0; i < 400; i++)
        {
            int length = random.Next(i % 5 == 0 ? (3 * limit) + 10 : (limit / 3) + 2);
            backlog.Append(stream.Take(backlog.End, length));

            long retained = backlog.End - backlog.Start;
            Assert.Equal(Math.Min(limit, backlog.End), retained);
            Assert.Equal(stream.Take(backlog.Start, (int)retained), ReadAll(backlog, backlog.Start));
            Assert.InRange(backlog.Capacity, 0, limit);
        }
    }

    [Fact]
    public void The_first_bytes_stay_and_one_gap_is_between_them_and_the_newest()
    {
        var backlog = new Backlog(limit: 100, boot: 40);
        var stream = new SeededStream(4);
        backlog.Append(stream.Take(0, 30));
        Assert.Equal((0L, 30L, 30L, 30L), (backlog.Start, backlog.BootEnd, backlog.NewestStart, backlog.End));

        // Full to the last byte of both parts, and nothing is missing.
        backlog.Append(stream.Take(30, 110));
        Assert.Equal((40L, 40L, 140L), (backlog.BootEnd, backlog.NewestStart, backlog.End));
        Assert.Equal(stream.Take(0, 140), ReadAll(backlog, 0));
        Assert.Equal(140, backlog.Capacity);

        backlog.Append(stream.Take(140, 1));
        Assert.Equal((0L, 40L, 41L, 141L), (backlog.Start, backlog.BootEnd, backlog.NewestStart, backlog.End));
        Assert.Equal(1, backlog.MissingFrom(0));
        Assert.Equal(0, backlog.MissingFrom(41));
        Assert.Throws<ArgumentOutOfRangeException>(() => backlog.Read(40).Length);
        backlog.Append(stream.Take(141, 1000));
        Assert.Equal(stream.Take(0, 40), ReadAll(backlog, 0)[..40]);
        Assert.Equal(stream.Take(1041, 100), ReadAll(backlog, 1041));
        Assert.Equal(1041, backlog.NextRetained(500));
        Assert.Equal(140, backlog.Capacity);
    }

    [Theory]
    [InlineData("", 3, 0)]
    [InlineData("a\nb\nc", 1, 4)]
    [InlineData("a\nb\nc\n", 1, 4)]
    [InlineData("a\nb\nc\n", 2, 2)]
    [InlineData("a\nb\nc\n", 3, 0)]
    [InlineData("a\nb\nc\n", 99, 0)]
    [InlineData("a\n\n\n", 2, 2)]
    [InlineData("a\nb", 0, 3)]
    public void The_last_lines_are_found(string output, int lines, long position)
    {
        var backlog = new Backlog(limit: 100, boot: 3);
        backlog.Append(System.Text.Encoding.ASCII.GetBytes(output));
        Assert.Equal(position, backlog.FindLastLines(lines));
    }

    [Fact]
    public void The_last_lines_are_found_over_chunks_and_never_from_before_a_gap()
    {
        var backlog = new Backlog(limit: 100_000, boot: 1000);
        byte[] line = [.. Enumerable.Repeat((byte)'x', 99), (byte)'\n'];
        for (int i = 0; i < 900; i++)
        {
            backlog.Append(line);
        }

        Assert.Equal(90_000 - (700 * 100), backlog.FindLastLines(700));
        Assert.Equal(100, backlog.FindLastLines(899));
        for (int i = 0; i < 900; i++)
        {
            backlog.Append(line);
        }

        Assert.Equal(180_000 - (800 * 100), backlog.FindLastLines(800));
        Assert.Equal(80_000, backlog.NewestStart);
        Assert.Equal(80_000, backlog.FindLastLines(1500));
    }

    private static byte[] ReadAll(Backlog backlog, long position)
    {
        List<byte> all = [];
        while ((position = backlog.NextRetained(position)) < backlog.End)
        {
            ReadOnlySpan<byte> piece = backlog.Read(position);
            all.AddRange(piece);
            position += piece.Length;
        }

        return [.. all];
    }
}
