using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace XcsSharp.Hosting;

/// <summary>What the services of this project have in common as services: life cycle, signals, readiness, and the log on standard error.</summary>
public static class ServiceHosting
{
    /// <summary>The most log lines that wait for standard error.</summary>
    public const int LogQueue = 1024;

    /// <summary>
    /// Under a service manager (NOTIFY_SOCKET, sd_notify(3)) the host says READY=1 once all its services have started, and logs with the
    /// journal's priorities; at a terminal it logs with the time of day. SIGTERM ends it in both.
    /// </summary>
    /// <param name="builder">Empty: a default one would read appsettings.json from whatever directory the service stands in.</param>
    /// <param name="shutdown">How long its services have to stop.</param>
    public static void AddServiceLife(this IHostApplicationBuilder builder, TimeSpan shutdown)
    {
        bool isNotified = Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 };
        AddLogging(builder.Logging, isNotified || SystemdHelpers.IsSystemdService());
        if (isNotified)
        {
            // What AddSystemd() would add if it found systemd as its parent; the socket is the better sign, and tests
            // and other service managers offer one too.
            builder.Services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
            builder.Services.AddSingleton<IHostLifetime, SystemdLifetime>();
        }
        else
        {
            builder.Services.Configure<ConsoleLifetimeOptions>(static options => options.SuppressStatusMessages = true);
        }

        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = shutdown);
    }

    private static void AddLogging(ILoggingBuilder logging, bool forJournal)
    {
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning);

        // Why it could not start is reported once, by its Program; the host would add a stack trace of its own.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        logging.AddConsole(options =>
        {
            options.LogToStandardErrorThreshold = LogLevel.Trace;
            options.FormatterName = forJournal ? ConsoleFormatterNames.Systemd : ConsoleFormatterNames.Simple;

            // A loop logs too, and a standard error that nobody reads must not stop a guest.
            options.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
            options.MaxQueueLength = LogQueue;
        });
        logging.Services.Configure<SimpleConsoleFormatterOptions>(static options =>
        {
            options.SingleLine = true;
            options.TimestampFormat = "HH:mm:ss.fff ";
        });
    }
}
