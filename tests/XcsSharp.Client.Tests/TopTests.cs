using System.Text;

using XcsSharp.Cli.Top;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Client.Tests;

/// <summary>The picture of xcsctl top, its keys and its arithmetic, without a daemon.</summary>
public sealed class TopTests
{
    private static readonly DaemonStatus s_daemon = new(
        "1.0", 42, "sim", 75, 3, 2, 0, 1, 4, 0, 0, 0, 0, 0, 0, 0, ThrottledMs: 2500);

    private readonly TopHistory _history = new();
    private readonly TopView _view = new();
    private double _time;

    [Fact]
    public void The_busiest_guest_is_first_and_its_rate_is_bytes_by_time()
    {
        Sample(1, Guest(1, "idle", 500), Guest(2, "web", 0), Guest(3, "db", 0));
        Sample(2, Guest(1, "idle", 500), Guest(2, "web", 2048), Guest(3, "db", 1 << 20));
        IReadOnlyList<string> lines = Draw(80, 24);
        Assert.Equal(
            [Line(3, "db", "512K", '█'), Line(2, "web", "1.0K", '█'), Line(1, "idle", "-", ' ')],
            lines.Skip(TopScreen.HeadLines));
        Assert.EndsWith(": xcsd 1.0, pid 42, sim, up 1m 15s", lines[0], StringComparison.Ordinal);
        Assert.Equal("3 guests, 513KB/s, throttled 2.5s, 0 quarantined, 4 viewers, 1 clients", lines[1]);
        Assert.Equal("by rate: 1 to 3 of 3   (s sort, / filter, ? help, q quit)", lines[2]);
    }

    [Fact]
    public void A_thousand_guests_on_80_by_24_scroll_and_no_line_is_wider_or_lower()
    {
        Sample(1, [.. Enumerable.Range(1, 1000).Select(static i => Guest((uint)i, $"guest-with-a-rather-long-name-{i}", 0))]);
        Sample(1, [.. Enumerable.Range(1, 1000).Select(static i => Guest((uint)i, $"guest-with-a-rather-long-name-{i}", (ulong)i << 20))]);
        AssertFits();
        Assert.Contains("by rate: 1 to 20 of 1000", Draw(80, 24)[2], StringComparison.Ordinal);
        Assert.StartsWith(" 1000 guest-with-a-rath~ ok ", Draw(80, 24)[TopScreen.HeadLines], StringComparison.Ordinal);

        Press("\e[6~\e[B");
        Assert.Contains("by rate: 22 to 41 of 1000", Draw(80, 24)[2], StringComparison.Ordinal);
        Press("\e[Fj");
        Assert.Contains("by rate: 981 to 1000 of 1000", Draw(80, 24)[2], StringComparison.Ordinal);
        AssertFits();
        Press("\e[F");
        _ = Draw(80, 24);
        Press("\e[5~kk\e[A");
        Assert.Contains("by rate: 958 to 977 of 1000", Draw(80, 24)[2], StringComparison.Ordinal);
        Press("\e[H");
        Assert.Contains("by rate: 1 to 20 of 1000", Draw(80, 24)[2], StringComparison.Ordinal);
        Press("?");
        AssertFits();
        Assert.Contains(Draw(80, 24), static line => line.StartsWith("s            sort", StringComparison.Ordinal));

        void AssertFits()
        {
            foreach ((int columns, int rows) in new[] { (80, 24), (132, 50), (40, 10), (20, 5) })
            {
                IReadOnlyList<string> lines = Draw(columns, rows);
                Assert.InRange(lines.Count, 1, rows);
                Assert.All(lines, line => Assert.InRange(line.Length, 0, columns));
            }
        }
    }

    [Fact]
    public void Keys_sort_filter_and_leave()
    {
        Sample(1, Guest(1, "web", 0) with { Dropped = 5 }, Guest(2, "db", 0) with { ThrottledMs = 10 }, Guest(3, "alpha", 0) with { Viewers = 2 });
        Sample(1, Guest(1, "web", 9) with { Dropped = 5 }, Guest(2, "db", 5) with { ThrottledMs = 900 }, Guest(3, "alpha", 1) with { Viewers = 2 });
        Assert.Equal("web db alpha", Order());
        string[] orders = [.. Enumerable.Range(0, 6).Select(_ =>
        {
            Press("s");
            return $"{_view.Sort}: {Order()}";
        })];
        Assert.Equal(
            ["Name: alpha db web", "Domid: web db alpha", "Dropped: web db alpha", "Throttled: db web alpha", "Viewers: alpha web db", "Rate: web db alpha"],
            orders);

        Press("/BQ");
        Assert.Equal((true, "BQ", ""), (_view.IsTyping, _view.Filter, Order()));
        Assert.Contains("by rate: none, with: BQ_", Draw(80, 24)[2], StringComparison.Ordinal);
        Press("\x7f\r");
        Assert.Equal((false, "web db"), (_view.IsTyping, Order()));
        Press("\e");
        Assert.Equal("web db alpha", Order());
        Press("/x\e");
        Assert.Equal((false, "web db alpha"), (_view.IsTyping, Order()));
        Press("\e[99;1~\eOP\e[");
        Assert.False(_view.IsOver);
        Press("q");
        Assert.True(_view.IsOver);
    }

    [Theory]
    [InlineData("\x03")]
    [InlineData("/\x03")]
    [InlineData("?\x03")]
    public void An_interrupt_leaves_from_everywhere(string keys)
    {
        Press(keys);
        Assert.True(_view.IsOver);
    }

    [Fact]
    public void Another_life_of_a_domid_and_a_daemon_that_was_restarted_begin_anew()
    {
        Sample(1, Guest(1, "web", 1000));
        Sample(1, Guest(1, "web", 5000));
        Sample(1, Guest(1, "web", 10));
        Assert.Equal([4000, 0], Assert.Single(_history.Guests).Rates);
        Sample(1, Guest(1, "web", 500) with { Generation = 2 });
        Assert.Empty(Assert.Single(_history.Guests).Rates);
        for (int i = 0; i < 100; i++)
        {
            Sample(1, Guest(1, "web", 500) with { Generation = 2 });
        }

        Assert.Equal(TopHistory.Samples, Assert.Single(_history.Guests).Rates.Count);
    }

    [Fact]
    public void A_hostile_name_moves_no_cursor_and_colors_are_only_where_they_are_wanted()
    {
        Sample(1, Guest(1, "a\n\e[2Jb\u202e\u00e9", 0) with { State = "quarantined" });
        IReadOnlyList<string> plain = Draw(80, 24);
        Assert.StartsWith("    1 a??[2Jb??", plain[TopScreen.HeadLines], StringComparison.Ordinal);
        Assert.All(plain, static line => Assert.DoesNotContain(line, char.IsControl));
        string colored = new TopScreen(80, hasColors: true, hasBlocks: true).Draw(_history, _view, 24)[TopScreen.HeadLines];
        Assert.StartsWith("\e[31m    1 a??[2Jb??", colored, StringComparison.Ordinal);
        Assert.EndsWith("\e[m", colored, StringComparison.Ordinal);
    }

    [Fact]
    public void Bars_are_to_the_scale_of_the_largest_and_of_ascii_where_the_terminal_has_no_others()
    {
        TopScreen blocks = new(80, false, hasBlocks: true);
        Assert.Equal("            ▁▂▃▄▅▆▇█", blocks.Bars([1, 2, 3, 4, 5, 6, 7, 8]));
        Assert.Equal(new string(' ', 18) + "▁█", blocks.Bars([0, 0.001, 1000]));
        Assert.True(new TopScreen(80, false, hasBlocks: false).Bars([1, 5, 8]).All(char.IsAscii));
        Assert.Equal(new string(' ', 20), blocks.Bars([]));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1023, "1023")]
    [InlineData(1024, "1.0K")]
    [InlineData(101_990, "99.6K")]
    [InlineData(1_048_000, "1023K")]
    [InlineData(1_048_500, "1.0M")]
    [InlineData(1.8e19, "15.6E")]
    public void Sizes_are_short(double bytes, string expected) => Assert.Equal(expected, TopScreen.Short(bytes));

    private static string Line(int domid, string name, string rate, char bar)
        => $"{domid,5} {name,-18} {"ok",-5} {"-",4} {rate,7} {new string(' ', 19)}{bar} {"-",7} {"-",7}";

    private static GuestFigures Guest(uint domid, string name, ulong output)
        => new(domid, 1, name, "connected", 0, output, 0, 0, 0);

    private void Sample(double after, params GuestFigures[] guests) => _history.Add(new FigureList(s_daemon, guests), _time += after);

    private IReadOnlyList<string> Draw(int columns, int rows)
        => new TopScreen(columns, hasColors: false, hasBlocks: true).Draw(_history, _view, rows);

    private string Order() => string.Join(' ', _view.Select(_history).Select(static guest => guest.Figures.Name));

    private void Press(string keys)
    {
        ReadOnlySpan<byte> input = Encoding.UTF8.GetBytes(keys);
        while (!input.IsEmpty)
        {
            TopKey key = TopKeys.Take(ref input, out char letter);
            _view.Press(key, letter, 20);
        }
    }
}
