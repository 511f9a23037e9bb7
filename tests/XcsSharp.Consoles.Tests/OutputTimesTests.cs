using Microsoft.Extensions.Time.Testing;

using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class OutputTimesTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 29, 8, 0, 0, TimeSpan.Zero));
    private readonly Backlog _backlog = new(limit: 10_000, boot: 1000);
    private readonly OutputTimes _times;

    /// <summary>The loop's time stamp, which the wall clock does not turn back.</summary>
    private long _now;

    public OutputTimesTests() => _times = new OutputTimes(_clock);

    [Fact]
    public void The_first_byte_that_came_at_a_time_or_later_is_found()
    {
        DateTimeOffset start = _clock.GetUtcNow();
        Assert.Null(_times.Find(start));
        for (int i = 0; i < 500; i++)
        {
            Print(10);
            Advance(TimeSpan.FromSeconds(1));
        }

        for (int i = 0; i < 500; i++)
        {
            Assert.Equal(10 * i, _times.Find(start.AddSeconds(i)));
            Assert.Equal(i < 499 ? 10 * (i + 1) : null, _times.Find(start.AddSeconds(i + 0.5)));
        }

        Assert.Equal(0, _times.Find(start.AddDays(-1)));
    }

    [Fact]
    public void What_comes_within_10_ms_is_one_stretch_and_is_found_by_any_time_of_it()
    {
        DateTimeOffset start = _clock.GetUtcNow();
        for (int i = 0; i < 100; i++)
        {
            Print(10);
            Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(10, _times.Count);
        for (int i = 0; i < 100; i++)
        {
            long? found = _times.Find(start.AddMilliseconds(i));
            Assert.InRange(found!.Value, (10 * i) - 100, 10 * i);
        }
    }

    [Fact]
    public void However_much_comes_the_list_stays_small_nothing_is_missed_and_the_newest_keeps_its_resolution()
    {
        DateTimeOffset start = _clock.GetUtcNow();
        const int Lines = 20_000;
        for (int i = 0; i < Lines; i++)
        {
            Print(2);
            Advance(TimeSpan.FromMilliseconds(20));
            Assert.InRange(_times.Count, 0, OutputTimes.MaxStretches);
        }

        long last = -1;
        for (int i = 0; i < Lines; i++)
        {
            long found = _times.Find(start.AddMilliseconds(20 * i))!.Value;
            Assert.InRange(found, last, 2 * i);
            last = found;
        }

        for (int i = Lines - 250; i < Lines; i++)
        {
            Assert.Equal(2 * i, _times.Find(start.AddMilliseconds(20 * i)));
        }

        // Of the boot every time is still known; what is lost is asked for as a whole, so that the gap is shown.
        Assert.Equal(800, _times.Find(start.AddMilliseconds(20 * 400)));
        Assert.Equal(_backlog.BootEnd, _times.Find(start.AddMilliseconds(20 * 1000)));
    }

    [Fact]
    public void When_the_clock_is_set_back_what_came_before_counts_as_having_come_then()
    {
        DateTimeOffset start = _clock.GetUtcNow();
        Print(10);
        Advance(TimeSpan.FromHours(1));
        Print(10);
        _clock.AdjustTime(start.AddMinutes(30));
        _now += _clock.TimestampFrequency;
        Print(10);
        Assert.Equal(0, _times.Find(start));
        Assert.Equal(10, _times.Find(start.AddMinutes(20)));
        Assert.Equal(10, _times.Find(start.AddMinutes(30)));
        Assert.Null(_times.Find(start.AddMinutes(31)));
    }

    [Fact]
    public void Noting_a_time_allocates_nothing_once_the_list_has_its_size()
    {
        var clock = new FakeTimeProvider();
        var times = new OutputTimes(clock);
        long now = clock.GetTimestamp();
        Turn();
        Assert.Equal(0, Allocations.Least(Turn));
        Assert.InRange(times.Count, 500, OutputTimes.MaxStretches);

        void Turn()
        {
            for (int i = 0; i < 5000; i++)
            {
                now += clock.TimestampFrequency / 50;
                times.Note(_backlog, now);
                _backlog.Append("x"u8);
            }
        }
    }

    /// <summary>However many there were when a daemon left them: the next one keeps no more than the first, and what it leaves is taken again.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(300)]
    [InlineData(900)]
    [InlineData(1023)]
    [InlineData(1024)]
    public void Handed_on_again_and_again_they_are_never_more_than_the_next_daemon_takes(int first)
    {
        DateTimeOffset start = _clock.GetUtcNow();
        _now = _clock.GetTimestamp();
        OutputTimes times = _times;
        int lines = 0;
        for (int daemon = 0; daemon < 4; daemon++)
        {
            for (int i = 0; i < (daemon == 0 ? first : 1500); i++)
            {
                times.Note(_backlog, _now);
                _backlog.Append(new byte[2]);
                Advance(TimeSpan.FromSeconds(1));
                lines++;
                Assert.InRange(times.Count, 1, OutputTimes.MaxStretches);
            }

            OutputTimes next = new(_clock);
            next.Restore(times.Describe(), _backlog.End);
            Assert.Equal(times.Count, next.Count);
            times = next;
        }

        for (int i = lines - 250; i < lines; i++)
        {
            Assert.Equal(2 * i, times.Find(start.AddSeconds(i)));
        }
    }

    /// <summary>As the daemons left them that doubled what they had taken over.</summary>
    [Fact]
    public void More_than_there_should_be_are_taken_over_and_made_coarser()
    {
        long[] left = [.. Enumerable.Range(0, 1800).SelectMany(i => new[] { i, _clock.GetUtcNow().AddSeconds(i).UtcTicks, _clock.GetUtcNow().AddSeconds(i).UtcTicks })];

        _times.Restore(System.Runtime.InteropServices.MemoryMarshal.AsBytes(left.AsSpan()), end: 1800);

        Assert.Equal(900, _times.Count);
        Assert.Equal(1000, _times.Find(_clock.GetUtcNow().AddSeconds(1000)));
        Assert.Equal(1000, _times.Find(_clock.GetUtcNow().AddSeconds(1001)));
    }

    private void Advance(TimeSpan time)
    {
        _clock.Advance(time);
        _now += (long)(time.TotalSeconds * _clock.TimestampFrequency);
    }

    private void Print(int count)
    {
        _times.Note(_backlog, _now);
        _backlog.Append(new byte[count]);
    }
}
