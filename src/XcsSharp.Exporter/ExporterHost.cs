using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

using XcsSharp.Exporter.Instruments;
using XcsSharp.Exporter.Logs;
using XcsSharp.Exporter.Otlp;
using XcsSharp.Exporter.Scrape;
using XcsSharp.Hosting;

namespace XcsSharp.Exporter;

/// <summary>Kestrel and the generic host around what asks the daemon.</summary>
internal static class ExporterHost
{
    /// <summary>Prometheus is one client; a page that somebody reloads is another.</summary>
    private const int MostConnections = 32;

    /// <exception cref="IOException">Another has the address.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The address cannot be listened on for another reason.</exception>
    public static async Task RunAsync(ExporterOptions options, CancellationToken cancel)
    {
        // Empty, not the default builder: that one would read appsettings.json from whatever directory we stand in.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "xcs-exporter" });
        builder.AddServiceLife(shutdown: TimeSpan.FromSeconds(5));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(options.Listen);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
        });
        AddServices(builder.Services, options);
        await using WebApplication app = builder.Build();
        app.Run(app.Services.GetRequiredService<ScrapePage>().AnswerAsync);
        await app.RunAsync(cancel);
    }

    private static void AddServices(IServiceCollection services, ExporterOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<ExporterFigures>();
        services.AddSingleton<DaemonReader>();
        services.AddSingleton<ScrapePage>();
        if (options.Otlp is not null)
        {
            services.AddSingleton<OtlpSender>();
            services.AddHostedService<MetricsPump>();
        }

        if (options.Logs)
        {
            services.AddSingleton<LineQueue>();
            services.AddHostedService<LogPump>();
            services.AddHostedService<ConsoleWatch>();
        }
    }
}
