using System.Text;

using Microsoft.AspNetCore.Http;

using XcsSharp.Exporter.Instruments;

namespace XcsSharp.Exporter.Scrape;

/// <summary>
/// What is answered on the loopback port: <c>/metrics</c>, and what that is. The daemon is asked for each scrape, and by none in between; those that come
/// at once share one answer.
/// </summary>
internal sealed class ScrapePage(DaemonReader daemon, ExporterFigures figures)
{
    private readonly Lock _lock = new();
    private Task<Reading>? _asking;

    public async Task AnswerAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            context.Response.Headers.Allow = "GET, HEAD";
            return;
        }

        switch (context.Request.Path.Value)
        {
            case "/metrics":
                figures.OnScrape();
                Reading reading = await ReadAsync().WaitAsync(context.RequestAborted);
                await SendAsync(context, PrometheusText.ContentType, PrometheusText.Write(reading.Instruments));
                break;
            case "/":
                await SendAsync(context, "text/html; charset=utf-8", "<title>xcs-exporter</title><a href=\"/metrics\">metrics of xcsd</a>\n");
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                await SendAsync(context, "text/plain; charset=utf-8", "there is /metrics, and nothing else\n");
                break;
        }
    }

    /// <summary>The daemon's loop makes the answer: many who scrape shall not cost it more than one.</summary>
    private Task<Reading> ReadAsync()
    {
        lock (_lock)
        {
            return _asking is { IsCompleted: false } ? _asking : _asking = daemon.ReadAsync(CancellationToken.None);
        }
    }

    private static async Task SendAsync(HttpContext context, string type, string text)
    {
        byte[] body = Encoding.UTF8.GetBytes(text);
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }
}
