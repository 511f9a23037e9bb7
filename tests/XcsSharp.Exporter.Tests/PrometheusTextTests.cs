using XcsSharp.Exporter.Scrape;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Exporter.Tests;

public sealed class PrometheusTextTests
{
    private static readonly Dictionary<string, string> s_none = [];

    [Theory]
    [InlineData("xcs.guest.console", InstrumentKind.Counter, "By", "xcs_guest_console_bytes_total")]
    [InlineData("xcs.guest.throttled", InstrumentKind.Counter, "s", "xcs_guest_throttled_seconds_total")]
    [InlineData("xcs.requests", InstrumentKind.Counter, "{message}", "xcs_requests_total")]
    [InlineData("xcs.start.time", InstrumentKind.Gauge, "s", "xcs_start_time_seconds")]
    [InlineData("xcs.up", InstrumentKind.Gauge, null, "xcs_up")]
    public void Names_are_as_Prometheus_has_them(string name, string kind, string? unit, string expected)
        => Assert.Equal(expected, MetricName.Of(new InstrumentEntry(name, kind, unit, "", [])));

    [Fact]
    public void A_name_of_a_guest_ends_neither_its_quotes_nor_its_line()
    {
        InstrumentEntry entry = new("xcs.x", InstrumentKind.Gauge, null, "a \\ and\nb \"c\"", [new(new Dictionary<string, string> { ["domain"] = "a\"} 1\nxcs_up \\" }, 2)]);
        Assert.Equal(
            "# HELP xcs_x a \\\\ and\\nb \"c\"\n# TYPE xcs_x gauge\nxcs_x{domain=\"a\\\"} 1\\nxcs_up \\\\\"} 2\n", PrometheusText.Write([entry]));
    }

    [Fact]
    public void A_histogram_has_its_bounds_without_exponents_its_sum_and_its_count()
    {
        InstrumentEntry entry = new("xcs.t", InstrumentKind.Histogram, "s", "T", [new(s_none, 0.5, [new(0.00001, 1), new(2.5, 3), new(null, 4)])]);
        Assert.Equal(
            "# HELP xcs_t_seconds T\n# TYPE xcs_t_seconds histogram\nxcs_t_seconds_bucket{le=\"0.00001\"} 1\nxcs_t_seconds_bucket{le=\"2.5\"} 3\n"
            + "xcs_t_seconds_bucket{le=\"+Inf\"} 4\nxcs_t_seconds_sum 0.5\nxcs_t_seconds_count 4\n",
            PrometheusText.Write([entry]));
    }

    [Fact]
    public void What_measures_nothing_is_described_all_the_same()
        => Assert.Equal("# HELP xcs_x_total X\n# TYPE xcs_x_total counter\n", PrometheusText.Write([new("xcs.x", InstrumentKind.Counter, null, "X", [])]));
}
