using System.Globalization;

using XcsSharp.Reactor;

namespace XcsSharp.Daemon.Systemd;

/// <summary>
/// Tells the service manager twice per watchdog interval that the loop turns (sd_watchdog_enabled(3)). Sent from the
/// loop's own timer: another thread would keep a hung daemon looking alive.
/// </summary>
/// <remarks>
/// Its socket is opened at the start and waits for nobody: neither a manager that does not read nor a machine without a free descriptor may
/// stop the loop. What is wrong with a message that is not taken the manager knows better than we; it is sent again soon.
/// </remarks>
internal sealed class Watchdog : IDisposable
{
    private readonly DatagramSender _manager;
    private readonly TimeSpan _period;
    private readonly LoopTimer _timer;

    private Watchdog(EventLoop loop, string manager, TimeSpan period)
    {
        _manager = new DatagramSender(manager);
        _period = period;
        _timer = loop.CreateTimer(Report);
    }

    /// <summary>Starts it, or gives null when the service manager does not ask for it: no timer, no wake-ups.</summary>
    public static Watchdog? Start(EventLoop loop)
    {
        string? pid = Environment.GetEnvironmentVariable("WATCHDOG_PID");
        bool forUs = pid is null || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 0 } manager
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

        var watchdog = new Watchdog(loop, manager, TimeSpan.FromMicroseconds(interval / 2.0));
        watchdog.Report();
        return watchdog;
    }

    public void Dispose()
    {
        _timer.Cancel();
        _manager.Dispose();
    }

    private void Report()
    {
        // The next one would come when the interval is over: too late.
        bool isTaken = _manager.TrySend("WATCHDOG=1"u8, out _) is null;
        _timer.Schedule(isTaken ? _period : _period / 10);
    }
}
