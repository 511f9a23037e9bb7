using System.Globalization;

using Mono.Unix.Native;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Exporter.Tests.Otlp;

/// <summary>What a collector gets.</summary>
public sealed class OtlpTests
{
    [Fact]
    public async Task A_collector_gets_the_metrics_with_their_values_and_since_when_they_count()
    {
        await using PlayedCollector collector = new();
        await using ExporterLab lab = await ExporterLab.StartAsync("--otlp", collector.Address, "--interval", "1");
        GuestProgram web = await lab.GuestAsync("web");
        await lab.PrintAsync(web, "hello\n");
        DomainEntry domain = (await OperatorQuery.ListAsync(lab.Places.Console, ExporterLab.Cancel)).Domains.Single();

        string bytes = $"xcs.guest.console{{domain=web,domid={domain.Domid},console=web,direction=out}}";
        ReceivedMetrics received = await collector.NextMetricsAsync(ExporterLab.Cancel);
        while (received.Values.GetValueOrDefault(bytes) < 6)
        {
            received = await collector.NextMetricsAsync(ExporterLab.Cancel);
        }

        Assert.Equal(("xcsd", 1, 6), (received.Service, received.Values["xcs.up"], received.Values[bytes]));
        Assert.Contains("xcs.guest.console", received.Growing);
        Assert.DoesNotContain("xcs.domains", received.Growing);
        Assert.InRange(received.Starts[bytes], (ulong)DateTimeOffset.UtcNow.AddMinutes(-5).ToUnixTimeMilliseconds() * 1_000_000, (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1_000_000);

        // count 4, sum 5, bucket_counts 6, explicit_bounds 7: one bucket more than bounds, and each has its own.
        ProtoMessage drains = received.Histograms["xcs.drain.messages"];
        Assert.Equal(drains.Number(4), drains.Packed(6).Aggregate(0ul, static (sum, count) => sum + count));
        Assert.Equal(drains.Packed(7).Count() + 1, drains.Packed(6).Count());
        Assert.Equal(received.Values["xcs.requests"], drains.Double(5));
    }

    [Fact]
    public async Task While_the_daemon_is_away_a_collector_hears_that()
    {
        await using PlayedCollector collector = new();
        await using ExporterLab lab = await ExporterLab.StartAsync("--otlp", collector.Address, "--interval", "1");
        await WaitAsync(collector, 1);
        await lab.StopDaemonAsync();
        await WaitAsync(collector, 0);
        await lab.StartDaemonAsync();
        await WaitAsync(collector, 1);
    }

    [Fact]
    public async Task Lines_of_guests_come_with_whose_they_are_also_over_a_restart_of_the_daemon()
    {
        await using PlayedCollector collector = new();
        await using ExporterLab lab = await ExporterLab.StartAsync("--otlp", collector.Address, "--logs");
        GuestProgram web = await lab.GuestAsync("web");
        await web.WriteAsync("\e[31mred\e[0m and plain\r\nsecond\n", ExporterLab.Cancel);
        DomainEntry domain = (await OperatorQuery.ListAsync(lab.Places.Console, ExporterLab.Cancel)).Domains.Single();

        ReceivedLine first = await collector.NextLineAsync(ExporterLab.Cancel);
        Assert.Equal("red and plain", first.Body);
        Assert.Equal(("web", $"{domain.Domid}", "web"), (first.Attributes["domain"], first.Attributes["domid"], first.Attributes["console"]));
        Assert.True(Guid.TryParse(first.Attributes["uuid"], out _));
        Assert.InRange(first.Time, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow);
        Assert.Equal("second", (await collector.NextLineAsync(ExporterLab.Cancel)).Body);

        await lab.StopDaemonAsync();
        await web.WriteAsync("while it is away\n", ExporterLab.Cancel);
        await lab.StartDaemonAsync();
        await web.WriteAsync("and after\n", ExporterLab.Cancel);
        Assert.Equal("and after", await LastOfAsync(collector, "while it is away", "and after"));
        Assert.Equal(0, (await lab.ScrapeAsync())["xcs_exporter_log_lines_total{outcome=\"refused\"}"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_printed_while_a_console_is_taken_up_again_hides_nothing_that_was_not_read(bool knowsPlaces)
    {
        await using PlayedCollector collector = new();
        using PlayedDaemon daemon = new() { KnowsPlaces = knowsPlaces };
        daemon.Print(1000);
        await using ChildProcess exporter = ChildProcess.Start(
            Executables.Path("xcs-exporter"),
            ["--socket", daemon.Path, "--listen", $"127.0.0.1:{ExporterLab.FreePort()}", "--otlp", collector.Address, "--interval", "3600", "--logs"]);

        // It starts where the console is, and what it is given then is at once the end, as of a daemon that restarts.
        _ = await daemon.AnswerLogAsync(meanwhile: 0, ExporterLab.Cancel);
        daemon.Print(100);

        // It was told of 100 bytes, and there are 150 when it is answered.
        string asked = await daemon.AnswerLogAsync(meanwhile: 50, ExporterLab.Cancel);
        Assert.Equal(knowsPlaces ? "LOG 3 from=1000 level=strip follow=end" : "LOG 3 tail=100 level=strip follow=end", asked);
        for (int line = knowsPlaces ? 100 : 105; line < 115; line++)
        {
            Assert.Equal($"line {line:0000}", (await collector.NextLineAsync(ExporterLab.Cancel)).Body);
        }
    }

    [Fact]
    public async Task Lines_wait_for_a_collector_that_is_away_and_none_is_lost()
    {
        const int Lines = 3000;
        await using PlayedCollector collector = new() { LogsAnswer = 503 };
        await using ExporterLab lab = await ExporterLab.StartAsync("--otlp", collector.Address, "--logs");
        GuestProgram web = await lab.GuestAsync("web");
        await web.WriteAsync(string.Concat(Enumerable.Range(0, Lines).Select(static i => $"line {i}\n")), ExporterLab.Cancel);
        await collector.NextRefusalAsync(ExporterLab.Cancel);
        collector.LogsAnswer = 200;
        for (int i = 0; i < Lines; i++)
        {
            Assert.Equal($"line {i}", (await collector.NextLineAsync(ExporterLab.Cancel)).Body);
        }

        Scrape scrape = await lab.ScrapeAsync();
        Assert.InRange(scrape["xcs_exporter_otlp_requests_total{signal=\"logs\",outcome=\"failed\"}"], 1, 100);
    }

    [Fact]
    public async Task Lines_that_the_collector_does_not_want_are_counted_and_the_next_ones_go_on()
    {
        await using PlayedCollector collector = new() { LogsAnswer = 400 };
        await using ExporterLab lab = await ExporterLab.StartAsync("--otlp", collector.Address, "--logs");
        GuestProgram web = await lab.GuestAsync("web");
        await web.WriteAsync("one\n", ExporterLab.Cancel);
        await collector.NextRefusalAsync(ExporterLab.Cancel);

        // partial_success 1: rejected 1 = 1.
        collector.LogsBody = [0x0a, 0x02, 0x08, 0x01];
        collector.LogsAnswer = 200;
        await web.WriteAsync("two\n", ExporterLab.Cancel);
        Assert.Equal("two", (await collector.NextLineAsync(ExporterLab.Cancel)).Body);
        await lab.Exporter.Error.WaitAsync(static said => said.Count("did not want 1 lines"u8) == 2, "two refusals", null, ExporterLab.Cancel);
        Assert.Equal(2, (await lab.ScrapeAsync())["xcs_exporter_log_lines_total{outcome=\"refused\"}"]);
    }

    [Fact]
    public async Task At_the_queues_limit_the_daemon_keeps_what_is_printed_and_marks_what_it_cannot_keep()
    {
        await using PlayedCollector collector = new() { LogsAnswer = 503 };
        await using ExporterLab lab = await ExporterLab.StartAsync("--otlp", collector.Address, "--logs");
        GuestProgram web = await lab.GuestAsync("web");

        // From here on its console is read.
        await web.WriteAsync("begin\n", ExporterLab.Cancel);
        await collector.NextRefusalAsync(ExporterLab.Cancel);

        // 3 MiB in lines of 32 bytes: more than the queue, the sockets and the daemon's newest MiB together.
        await web.WriteAsync(string.Concat(Enumerable.Range(0, 98304).Select(static i => $"{i:000000} {new string('x', 24)}\n")), ExporterLab.Cancel);
        _ = await OperatorQuery.WaitForListAsync(
            lab.Places.Console, static list => list.Domains.Single().BytesOut == (3 << 20) + 6, "all output", ExporterLab.Cancel, TimeSpan.FromMinutes(1));
        Assert.InRange((await lab.ScrapeAsync())["xcs_exporter_log_waiting"], 1, 4096);
        collector.LogsAnswer = 200;
        List<string> lines = [];
        while (lines.Count == 0 || !lines[^1].StartsWith("098303 ", StringComparison.Ordinal))
        {
            lines.Add((await collector.NextLineAsync(ExporterLab.Cancel)).Body);
        }

        // What came and what the marks say is what was printed, but for the ends of lines that a gap has cut.
        long[] gaps = [.. lines.Where(IsGap).Select(static line => long.Parse(line[6..^7], NumberStyles.AllowThousands, CultureInfo.InvariantCulture))];
        Assert.NotEmpty(gaps);
        long printed = lines.Where(static line => !IsGap(line)).Sum(static line => line.Length + 1L) + gaps.Sum();
        Assert.InRange(printed, (3 << 20) + 6 - (2 * gaps.Length), (3 << 20) + 6 + (2 * gaps.Length));
        Assert.InRange((await OperatorQuery.ListAsync(lab.Places.Console, ExporterLab.Cancel)).Domains.Single().BytesDropped, (ulong)gaps.Sum(), ulong.MaxValue);
    }

    [Fact]
    public async Task More_consoles_than_it_may_follow_wait_for_their_turn_and_leave_the_metrics_their_connections()
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can be another user");
        await using PlayedCollector collector = new();
        await using ExporterLab lab = await ExporterLab.StartAsNobodyAsync(
            ["--Consoles:MaxConnectionsPerUser=4"], "--otlp", collector.Address, "--logs", "--most-consoles", "2");
        GuestProgram[] guests = [await lab.GuestAsync("one"), await lab.GuestAsync("two"), await lab.GuestAsync("three")];
        foreach (GuestProgram guest in guests)
        {
            await lab.PrintAsync(guest, $"of {guest.Name}\n");
        }

        await lab.Exporter.Error.WaitForTextAsync("Consoles that wait until one of the 2 that are followed ends: 1. Raise --most-consoles", ExporterLab.Cancel);
        Scrape scrape = await lab.ScrapeAsync();
        Assert.Equal((1, 2, 1), (scrape["xcs_up"], scrape["xcs_exporter_log_consoles"], scrape["xcs_exporter_log_consoles_left"]));
        string[] first = [(await collector.NextLineAsync(ExporterLab.Cancel)).Body, (await collector.NextLineAsync(ExporterLab.Cancel)).Body];
        GuestProgram waiting = guests.Single(guest => !first.Contains($"of {guest.Name}"));

        // Its turn comes with the end of another.
        await guests.First(guest => guest != waiting).Kill9Async(ExporterLab.Cancel);
        Assert.Equal($"of {waiting.Name}", (await collector.NextLineAsync(ExporterLab.Cancel)).Body);
        Assert.Equal(0, (await lab.ScrapeAsync())["xcs_exporter_log_consoles_left"]);
    }

    private static bool IsGap(string line) => line.StartsWith("[gap: ", StringComparison.Ordinal);

    private static async Task WaitAsync(PlayedCollector collector, double up)
    {
        while ((await collector.NextMetricsAsync(ExporterLab.Cancel)).Values["xcs.up"] != up)
        {
        }
    }

    /// <summary>Reads lines until each of these has come in this order; others may come before and between, a second time.</summary>
    private static async Task<string> LastOfAsync(PlayedCollector collector, params string[] wanted)
    {
        foreach (string line in wanted)
        {
            while ((await collector.NextLineAsync(ExporterLab.Cancel)).Body != line)
            {
            }
        }

        return wanted[^1];
    }
}
