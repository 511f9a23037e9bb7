using System.Text;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>What terminals, viewers and files get of the backlog, through their filters.</summary>
public sealed class OutputReaderTests
{
    private const string Output = "login: \x1b[1mroot\x1b[0m \x1b]0;title\a\x1b[?1;1000hGrüße\r\n\x1b[31mred\x1b[m";
    private const string Safe = "login: \x1b[1mroot\x1b[0m \x1b[?1hGrüße\r\n\x1b[31mred\x1b[m";

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void A_reader_that_takes_little_at_a_time_gets_the_same(int most)
    {
        var backlog = new Backlog(100_000);
        using var reader = new ConsoleReader(backlog, 0, OutputLevel.Safe);
        List<byte> got = [];
        foreach (byte next in Encoding.UTF8.GetBytes(Output))
        {
            backlog.Append([next]);
            got.AddRange(ReadAll(reader, most));
        }

        Assert.Equal(Safe, Encoding.UTF8.GetString([.. got]));
        backlog.Append(Encoding.UTF8.GetBytes(Output));
        backlog.Append(Encoding.UTF8.GetBytes(Output));
        Assert.Equal(Safe + Safe, Encoding.UTF8.GetString(ReadAll(reader, most)));
        Assert.True(reader.IsAtEnd);
    }

    /// <summary>Killed at any place, it loses nothing: another reader that begins where it said it was gives all that it had not given.</summary>
    [Fact]
    public void A_reader_says_that_it_is_where_another_can_go_on_without_a_loss()
    {
        byte[] output = Encoding.UTF8.GetBytes("ab\x1b[1mcd\x1b[0m Gr\u00fc\u00dfe\r\n");
        var backlog = new Backlog(100_000);
        using var reader = new ConsoleReader(backlog, 0, OutputLevel.Safe);
        List<byte> got = [];
        foreach (byte next in output)
        {
            backlog.Append([next]);
            CheckGoingOn();
            while (reader.Peek() is { IsEmpty: false } piece)
            {
                got.Add(piece[0]);
                reader.Advance(1);
                CheckGoingOn();
            }
        }

        void CheckGoingOn()
        {
            using var another = new ConsoleReader(backlog, reader.Position, OutputLevel.Safe);
            byte[] rest = ReadAll(another, 1000);
            byte[] whole = new byte[TerminalFilter.MostOutput(output.Length)];
            int length = new TerminalFilter(OutputLevel.Safe).Filter(output.AsSpan(0, (int)backlog.End), whole);
            int repeated = got.Count + rest.Length - length;
            Assert.InRange(repeated, 0, got.Count);
            Assert.Equal(whole[..length], got[..(got.Count - repeated)].Concat(rest));
        }
    }

    [Fact]
    public void A_gap_ends_a_sequence_and_its_mark_passes()
    {
        var backlog = new Backlog(16);
        using var reader = new ConsoleReader(backlog, 0, OutputLevel.Safe);
        backlog.Append("a\x1b[3"u8);
        Assert.Equal("a", Encoding.UTF8.GetString(ReadAll(reader, 100)));
        backlog.Append("1mlost, all of it: 1m red"u8);
        Assert.Equal("\r\n[gap: 9 bytes]\r\nll of it: 1m red", Encoding.UTF8.GetString(ReadAll(reader, 100)));
        Assert.Equal(9UL, reader.Lost);
    }

    /// <summary>However much of it the disk has taken, the rest comes, and of a sequence that was cut all.</summary>
    [Theory]
    [InlineData(OutputLevel.Safe, Safe)]
    [InlineData(OutputLevel.Raw, Output)]
    public void A_file_that_took_less_gets_the_rest(OutputLevel level, string expected)
    {
        byte[] all = Encoding.UTF8.GetBytes(expected);
        for (int written = 0; written <= all.Length; written++)
        {
            var backlog = new Backlog(100_000);
            var reader = new FileReader(backlog, level);
            backlog.Append(Encoding.UTF8.GetBytes(Output));
            byte[] buffer = new byte[1000];
            int count = reader.Take(buffer);
            Assert.Equal(all, buffer[..count]);
            Assert.Equal((0UL, Encoding.UTF8.GetByteCount(Output)), (reader.Settled, (int)reader.UnderWay));

            reader.Settle(count, written);
            int rest = reader.Take(buffer);
            int from = all.Length - rest;
            Assert.Equal(all[from..], buffer[..rest]);
            Assert.InRange(from, 0, written);
            Assert.True(IsPartOfOne(all, from, written), $"{from} to {written} come twice");
            reader.Settle(rest, rest);
            Assert.True(reader.IsAtEnd);
            Assert.Equal(backlog.End, (long)reader.Settled);
        }
    }

    [Fact]
    public void What_a_file_gets_nothing_of_is_settled_at_once()
    {
        var backlog = new Backlog(1000);
        var reader = new FileReader(backlog, OutputLevel.Strip);
        backlog.Append("\x1b[31m\x1b[m"u8);
        Assert.Equal(0, reader.Take(new byte[1000]));
        Assert.Equal((8UL, 0L, true), (reader.Settled, reader.UnderWay, reader.IsAtEnd));
    }

    [Theory]
    [InlineData(OutputLevel.Safe)]
    [InlineData(OutputLevel.Raw)]
    public void What_the_backlog_loses_while_the_disk_fails_is_a_gap(OutputLevel level)
    {
        var backlog = new Backlog(10);
        var reader = new FileReader(backlog, level);
        byte[] buffer = new byte[1000];
        backlog.Append("0123456789"u8);
        int count = reader.Take(buffer);
        Assert.Equal(10, count);
        backlog.Append("abcd"u8);
        reader.Settle(count, 0);
        Assert.Equal("\r\n[gap: 4 bytes]\r\n", Encoding.ASCII.GetString(buffer[..(count = reader.Take(buffer))]));
        reader.Settle(count, count);
        Assert.Equal("456789abcd", Encoding.ASCII.GetString(buffer[..(count = reader.Take(buffer))]));
        reader.Settle(count, count);
        Assert.Equal((4UL, 10UL), (reader.Lost, reader.Settled));
    }

    /// <summary>A buffer that is too small for all is filled as far as whole sequences go.</summary>
    [Fact]
    public void A_file_takes_as_much_as_its_buffer_holds()
    {
        var backlog = new Backlog(100_000);
        var reader = new FileReader(backlog, OutputLevel.Safe);
        string text = string.Concat(Enumerable.Repeat(Output, 50));
        backlog.Append(Encoding.UTF8.GetBytes(text));
        byte[] buffer = new byte[200];
        List<byte> got = [];
        int count;
        while ((count = reader.Take(buffer)) > 0)
        {
            got.AddRange(buffer.AsSpan(0, count));
            reader.Settle(count, count);
        }

        Assert.Equal(string.Concat(Enumerable.Repeat(Safe, 50)), Encoding.UTF8.GetString([.. got]));
    }

    private static byte[] ReadAll(ConsoleReader reader, int most)
    {
        List<byte> got = [];
        while (reader.Peek() is { IsEmpty: false } piece)
        {
            piece = piece[..Math.Min(piece.Length, most)];
            got.AddRange(piece);
            reader.Advance(piece.Length);
        }

        return [.. got];
    }

    /// <summary>Nothing comes twice but a sequence or character of which the file has the beginning.</summary>
    private static bool IsPartOfOne(byte[] all, int from, int to)
        => from == to || all[from] is 0x1b or >= 0xc0 && !all.AsSpan((from + 1)..to).ContainsAny((byte)0x1b, (byte)'\n', (byte)' ');
}
