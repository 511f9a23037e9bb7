using Microsoft.Extensions.Hosting;

using XcsSharp.Exporter.Instruments;

namespace XcsSharp.Exporter.Otlp;

/// <summary>Sends all metrics at each interval. What the collector does not take is not kept: the next ones say the same and more.</summary>
internal sealed class MetricsPump(ExporterOptions options, DaemonReader daemon, OtlpSender sender, ExporterFigures figures) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(options.Interval);
        do
        {
            Reading reading = await daemon.ReadAsync(stoppingToken);
            Sent sent = await sender.SendAsync(OtlpSender.Metrics, OtlpMetrics.Write(reading.Instruments, DateTimeOffset.UtcNow), stoppingToken);
            figures.OnMetrics(sent.IsTaken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
