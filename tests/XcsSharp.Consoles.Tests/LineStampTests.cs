using System.Text;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>The time before each line of a log: what a file gets of a backlog, of its arrival times and of a disk that takes less than it was given.</summary>
public sealed class LineStampTests
{
    private const long Noon = 1_795_953_600_000; // 2026-11-29T12:00:00Z

    private static readonly DateTime s_noon = DateTime.UnixEpoch.AddMilliseconds(Noon);

    private readonly ArrivalTimes _times = new();
    private readonly byte[] _buffer = new byte[64 * 1024];
    private Backlog _backlog = new(100_000);
    private long _now = Noon;

    [Fact]
    public void Each_line_has_the_time_of_its_first_byte_and_no_other()
    {
        FileReader reader = new(_backlog, OutputLevel.Safe, _times);
        Print("login: ", 0);
        Print("ro", 1000);
        Print("ot\r\nPassword: \x1b[1", 2500);
        Print("mx\n", 10);
        Print("\nend", 61_000);

        Assert.Equal(
            "2026-11-29T12:00:00.000Z login: root\r\n"
            + "2026-11-29T12:00:03.500Z Password: \x1b[1mx\n"
            + "2026-11-29T12:01:04.510Z \n"
            + "2026-11-29T12:01:04.510Z end",
            ReadAll(reader));

        // What comes in another write, much later, is still the same line.
        Print("less\n", 3_600_000);
        Print("next", 1);
        Assert.Equal("less\n2026-11-29T13:01:04.511Z next", ReadAll(reader));
    }

    /// <summary>However much of it the disk has taken: both parts together are what one write would have been, sequences that were cut apart.</summary>
    [Theory]
    [InlineData(OutputLevel.Safe)]
    [InlineData(OutputLevel.Raw)]
    public void What_a_disk_did_not_take_comes_again_with_the_same_stamps(OutputLevel level)
    {
        string whole = Run(level, -1);
        Assert.Equal(5, whole.Split("Z ").Length - 1);
        for (int written = 0; written <= whole.Length - " of it".Length; written++)
        {
            string got = Run(level, written);
            Assert.True(got == whole || got.Replace("\x1b[3\x1b", "\x1b", StringComparison.Ordinal)
                .Replace("\x1b[\x1b", "\x1b", StringComparison.Ordinal).Replace("\x1b\x1b", "\x1b", StringComparison.Ordinal)
                .Replace("\x1b[31\x1b", "\x1b", StringComparison.Ordinal) == whole, $"{written}: {got}");
        }

        string Run(OutputLevel level, int written)
        {
            LineStampTests fresh = new();
            FileReader reader = new(fresh._backlog, level, fresh._times);
            fresh.Print("one\r\ntwo \x1b[31", 7);
            fresh.Print("mred\n\n", 1234);
            fresh.Print("a\nrest", 5);
            int count = reader.Take(fresh._buffer);
            string first = Encoding.ASCII.GetString(fresh._buffer, 0, written < 0 ? count : written);
            reader.Settle(count, written < 0 ? count : written);
            fresh.Print(" of it", 777);
            return first + fresh.ReadAll(reader);
        }
    }

    [Fact]
    public void A_gap_mark_has_the_time_of_what_follows_it_however_much_of_it_the_disk_takes()
    {
        const string Mark = "cut\r\n2026-11-29T12:00:09.000Z [gap: 11 bytes]\r\n2026-11-29T12:00:09.000Z 0123456789";
        for (int written = 0; written < Mark.IndexOf("2026-11-29T12:00:09.000Z 0", StringComparison.Ordinal) - 3; written++)
        {
            LineStampTests fresh = new() { _backlog = new Backlog(10) };
            FileReader reader = new(fresh._backlog, OutputLevel.Safe, fresh._times);
            fresh.Print("cut", 0);
            Assert.Equal("2026-11-29T12:00:00.000Z cut", fresh.ReadAll(reader));
            fresh.Print(" here\nlost\n0123456789", 9000);
            int count = reader.Take(fresh._buffer);
            string first = Encoding.ASCII.GetString(fresh._buffer, 0, written);
            reader.Settle(count, written);
            Assert.Equal(Mark, "cut" + first + fresh.ReadAll(reader));
        }
    }

    [Fact]
    public void A_file_that_ends_inside_a_line_goes_on_with_it()
    {
        FileReader reader = new(_backlog, OutputLevel.Safe, _times);
        reader.ForgetPlace();
        Assert.True(reader.IsPlaceUnknown);
        reader.GoOnFrom(insideLine: true);
        Print("rest\nnext\n", 0);
        Assert.Equal("rest\n2026-11-29T12:00:00.000Z next\n", ReadAll(reader));
    }

    /// <summary>What is in the file cannot be gone over again when the backlog has lost it; then only a look at the file helps.</summary>
    [Fact]
    public void When_the_backlog_has_lost_what_a_failed_write_began_with_the_place_is_unknown()
    {
        _backlog = new Backlog(10);
        FileReader reader = new(_backlog, OutputLevel.Safe, _times);
        Print("0123456789", 0);
        int count = reader.Take(_buffer);
        Print("\nabc", 0);
        Assert.False(reader.IsPlaceUnknown);
        reader.Settle(count, 30);
        Assert.True(reader.IsPlaceUnknown);
    }

    [Fact]
    public void Many_lines_fill_a_buffer_and_no_more()
    {
        FileReader reader = new(_backlog, OutputLevel.Safe, _times);
        string expected = string.Concat(Enumerable.Repeat("2026-11-29T12:00:00.000Z \n", 20_000));
        Print(new string('\n', 20_000), 0);
        int writes = 0;
        StringBuilder got = new();
        int count;
        while ((count = reader.Take(_buffer)) > 0)
        {
            got.Append(Encoding.ASCII.GetString(_buffer, 0, count));
            reader.Settle(count, count);
            writes++;
        }

        Assert.Equal(expected, got.ToString());
        Assert.InRange(writes, expected.Length / _buffer.Length, (expected.Length / 60_000) + 1);
    }

    [Fact]
    public void Times_have_a_limit_become_coarser_and_never_go_back()
    {
        const int Lines = 100_000;
        for (int i = 0; i < Lines; i++)
        {
            _times.Add(i * 10, "123456789\n"u8, i);
            Assert.InRange(_times.Count, 1, ArrivalTimes.Limit);
        }

        long before = 0;
        for (int i = 0; i < Lines; i++)
        {
            long time = _times.Find(i * 10, out long end);
            Assert.InRange(time, Math.Max(before, i), Lines - 1);
            Assert.InRange(end, (i * 10) + 1, long.MaxValue);
            before = time;
        }

        Assert.InRange(before, Lines - (Lines / 256), Lines);
        _times.Trim((Lines - 1) * 10);
        Assert.Equal((1, before), (_times.Count, _times.Find((Lines - 1) * 10, out _)));
    }

    [Fact]
    public void Times_that_become_coarser_in_the_middle_of_a_reader_do_not_go_back()
    {
        FileReader reader = new(_backlog, OutputLevel.Safe, _times);
        StringBuilder got = new();
        for (int i = 0; i < 3000; i++)
        {
            Print($"{i}\n{i}\n", 1);
            if (i % 50 == 0)
            {
                // A disk that is slower than the guest.
                int count = reader.Take(_buffer.AsSpan(0, 2000));
                got.Append(Encoding.ASCII.GetString(_buffer, 0, count));
                reader.Settle(count, count);
            }
        }

        got.Append(ReadAll(reader));
        string[] lines = got.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(6000, lines.Length);
        Assert.Equal(lines.Select(static line => line[..LineStamps.Length]).Order(StringComparer.Ordinal), lines.Select(static line => line[..LineStamps.Length]));
    }

    [Fact]
    public void A_reader_that_keeps_up_and_keys_of_one_line_need_no_memory()
    {
        FileReader reader = new(_backlog, OutputLevel.Safe, _times);
        for (int i = 0; i < 5000; i++)
        {
            Print("x", 10);
        }

        Assert.Equal(1, _times.Count);
        for (int i = 0; i < 5000; i++)
        {
            Print("line\n", 10);
            int count = reader.Take(_buffer);
            reader.Settle(count, count);
            Assert.InRange(_times.Count, 1, 2);
        }
    }

    private void Print(string text, long after)
    {
        _now += after;
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        Assert.Equal(s_noon.Year, DateTime.UnixEpoch.AddMilliseconds(_now).Year);
        _times.Add(_backlog.End, bytes, _now);
        _backlog.Append(bytes);
    }

    private string ReadAll(FileReader reader)
    {
        StringBuilder got = new();
        while (reader.Take(_buffer) is > 0 and int count)
        {
            got.Append(Encoding.ASCII.GetString(_buffer, 0, count));
            reader.Settle(count, count);
        }

        return got.ToString();
    }
}
