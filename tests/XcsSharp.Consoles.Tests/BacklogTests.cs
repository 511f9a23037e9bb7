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
    public void Any_sequence_of_pieces_leaves_exactly_the_newest_bytes(int limit)
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

    private static byte[] ReadAll(Backlog backlog, long position)
    {
        List<byte> all = [];
        while (position < backlog.End)
        {
            ReadOnlySpan<byte> piece = backlog.Read(position);
            all.AddRange(piece);
            position += piece.Length;
        }

        return [.. all];
    }
}
