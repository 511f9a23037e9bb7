using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using XcsSharp.Exporter.Instruments;
using XcsSharp.Exporter.Otlp;

namespace XcsSharp.Exporter.Logs;

/// <summary>Sends lines to the collector, many in one request. A request that is not answered is sent again, while the others wait in line.</summary>
internal sealed class LogPump(LineQueue lines, OtlpSender sender, ExporterFigures figures, ILogger<LogPump> log) : BackgroundService
{
    private const int MostLines = 512;

    /// <summary>Of a guest that prints line after line, some go together.</summary>
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan s_firstRetry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_lastRetry = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<ConsoleLine> batch = [];
        try
        {
            while (await lines.WaitAsync(stoppingToken))
            {
                if (lines.Count < MostLines)
                {
                    await Task.Delay(s_gather, stoppingToken);
                }

                while (batch.Count < MostLines && lines.TryTake(out ConsoleLine? line))
                {
                    batch.Add(line!);
                }

                await SendAsync(batch, stoppingToken);
                batch.Clear();
            }
        }
        catch (OperationCanceledException)
        {
            int left = batch.Count + lines.Count;
            figures.OnLinesLeft(left);
            if (left > 0)
            {
                log.LinesLeft(left);
            }
        }
    }

    private async Task SendAsync(List<ConsoleLine> batch, CancellationToken cancel)
    {
        TimeSpan wait = s_firstRetry;
        while (true)
        {
            Sent sent = await sender.SendAsync(OtlpSender.Logs, OtlpLogs.Write(batch), cancel);
            figures.OnLogs(sent.IsTaken);
            if (sent.IsTaken || !sent.MayTryAgain)
            {
                int refused = sent.IsTaken ? Math.Min(sent.Rejected, batch.Count) : batch.Count;
                figures.OnLines(batch.Count - refused, refused);
                if (refused > 0)
                {
                    log.LinesRefused(sender.Collector, refused, sent.Problem);
                }

                return;
            }

            await Task.Delay(wait, cancel);
            wait = wait * 2 < s_lastRetry ? wait * 2 : s_lastRetry;
        }
    }
}
