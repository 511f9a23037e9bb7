using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

using XcsSharp.Daemon.Classic;
using XcsSharp.Daemon.Settings;

namespace XcsSharp.Daemon;

/// <summary>The Generic Host around the one service: life cycle, signals, logging, readiness.</summary>
internal static class XcsdHost
{
    /// <summary>The most log lines waiting for stderr.</summary>
    private const int LogQueue = 1024;

    /// <param name="settings">Checked.</param>
    /// <param name="classic">What is due at the beginning and the end of a daemon that was started as xcs.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="StartFailure">It could not start.</exception>
    public static Task<int> RunAsync(XcsdSettings settings, ClassicLife? classic = null)
    {
        HostApplicationBuilder builder = CreateBuilder(settings);
        if (classic is not null)
        {
            builder.Services.AddSingleton(classic);
        }

        return RunAsync(builder);
    }

    /// <inheritdoc cref="RunAsync(XcsdSettings, ClassicLife)"/>
    public static async Task<int> RunAsync(HostApplicationBuilder builder)
    {
        using IHost host = builder.Build();
        XcsdService service = host.Services.GetRequiredService<XcsdService>();
        await host.RunAsync();
        return service.LoopFailed ? ExitCode.LoopFailed : ExitCode.Clean;
    }

    /// <summary>The host as xcsd runs it; whoever asks may log elsewhere too.</summary>
    public static HostApplicationBuilder CreateBuilder(XcsdSettings settings)
    {
        // Empty, not the default builder: that one would read appsettings.json from whatever directory we stand in.
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings { ApplicationName = "xcsd", DisableDefaults = true });

        bool underSystemd = Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 };
        AddLogging(builder.Logging, underSystemd || SystemdHelpers.IsSystemdService());
        if (underSystemd)
        {
            // What AddSystemd() would add if it found systemd as its parent; the socket is the better sign, and tests
            // and other service managers offer one too. The lifetime sends READY=1 once the service has started.
            builder.Services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
            builder.Services.AddSingleton<IHostLifetime, SystemdLifetime>();
        }
        else
        {
            builder.Services.Configure<ConsoleLifetimeOptions>(static options => options.SuppressStatusMessages = true);
        }

        // Asking systemd why, the last lines of the logs and the hand-over have limits of their own; the unit's TimeoutStopSec= is behind this.
        builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = TimeSpan.FromSeconds(9));
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton<XcsdService>();
        builder.Services.AddHostedService(static services => services.GetRequiredService<XcsdService>());
        return builder;
    }

    private static void AddLogging(ILoggingBuilder logging, bool forJournal)
    {
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning);

        // StartFailure is reported once, by Program; the host would add a stack trace of its own.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        logging.AddConsole(options =>
        {
            options.LogToStandardErrorThreshold = LogLevel.Trace;
            options.FormatterName = forJournal ? ConsoleFormatterNames.Systemd : ConsoleFormatterNames.Simple;

            // The loop logs too, and a stderr that nobody reads must not stop a guest.
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
