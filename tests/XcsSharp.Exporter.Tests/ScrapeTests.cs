using System.Net;
using System.Net.Sockets;
using System.Text;

using Mono.Unix.Native;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Exporter.Tests;

/// <summary>What Prometheus gets, beside what the daemon says of itself.</summary>
public sealed class ScrapeTests
{
    private const string PromTool = "/usr/bin/promtool";

    [Fact]
    public async Task What_is_scraped_is_what_the_list_counts()
    {
        await using ExporterLab lab = await ExporterLab.StartAsync();
        GuestProgram web = await lab.GuestAsync("web");
        GuestProgram other = await lab.GuestAsync("db");
        await lab.PrintAsync(web, new string('x', 4999) + "\n");
        await lab.PrintAsync(other, "hello\n");

        DomainList list = await OperatorQuery.ListAsync(lab.Places.Console, ExporterLab.Cancel);
        Scrape scrape = await lab.ScrapeAsync();
        Assert.Equal(1, scrape["xcs_up"]);
        foreach (DomainEntry domain in list.Domains)
        {
            string guest = $"domain=\"{domain.Name}\",domid=\"{domain.Domid}\"";
            string console = $"{guest},console=\"{domain.Name}\"";
            Assert.Equal(domain.BytesOut, scrape[$"xcs_guest_console_bytes_total{{{console},direction=\"out\"}}"]);
            Assert.Equal(domain.BytesIn, scrape[$"xcs_guest_console_bytes_total{{{console},direction=\"in\"}}"]);
            Assert.Equal(domain.BytesDropped, scrape[$"xcs_guest_console_dropped_bytes_total{{{console}}}"]);
            Assert.Equal(domain.Viewers, scrape[$"xcs_guest_console_viewers{{{console}}}"]);
            Assert.Equal(domain.Requests, scrape[$"xcs_guest_messages_total{{{guest},kind=\"request\",direction=\"out\"}}"]);
            Assert.Equal(domain.Responses, scrape[$"xcs_guest_messages_total{{{guest},kind=\"response\",direction=\"in\"}}"]);
            Assert.Equal(domain.Refusals, scrape[$"xcs_guest_refusals_total{{{guest}}}"]);
            Assert.Equal(domain.ThrottledMs / 1000.0, scrape[$"xcs_guest_throttled_seconds_total{{{guest}}}"]);
            Assert.Equal(0, scrape[$"xcs_guest_quarantined{{{guest}}}"]);
        }

        Assert.Equal(5000, scrape[$"xcs_guest_console_bytes_total{{domain=\"web\",domid=\"{list.Domains[0].Domid}\",console=\"web\",direction=\"out\"}}"]);
        Assert.Equal(2, scrape["xcs_domains"]);
        Assert.Equal(list.Domains.Sum(static domain => (double)domain.Requests), scrape["xcs_requests_total"]);

        // Each drain that found messages is in a bucket, and all messages are in the sum.
        Assert.Equal(scrape["xcs_drain_messages_count"], scrape["xcs_drain_messages_bucket{le=\"+Inf\"}"]);
        Assert.Equal(scrape["xcs_requests_total"], scrape["xcs_drain_messages_sum"]);
        Assert.Equal("histogram", scrape.Types["xcs_loop_turn_duration_seconds"]);
        Assert.InRange(scrape["xcs_loop_turn_duration_seconds_count"], 1, scrape["xcs_loop_turns_total"]);
    }

    [Fact]
    public async Task Prometheus_own_tool_finds_nothing_wrong_with_it()
    {
        Assert.SkipUnless(File.Exists(PromTool), $"there is no {PromTool} (package prometheus)");
        await using ExporterLab lab = await ExporterLab.StartAsync();
        GuestProgram web = await lab.GuestAsync("web");
        await lab.PrintAsync(web, "hello\n");
        using RecordSubscriber subscriber = await RecordSubscriber.ConnectAsync(lab.Places.Xcs, ExporterLab.Cancel);

        await using ChildProcess tool = ChildProcess.Start(PromTool, ["check", "metrics"]);
        await tool.Input.WriteAsync(Encoding.UTF8.GetBytes(await lab.TextAsync()), ExporterLab.Cancel);
        await tool.Input.DisposeAsync();
        int code = await tool.WaitAsync(ExporterLab.Cancel);
        Assert.Equal((0, "", ""), (code, tool.Output.Text, tool.Error.Text));
    }

    [Fact]
    public async Task A_daemon_that_is_away_is_down_and_one_that_comes_back_is_up_again()
    {
        await using ExporterLab lab = await ExporterLab.StartAsync();
        GuestProgram web = await lab.GuestAsync("web");
        await lab.PrintAsync(web, "hello\n");
        Scrape before = await lab.ScrapeAsync();
        string bytes = before.Samples.Keys.Single(static key => key.StartsWith("xcs_guest_console_bytes_total", StringComparison.Ordinal) && key.Contains("out", StringComparison.Ordinal));
        Assert.Equal((1, 6), (before["xcs_up"], before[bytes]));

        await lab.StopDaemonAsync();
        Scrape down = await lab.ScrapeAsync();
        Assert.Equal(0, down["xcs_up"]);
        Assert.DoesNotContain(bytes, down.Samples.Keys);
        await lab.Exporter.Error.WaitForTextAsync("systemctl status xcsd", ExporterLab.Cancel);

        await lab.StartDaemonAsync();
        _ = await OperatorQuery.WaitForConnectedAsync(lab.Places.Console, "web", ExporterLab.Cancel);
        await lab.PrintAsync(web, "again\n");
        Scrape after = await lab.ScrapeAsync();
        Assert.Equal(1, after["xcs_up"]);
        DomainList list = await OperatorQuery.ListAsync(lab.Places.Console, ExporterLab.Cancel);
        Assert.Equal(list.Domains.Single().BytesOut, after[bytes]);
        Assert.True(after["xcs_start_time_seconds"] > before["xcs_start_time_seconds"]);
    }

    [Fact]
    public async Task A_guest_that_has_gone_is_not_shown_any_more()
    {
        await using ExporterLab lab = await ExporterLab.StartAsync();
        GuestProgram web = await lab.GuestAsync("web");
        Assert.Contains((await lab.ScrapeAsync()).Samples.Keys, static key => key.Contains("domain=\"web\"", StringComparison.Ordinal));
        await web.Kill9Async(ExporterLab.Cancel);
        _ = await OperatorQuery.WaitForListAsync(lab.Places.Console, static list => list.Domains.Count == 0, "the end of the guest", ExporterLab.Cancel);
        Assert.DoesNotContain((await lab.ScrapeAsync()).Samples.Keys, static key => key.Contains("domain=\"web\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_session_shows_how_far_it_is_behind()
    {
        await using ExporterLab lab = await ExporterLab.StartAsync();
        using RecordSubscriber subscriber = await RecordSubscriber.ConnectAsync(lab.Places.Xcs, ExporterLab.Cancel);
        await subscriber.BindAsync(ExporterLab.Cancel);
        GuestProgram web = await lab.GuestAsync("web");
        await lab.PrintAsync(web, "hello\n");

        string session = $"{{session=\"1\",pid=\"{Environment.ProcessId}\"}}";
        Scrape scrape = await lab.ScrapeAsync();
        Assert.Equal(1, scrape["xcs_sessions"]);
        Assert.Equal(0, scrape["xcs_session_queued" + session]);
        Assert.Equal(scrape["xcs_requests_total"], scrape["xcs_session_unanswered" + session]);
        Assert.Equal(scrape["xcs_requests_total"], scrape[$"xcs_session_records_total{session[..^1]},direction=\"out\"}}"]);

        // It knows only that somebody asked: not the number by which its client could be impersonated.
        Assert.DoesNotContain($"{subscriber.Session}", await lab.TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_answers_what_it_has_and_nothing_else()
    {
        await using ExporterLab lab = await ExporterLab.StartAsync();
        using HttpResponseMessage metrics = await lab.SendAsync(HttpMethod.Get, "/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", metrics.Content.Headers.ContentType?.ToString());
        foreach ((HttpMethod method, string path, HttpStatusCode code) in ((HttpMethod, string, HttpStatusCode)[])
            [(HttpMethod.Get, "/", HttpStatusCode.OK), (HttpMethod.Get, "/debug", HttpStatusCode.NotFound), (HttpMethod.Post, "/metrics", HttpStatusCode.MethodNotAllowed)])
        {
            using HttpResponseMessage response = await lab.SendAsync(method, path);
            Assert.Equal(code, response.StatusCode);
        }

        lab.Exporter.Signal(Signum.SIGTERM);
        Assert.Equal(0, await lab.Exporter.WaitAsync(ExporterLab.Cancel));
    }

    [Fact]
    public async Task More_connections_than_it_takes_are_closed_and_one_that_leaves_makes_room()
    {
        const int Most = 32;
        await using ExporterLab lab = await ExporterLab.StartAsync();
        List<TcpClient> kept = [];
        try
        {
            while (kept.Count < Most)
            {
                TcpClient? client = await lab.ConnectAsync();
                Assert.NotNull(client);
                kept.Add(client);
            }

            Assert.Null(await lab.ConnectAsync());
            kept[0].Dispose();

            // It hears of that a moment later than we.
            kept.Add(await ConnectOnceThereIsRoomAsync(lab).WaitAsync(Transcript.DefaultDeadline, ExporterLab.Cancel));
        }
        finally
        {
            kept.ForEach(static client => client.Dispose());
        }
    }

    private static async Task<TcpClient> ConnectOnceThereIsRoomAsync(ExporterLab lab)
    {
        while (true)
        {
            if (await lab.ConnectAsync() is { } client)
            {
                return client;
            }
        }
    }
}
