using XcsSharp.Cli;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Client.Tests;

public sealed class ReportsTests
{
    [Fact]
    public void The_list_is_a_table_whose_columns_fit_their_widest_cell()
    {
        string text = Reports.List(new DomainList(
        [
            Samples.Domain(3, "web"),
            Samples.Domain(1024, "a-long-name") with
            {
                Transport = null, State = "waiting", LocalPort = null, Pty = null, PtyDevice = null, Viewers = 0,
                BytesOut = 0, BytesIn = 0,
            },
        ]));
        Assert.Equal(
            """
            DOMID  NAME         STATE      TRANSPORT  PORT  VIEWERS      OUT    IN  DROPPED  THROTTLED  TERMINAL
                3  web          connected  granted      17        2  1.5 KiB  10 B      0 B          -  /run/xcs/pty/web
             1024  a-long-name  waiting    -             -        0      0 B   0 B      0 B          -  -

            """,
            text);
    }

    [Fact]
    public void What_was_refused_is_said_below_the_table_once()
    {
        ConsoleEntry ring = new("web", 0, "ring", "connected", null, 12, "/run/xcs/pty/web", "/dev/pts/1", 0, 0, 0, 0);
        DomainEntry refused = Samples.Domain(3, "web") with { Transport = null, State = "waiting", Problem = "its magic is wrong" };

        string beside = Reports.List(new DomainList([refused with { Consoles = [ring] }]));
        string alone = Reports.List(new DomainList([refused]));

        Assert.EndsWith("\ndomain 3 (web): its magic is wrong\n", beside, StringComparison.Ordinal);
        Assert.Equal(2, beside.Split("web):").Length);
        Assert.Equal(2, alone.Split("web):").Length);
    }

    [Fact]
    public void Each_console_is_a_line_and_what_a_guest_was_throttled_is_in_all_of_its()
    {
        ConsoleEntry ring = new("web", 0, "ring", "connected", null, 12, "/run/xcs/pty/web", "/dev/pts/1", 1, 2048, 5, 0);
        string text = Reports.List(new DomainList(
        [
            Samples.Domain(3, "web") with
            {
                Consoles =
                [
                    ring,
                    ring with { Name = "web#1", Number = 1, LocalPort = 13, State = "quarantined", Problem = "its output index is impossible" },
                    ring with { Name = "web#control", Number = -1, Transport = "granted", LocalPort = 17, Pty = null },
                ],
                ThrottledMs = 12_340,
                ThrottledTimes = 1234,
            },
        ]));
        Assert.Equal(
            """
            DOMID  NAME         STATE        TRANSPORT  PORT  VIEWERS      OUT   IN  DROPPED  THROTTLED  TERMINAL
                3  web          connected    ring         12        1  2.0 KiB  5 B      0 B      12.3s  /run/xcs/pty/web
                3  web#1        quarantined  ring         13        1  2.0 KiB  5 B      0 B      12.3s  /run/xcs/pty/web
                3  web#control  connected    granted      17        1  2.0 KiB  5 B      0 B      12.3s  /dev/pts/1
            domain 3 (web#1): its output index is impossible

            """,
            text);
    }

    [Fact]
    public void What_is_wrong_with_a_domain_stands_below_the_table()
    {
        string text = Reports.List(new DomainList(
            [Samples.Domain(3, "web") with { State = "quarantined", Problem = "its indexes are impossible" }]));
        Assert.EndsWith("\ndomain 3 (web): its indexes are impossible\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_guest_that_is_refused_on_and_on_is_shown_with_how_often()
    {
        DomainEntry refused = Samples.Domain(3, "web") with { Problem = "its magic is wrong", Refusals = 4711 };

        Assert.EndsWith(
            "\ndomain 3 (web): its magic is wrong\ndomain 3 (web): 4711 refusals so far\n",
            Reports.List(new DomainList([refused])),
            StringComparison.Ordinal);
        Assert.DoesNotContain("so far", Reports.List(new DomainList([refused with { Refusals = 1 }])), StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_list_says_so() => Assert.Equal("No domains.\n", Reports.List(new DomainList([])));

    [Fact]
    public void A_name_cannot_move_the_cursor()
    {
        string text = Reports.List(new DomainList([Samples.Domain(3, "\x1b[2Jweb\r\n") with { Problem = "\x1b]0;x\a" }]));
        Assert.DoesNotContain('\x1b', text);
        Assert.Contains("?[2Jweb??", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0UL, "0 B")]
    [InlineData(1023UL, "1023 B")]
    [InlineData(1024UL, "1.0 KiB")]
    [InlineData(1048575UL, "1.0 MiB")]
    [InlineData(1048576UL, "1.0 MiB")]
    [InlineData(ulong.MaxValue, "16.0 EiB")]
    public void Sizes_have_a_unit(ulong bytes, string text) => Assert.Equal(text, Reports.Size(bytes));

    [Theory]
    [InlineData(0.04, "0.0s")]
    [InlineData(59.9, "59.9s")]
    [InlineData(61, "1m 1s")]
    [InlineData(7322, "2h 2m")]
    [InlineData(93784.5, "1d 2h 3m")]
    public void Durations_have_two_or_three_units(double seconds, string text)
        => Assert.Equal(text, Reports.Duration(seconds));

    [Fact]
    public void The_status_names_each_figure()
    {
        string text = Reports.Status(Samples.Status);
        Assert.Contains("rings      20 console rings open, 3.0 KiB taken\n", text, StringComparison.Ordinal);
        Assert.Contains("throttled  living guests waited 1m 1s in all, because they flooded\n", text, StringComparison.Ordinal);
        Assert.StartsWith("xcsd       0.1.0, pid 4711, backend sim, up 1d 2h 3m\n", text, StringComparison.Ordinal);
        Assert.Contains("channels   2 open\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "faults     1 channels and rings put aside now, 12 since the start; 3,456 refusals\n", text, StringComparison.Ordinal);
        Assert.Contains("requests   1,234,567\n", text, StringComparison.Ordinal);
        Assert.Contains("1,234,560, of these by the daemon itself: 7\n", text, StringComparison.Ordinal);
        Assert.Contains(" or to nothing, 21 requests against a write lock\n", text, StringComparison.Ordinal);
        Assert.Contains(" did not read, 22 times passed by instead\n", text, StringComparison.Ordinal);
    }
}
