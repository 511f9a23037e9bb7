using System.Globalization;

using Microsoft.Extensions.Hosting.Systemd;

using XcsSharp.Reactor;

namespace XcsSharp.Daemon.Systemd;

/// <summary>
/// Tells the service manager twice per watchdog interval that the loop turns (sd_watchdog_enabled(3)). Sent from the
/// loop's own timer: another thread would keep a hung daemon looking alive.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    private static readonly ServiceState s_alive = new("WATCHDOG=1");

    private readonly ISystemdNotifier _notifier;
    private readonly TimeSpan _period;
    private readonly LoopTimer _timer;

    private Watchdog(EventLoop loop, ISystemdNotifier notifier, TimeSpan period)
    {
        _notifier = notifier;
        _period = period;
        _timer = loop.CreateTimer(Report);
    }

    /// <summary>Starts it, or gives null when the service manager does not ask for it: no timer, no wake-ups.</summary>
    public static Watchdog? Start(EventLoop loop, ISystemdNotifier? notifier)
    {
        string? pid = Environment.GetEnvironmentVariable("WATCHDOG_PID");
        bool forUs = pid is null || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (notifier is null
            || !forUs
            || !long.TryParse(
                Environment.GetEnvironmentVariable("WATCHDOG_USEC"),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out long interval)
            || interval <= 0)
        {
            return null;
        }

        var watchdog = new Watchdog(loop, notifier, TimeSpan.FromMicroseconds(interval / 2.0));
        watchdog.Report();
        return watchdog;
    }

    public void Dispose() => _timer.Cancel();

    private void Report()
    {
        _notifier.Notify(s_alive);
        _timer.Schedule(_period);
    }
}
