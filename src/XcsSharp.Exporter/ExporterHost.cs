using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

using XcsSharp.Exporter.Instruments;
using XcsSharp.Exporter.Logs;
using XcsSharp.Exporter.Otlp;
using XcsSharp.Exporter.Scrape;

namespace XcsSharp.Exporter;

/// <summary>Kestrel and the generic host around what asks the daemon: life cycle, signals, logging, readiness.</summary>
internal static class ExporterHost
{
    /// <summary>Prometheus is one client; a page that somebody reloads is another.</summary>
    private const int MostConnections = 32;

    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task RunAsync(ExporterOptions options, CancellationToken cancel)
    {
        // Empty, not the default builder: that one would read appsettings.json from whatever directory we stand in.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "xcs-exporter" });
        bool underSystemd = Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 };
        AddLogging(builder.Logging, underSystemd || SystemdHelpers.IsSystemdService());
        if (underSystemd)
        {
            builder.Services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
            builder.Services.AddSingleton<IHostLifetime, SystemdLifetime>();
        }
        else
        {
            builder.Services.Configure<ConsoleLifetimeOptions>(static lifetime => lifetime.SuppressStatusMessages = true);
        }

        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(options.Listen);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
        });
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
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

    private static void AddLogging(ILoggingBuilder logging, bool forJournal)
    {
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning);

        // An address that is in use is reported once, by the command line.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        logging.AddConsole(console =>
        {
            console.FormatterName = forJournal ? ConsoleFormatterNames.Systemd : ConsoleFormatterNames.Simple;
            console.LogToStandardErrorThreshold = LogLevel.Trace;
        });
        logging.Services.Configure<SimpleConsoleFormatterOptions>(static format =>
        {
            format.SingleLine = true;
            format.TimestampFormat = "HH:mm:ss.fff ";
        });
    }
}
