using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

using XcsSharp.Daemon.Classic;
using XcsSharp.Daemon.Settings;
using XcsSharp.Hosting;

namespace XcsSharp.Daemon;

/// <summary>The Generic Host around the one service.</summary>
internal static class XcsdHost
{
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

        // Asking systemd why, the last lines of the logs and the hand-over have limits of their own; the unit's TimeoutStopSec= is behind this.
        builder.AddServiceLife(shutdown: TimeSpan.FromSeconds(9));
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton<XcsdService>();
        builder.Services.AddHostedService(static services => services.GetRequiredService<XcsdService>());
        return builder;
    }
}
