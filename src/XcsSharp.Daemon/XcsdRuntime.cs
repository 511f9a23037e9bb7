using System.Diagnostics;

using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

using XcsSharp.Consoles;
using XcsSharp.Daemon.Handover;
using XcsSharp.Daemon.Metrics;
using XcsSharp.Daemon.Settings;
using XcsSharp.Daemon.Systemd;
using XcsSharp.Handlers;
using XcsSharp.Interop;
using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;
using XcsSharp.Switching;
using XcsSharp.Xen;

namespace XcsSharp.Daemon;

/// <summary>Everything that lives on the loop's thread, put together. Opened, run and disposed on that thread.</summary>
internal sealed partial class XcsdRuntime : IDisposable
{
    /// <summary>After so long a start has settled: what it asked for is done, and its clients are back.</summary>
    private static readonly TimeSpan s_settled = TimeSpan.FromSeconds(1);

    private readonly EventLoop _loop = new();
    private long _ready;
    private DateTimeOffset _readyAt;
    private ILogger? _log;
    private SocketPlaces? _sockets;
    private XenHypervisor? _hypervisor;
    private ControlSwitch? _switch;
    private ConsoleHandler? _consoles;
    private GuestHandlers? _handlers;
    private ClientListener? _clients;
    private OperatorListener? _operators;
    private Watchdog? _watchdog;
    private DaemonMeter? _meter;

    private XcsdRuntime()
    {
    }

    private int Guests => _switch!.Domains.Count(static domain => domain.IsGuest);

    /// <summary>Opens sockets and hypervisor and finds the domains that exist.</summary>
    /// <exception cref="StartFailure">Something is in the way; nothing stays open.</exception>
    /// <param name="settings">Checked.</param>
    /// <param name="loggers">For all parts.</param>
    /// <param name="handed">What the daemon before has left. Owned from here on.</param>
    /// <param name="isUpgradable">False: operators may not have another program take this one's place.</param>
    /// <param name="isStopping">Whether the daemon was asked to stop: then none may either.</param>
    public static XcsdRuntime Open(
        XcsdSettings settings, ILoggerFactory loggers, HandedDescriptors handed, bool isUpgradable, Func<bool> isStopping)
    {
        var runtime = new XcsdRuntime();
        int count = handed.Count;
        try
        {
            runtime.TakeOver(handed, loggers);
            SafeFileHandle? asker = handed.TakeOne(Upgrade.AskerName);

            // The sockets first: a second daemon must be turned away before it touches a port, a page or a terminal.
            runtime._sockets = SocketPlaces.Open(
                runtime._loop, settings.Sockets, handed, runtime.AcceptClient, runtime.AcceptOperator);
            runtime.OpenHypervisor(settings, loggers, isUpgradable, isStopping);
            runtime._ready = Stopwatch.GetTimestamp();
            runtime._readyAt = DateTimeOffset.UtcNow;
            runtime._watchdog = Watchdog.Start(runtime._loop);
            loggers.CreateLogger("xcsd").Serving(
                DaemonVersion.Text,
                runtime.Guests,
                runtime._hypervisor!.Backend,
                settings.Sockets.Xcs,
                settings.Sockets.Classic,
                settings.Sockets.Console);
            if (asker is not null)
            {
                runtime._log!.TookOver(count);
                Upgrade.Answer(runtime._loop, asker, handed.Problem);
            }

            return runtime;
        }
        catch
        {
            // The spool of one that was killed is for the next one that starts.
            runtime._consoles?.KeepSpool();
            runtime.Dispose();
            throw;
        }
    }

    /// <summary>Serves until <see cref="Stop"/>. An exception is a bug of ours, or the hypervisor is lost.</summary>
    public void Run()
    {
        _loop.CreateTimer(ReturnMemory).Schedule(s_settled);
        try
        {
            _loop.Run();
        }
        catch
        {
            // The service manager starts another at once, as after a crash.
            _follower = Follower.ServiceManagers;
            _hasFailed = true;
            throw;
        }
    }

    /// <summary>From any thread. An upgrade that has begun is not changed any more: whoever asked for it waits for an answer.</summary>
    /// <param name="isFollowed">Another daemon is started at once, and goes on with what the service manager keeps for it.</param>
    public void Stop(bool isFollowed)
    {
        _ = Interlocked.CompareExchange(ref _follower, isFollowed ? Follower.ServiceManagers : Follower.None, Follower.None);

        // Not at once: what was said before, as the answer to who asked for an upgrade, goes out in the first turn.
        _loop.Post(_loop.Stop);
    }

    /// <summary>Who goes on when this has ended.</summary>
    public Follower Follower => _follower;

    /// <summary>Whether anything of this daemon can outlive it.</summary>
    public bool CanBeFollowed => _store is not null;

    /// <summary>From any thread: somebody has renamed the logs.</summary>
    public void ReopenLogs() => _loop.Post(() => _consoles?.ReopenLogs());

    /// <summary>From any thread: somebody has changed the policy.</summary>
    public void ChangeAccess(AccessPolicy? access) => _loop.Post(() => _consoles?.ChangeAccess(access));

    /// <summary>From the outside in: no new clients, then the old ones, then channels, then Xen.</summary>
    public void Dispose()
    {
        _watchdog?.Dispose();
        _meter?.Dispose();
        _sockets?.Close();
        _operators?.Dispose();
        _clients?.Dispose();
        _handlers?.Dispose();
        _consoles?.Dispose();
        _switch?.Dispose();
        _hypervisor?.Dispose();
        _store?.Flush();
        _store?.Dispose();

        // Last: with them go the right to the spool, to the logs and to the terminals' links.
        _sockets?.Dispose();
        _loop.Dispose();
    }

    private void OpenHypervisor(XcsdSettings settings, ILoggerFactory loggers, bool isUpgradable, Func<bool> isStopping)
    {
        HypervisorBackend backend = HypervisorChoice.Make(settings.Hypervisor);
        if (backend == HypervisorBackend.Xen && settings.Xen.Rings)
        {
            OtherConsoleDaemon.Refuse();
        }

        try
        {
            _hypervisor = new XenHypervisor(_loop, backend, settings.Xen, loggers.CreateLogger<XenHypervisor>());
            _switch = new ControlSwitch(
                _loop, _hypervisor, settings.Switching, loggers.CreateLogger<ControlSwitch>());
            _consoles = OpenConsoles(_switch, settings, loggers);
            _handlers = new GuestHandlers(_loop, _switch, settings.Handlers, loggers.CreateLogger<GuestHandlers>());
            _clients = new ClientListener(
                _loop, _switch, settings.Switching, loggers.CreateLogger<ClientListener>(), _consoles.AdmitsToSwitch);
            Upgrade upgrade = new(_loop, isUpgradable, isStopping, BeginUpgrade, loggers.CreateLogger("xcsd"));
            _operators = new OperatorListener(
                _loop, _switch, _consoles, ReadStatus, loggers.CreateLogger<OperatorListener>(), [.. _handlers.Words, upgrade.Word], ReadInstruments);
            _switch.Start();
            _consoles.OnStarted();
            _handed?.Dispose();
        }
        catch (Exception e) when (e is ErrnoException or HypervisorLostException)
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                $"the hypervisor can not be used: {e.Message}",
                backend == HypervisorBackend.Xen
                    ? "Run xcsd as root in dom0, with xenstored running and the modules xen-evtchn, xen-gntdev and xen-privcmd loaded."
                    : "Check that 'simxen machine' runs in the directory given by Hypervisor:SimMachine or SIMXEN_MACHINE.",
                e);
        }
        catch (DllNotFoundException e)
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                $"a library of Xen is missing: {e.Message}",
                "Install libxenevtchn1, libxenforeignmemory1, libxengnttab1 and libxenstore4 (Debian's names), and libxcs_xenctrl.so with xcsd.",
                e);
        }
    }

    /// <summary>
    /// Gives the machine back what the start needed and nothing will need again: in steady state nothing is allocated, so the collector
    /// would never run, and the garbage of a thousand guests' start would stay for months.
    /// </summary>
    private void ReturnMemory()
    {
        long before = Stopwatch.GetTimestamp();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _log!.MemoryReturned(GC.GetTotalMemory(forceFullCollection: false) / 1024, Stopwatch.GetElapsedTime(before).TotalMilliseconds);
    }

    private ConsoleHandler OpenConsoles(ControlSwitch controlSwitch, XcsdSettings settings, ILoggerFactory loggers)
    {
        _log = loggers.CreateLogger("xcsd");
        try
        {
            settings.Consoles.Access = AccessRules.Load(settings.Sockets.AccessFile);
        }
        catch (Exception e) when (e is IOException or FormatException)
        {
            throw new StartFailure(
                ExitCode.BadSettings,
                $"Sockets:AccessFile {settings.Sockets.AccessFile}: {e.Message}",
                "Mend the file, or leave Sockets:AccessFile empty, and whoever may connect may do all.",
                e);
        }

        settings.Consoles.SocketMode = settings.Sockets.Mode;
        settings.Consoles.SocketGroup = _sockets!.Group;

        // Beside the socket whose lock this daemon holds: no other can have it.
        settings.Consoles.SpoolFile = settings.Sockets.Console.Length > 0 ? settings.Sockets.Console + ".spool" : null;
        try
        {
            return new ConsoleHandler(_loop, controlSwitch, settings.Consoles, loggers.CreateLogger<ConsoleHandler>(), _terminals, _handedConsoles);
        }
        catch (IOException e)
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                $"the consoles can not be served: {e.Message}",
                "Choose another folder with --Consoles:PtyDirectory=PATH, --Consoles:SocketDirectory=PATH or --Consoles:LogDirectory=PATH; an empty PATH is none.",
                e);
        }
    }

    private DaemonStatus ReadStatus()
    {
        SwitchCounters counters = _switch!.Counters;
        int channels = 0;
        int quarantined = 0;
        int rings = 0;
        ulong throttled = 0;
        foreach (GuestDomain domain in _switch.Domains)
        {
            rings += domain.Consoles.Count(static console => console.State == ChannelState.Open);
            quarantined += domain.Consoles.Count(static console => console.State == ChannelState.Quarantined);
            throttled += domain.ThrottledMilliseconds;
            channels += domain.Channel?.State == ChannelState.Open ? 1 : 0;
            quarantined += domain.Channel?.State == ChannelState.Quarantined ? 1 : 0;
        }

        return new DaemonStatus(
            DaemonVersion.Text,
            Environment.ProcessId,
            _hypervisor!.Backend,
            Stopwatch.GetElapsedTime(_ready).TotalSeconds,
            Guests,
            channels,
            quarantined,
            _clients!.SessionCount,
            _consoles!.Viewers,
            counters.Requests,
            counters.Responses,
            counters.AnsweredByDaemon,
            counters.AnswersDropped,
            counters.SlowSessionsClosed,
            _loop.Turns,
            _hypervisor.PortsServed,
            rings,
            counters.ConsoleBytes,
            throttled,
            counters.Quarantines,
            counters.Refusals,
            counters.RequestsLockedOut,
            counters.SessionsPaused);
    }

    /// <summary>The meter is made for the first who asks: most daemons are never asked.</summary>
    private byte[] ReadInstruments(Func<GuestDomain, bool> mayView)
    {
        _meter ??= new DaemonMeter(new MeteredParts(_loop, _hypervisor!, _switch!, _consoles!, _clients!, ReadStatus), _readyAt);
        return _meter.Read(mayView);
    }

    private void AcceptClient(SafeFileHandle socket) => _clients!.Accept(socket);

    private void AcceptOperator(SafeFileHandle socket) => _operators!.Accept(socket);
}
