using System.Runtime.InteropServices;

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using XcsSharp.Consoles;
using XcsSharp.Daemon.Classic;
using XcsSharp.Daemon.Handover;
using XcsSharp.Daemon.Settings;
using XcsSharp.Daemon.Systemd;
using XcsSharp.Xen;

namespace XcsSharp.Daemon;

/// <summary>
/// Runs the daemon's loop on a thread of its own and ties its life to the host's: the host is started when the
/// loop serves, and stops when the loop fails.
/// </summary>
internal sealed class XcsdService(
    XcsdSettings settings,
    ILoggerFactory loggers,
    IHostApplicationLifetime lifetime,
    IServiceProvider services) : IHostedService, IDisposable
{
    private readonly ClassicLife? _classic = (ClassicLife?)services.GetService(typeof(ClassicLife));
    private readonly ILogger _log = loggers.CreateLogger("xcsd");
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Held while the host's thread stops the loop, so that the loop's thread cannot dispose it under its hands.
    private readonly Lock _stopping = new();
    private XcsdRuntime? _runtime;
    private volatile bool _isStopping;
    private BackgroundReload? _access;
    private bool? _isFollowed;
    private PosixSignalRegistration? _hangUp;
    private PosixSignalRegistration? _interrupt;

    /// <summary>True once the loop has ended although nobody asked it to.</summary>
    public bool LoopFailed { get; private set; }

    /// <summary>Completes when the sockets listen and the domains that exist were found; readiness follows from it.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _access = new BackgroundReload(ReloadAccess);

        // Before anything is served: until then a SIGHUP ends the process. To xcs all three signals meant the same.
        _hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, _classic is null ? Reload : StopHost);

        // The host's lifetime under a service manager knows SIGTERM alone; the original took SIGINT for the same.
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, StopHost);
        var thread = new Thread(ServeUntilStopped) { Name = "xcsd-loop", IsBackground = true };
        thread.Start();
        return _ready.Task;
    }

    /// <summary>Ends the loop; requests that were not answered stay in the rings for the next daemon.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // Before anything else: a program that took this one's place now would never hear that it is to stop.
        _isStopping = true;

        // Asked while the loop still serves. Without a store nothing can be left for a follower.
        bool isFollowed = Offered()?.CanBeFollowed == true && await ServiceJob.IsRestartAsync();
        lock (_stopping)
        {
            _isFollowed = isFollowed;
            _runtime?.Stop(isFollowed);
        }

        await _ended.Task.WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        _hangUp?.Dispose();
        _interrupt?.Dispose();
    }

    private void StopHost(PosixSignalContext signal)
    {
        signal.Cancel = true;
        lifetime.StopApplication();
    }

    private void Reload(PosixSignalContext signal)
    {
        signal.Cancel = true;
        lock (_stopping)
        {
            _runtime?.ReopenLogs();
        }

        _access!.Ask();
    }

    /// <summary>Not on the loop's thread: names of users and groups may be asked of a server, which is away perhaps.</summary>
    private void ReloadAccess()
    {
        try
        {
            AccessPolicy? access = AccessRules.Load(settings.Sockets.AccessFile);
            lock (_stopping)
            {
                _runtime?.ChangeAccess(access);
            }
        }
        catch (Exception wrong) when (wrong is IOException or FormatException)
        {
            _log.AccessFileWrong(settings.Sockets.AccessFile, wrong.Message.ReplaceLineEndings(" "));
        }
    }

    private void ServeUntilStopped()
    {
        try
        {
            HandedDescriptors handed = new();
            InheritedDescriptors.AddTo(handed);
            Successor.AddTo(handed, _log);
            while (ServeOnce(handed) is { } left)
            {
                handed = left;
            }
        }
        catch (Exception e) when (!_ready.Task.IsCompleted)
        {
            _ready.SetException(e);
        }
        catch (HypervisorLostException e)
        {
            LoopFailed = true;
            _log.HypervisorLost(e.Message);
        }
        catch (Exception e)
        {
            // Our bug. Everything the loop owns is in an unknown state: end, and let the service manager start anew.
            LoopFailed = true;
            _log.LoopFailed(e);
        }
        finally
        {
            _ended.SetResult();
            lifetime.StopApplication();
        }
    }

    /// <returns>Null: it was stopped. Otherwise what a daemon has left that goes on, because no other took its place.</returns>
    private HandedDescriptors? ServeOnce(HandedDescriptors handed)
    {
        XcsdRuntime runtime = XcsdRuntime.Open(settings, loggers, handed, isUpgradable: _classic is null, () => _isStopping);
        HandedDescriptors left;
        Offer(runtime);
        try
        {
            _classic?.Begin();
            _ = _ready.TrySetResult();
            runtime.Run();
        }
        finally
        {
            Offer(null);
            _classic?.End();
            left = runtime.HandOver();
        }

        if (runtime.Follower != Follower.Successor)
        {
            left.Dispose();
            _log.Stopped();
            return null;
        }

        // Asked to stop meanwhile: it goes on for as long as it takes to tell the operator so and to put away what only a follower can use.
        left.Problem = _isStopping ? Upgrade.Stopping : Successor.Execute(left);
        _log.UpgradeFailed(left.Problem);
        return left;
    }

    private XcsdRuntime? Offered()
    {
        lock (_stopping)
        {
            return _runtime;
        }
    }

    private void Offer(XcsdRuntime? runtime)
    {
        lock (_stopping)
        {
            _runtime = runtime;
            if (_isFollowed is bool isFollowed)
            {
                // Said while there was none.
                runtime?.Stop(isFollowed);
            }
        }
    }
}
