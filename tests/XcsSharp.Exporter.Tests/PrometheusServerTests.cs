using System.Globalization;
using System.Text.Json;

using XcsSharp.TestKit;

namespace XcsSharp.Exporter.Tests;

/// <summary>The real Prometheus scrapes the real exporter, and is asked what somebody with a dashboard asks.</summary>
public sealed class PrometheusServerTests
{
    private const string Server = "/usr/bin/prometheus";

    [Fact]
    public async Task It_answers_the_rate_of_a_guests_output_and_everything_that_the_dashboard_asks()
    {
        const int MessagesASecond = 100;
        Assert.SkipUnless(File.Exists(Server), $"there is no {Server} (package prometheus)");
        await using ExporterLab lab = await ExporterLab.StartAsync();
        GuestProgram web = lab.Own(GuestProgram.Start(
            lab.Machine, new GuestOptions("web"), ["flood", "--rate", MessagesASecond.ToString(CultureInfo.InvariantCulture)]));
        using RecordSubscriber subscriber = await RecordSubscriber.ConnectAsync(lab.Places.Xcs, ExporterLab.Cancel);

        int port = ExporterLab.FreePort();
        await File.WriteAllTextAsync(
            lab.Machine["prometheus.yml"],
            $"global: {{scrape_interval: 1s}}\nscrape_configs: [{{job_name: xcs, static_configs: [{{targets: ['{lab.Address}']}}]}}]\n",
            ExporterLab.Cancel);
        await using ChildProcess prometheus = ChildProcess.Start(
            Server,
            [$"--config.file={lab.Machine["prometheus.yml"]}", $"--storage.tsdb.path={lab.Machine["tsdb"]}", $"--web.listen-address=127.0.0.1:{port}"]);
        await prometheus.Error.WaitForTextAsync("ready to receive web requests", ExporterLab.Cancel);

        // The rate of payload: what the guest is told, by 60 bytes; a busy machine may print less, and none prints more.
        double rate = await WaitForAsync(port, "rate(xcs_guest_console_bytes_total{domain=\"web\",direction=\"out\"}[10s])", static value => value > 0);
        ExporterLab.Print($"rate: {rate:0} bytes a second");
        Assert.InRange(rate, 10, MessagesASecond * 60 * 1.5);
        Assert.Equal(1, await WaitForAsync(port, "up{job=\"xcs\"}", static value => value == 1));

        foreach (string expression in DashboardTests.Expressions())
        {
            using JsonDocument answer = await AskAsync(port, expression);
            Assert.True(answer.RootElement.GetProperty("status").GetString() == "success", $"{expression}: {answer.RootElement}");
        }

        Assert.False(web.Process.HasExited, web.Process.Error.Text);
    }

    /// <summary>Asks until a series has such a value: Prometheus tells nobody of what it scrapes.</summary>
    private static async Task<double> WaitForAsync(int port, string expression, Func<double, bool> isIt)
    {
        using CancellationTokenSource late = new(TimeSpan.FromMinutes(1));
        while (true)
        {
            using JsonDocument answer = await AskAsync(port, expression);
            foreach (JsonElement series in answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray())
            {
                double value = double.Parse(series.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture);
                if (isIt(value))
                {
                    return value;
                }
            }

            Assert.False(late.IsCancellationRequested, $"waited in vain for {expression}; it is {answer.RootElement}");
            await Task.Delay(200, ExporterLab.Cancel);
        }
    }

    private static async Task<JsonDocument> AskAsync(int port, string expression)
    {
        using HttpClient client = new();
        using HttpResponseMessage response = await client.GetAsync(
            new Uri($"http://127.0.0.1:{port}/api/v1/query?query={Uri.EscapeDataString(expression)}"), ExporterLab.Cancel);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync(ExporterLab.Cancel));
    }
}
