using System.Diagnostics;

using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

using XcsSharp.Consoles;
using XcsSharp.Daemon.Settings;
using XcsSharp.Daemon.Systemd;
using XcsSharp.Interop;
using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;
using XcsSharp.Switching;
using XcsSharp.Xen;

namespace XcsSharp.Daemon;

/// <summary>Everything that lives on the loop's thread, put together. Opened, run and disposed on that thread.</summary>
internal sealed class XcsdRuntime : IDisposable
{
    private readonly EventLoop _loop = new();
    private long _ready;
    private SocketPlaces? _sockets;
    private XenHypervisor? _hypervisor;
    private ControlSwitch? _switch;
    private ConsoleHandler? _consoles;
    private ClientListener? _clients;
    private OperatorListener? _operators;
    private Watchdog? _watchdog;

    private XcsdRuntime()
    {
    }

    private int Guests => _switch!.Domains.Count(static domain => domain.IsGuest);

    /// <summary>Opens sockets and hypervisor and finds the domains that exist.</summary>
    /// <exception cref="StartFailure">Something is in the way; nothing stays open.</exception>
    public static XcsdRuntime Open(XcsdSettings settings, ILoggerFactory loggers, ISystemdNotifier? notifier)
    {
        var runtime = new XcsdRuntime();
        try
        {
            // The sockets first: a second daemon must be turned away before it touches a port, a page or a terminal.
            runtime._sockets = SocketPlaces.Open(runtime._loop, settings.Sockets, runtime.AcceptClient, runtime.AcceptOperator);
            runtime.OpenHypervisor(settings, loggers);
            runtime._ready = Stopwatch.GetTimestamp();
            runtime._watchdog = Watchdog.Start(runtime._loop, notifier);
            loggers.CreateLogger("xcsd").Serving(
                DaemonVersion.Text,
                runtime.Guests,
                runtime._hypervisor!.Backend,
                settings.Sockets.Xcs,
                settings.Sockets.Classic,
                settings.Sockets.Console);
            return runtime;
        }
        catch
        {
            runtime.Dispose();
            throw;
        }
    }

    /// <summary>Serves until <see cref="Stop"/>. An exception is a bug of ours, or the hypervisor is lost.</summary>
    public void Run() => _loop.Run();

    /// <summary>From any thread.</summary>
    public void Stop() => _loop.Stop();

    /// <summary>From any thread: somebody has renamed the logs.</summary>
    public void ReopenLogs() => _loop.Post(() => _consoles?.ReopenLogs());

    /// <summary>From the outside in: no new clients, then the old ones, then channels, then Xen.</summary>
    public void Dispose()
    {
        _watchdog?.Dispose();
        _sockets?.Dispose();
        _operators?.Dispose();
        _clients?.Dispose();
        _consoles?.Dispose();
        _switch?.Dispose();
        _hypervisor?.Dispose();
        _loop.Dispose();
    }

    private void OpenHypervisor(XcsdSettings settings, ILoggerFactory loggers)
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
            _clients = new ClientListener(
                _loop, _switch, settings.Switching, loggers.CreateLogger<ClientListener>());
            _operators = new OperatorListener(
                _loop, _switch, _consoles, ReadStatus, loggers.CreateLogger<OperatorListener>());
            _switch.Start();
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

    private ConsoleHandler OpenConsoles(ControlSwitch controlSwitch, XcsdSettings settings, ILoggerFactory loggers)
    {
        try
        {
            return new ConsoleHandler(_loop, controlSwitch, settings.Consoles, loggers.CreateLogger<ConsoleHandler>());
        }
        catch (IOException e)
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                $"the consoles can not be served: {e.Message}",
                "Choose another folder with --Consoles:PtyDirectory=PATH or --Consoles:LogDirectory=PATH; an empty PATH is none.",
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
            counters.Refusals);
    }

    private void AcceptClient(SafeFileHandle socket) => _clients!.Accept(socket);

    private void AcceptOperator(SafeFileHandle socket) => _operators!.Accept(socket);
}
