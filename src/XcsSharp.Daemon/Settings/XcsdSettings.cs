using XcsSharp.Consoles;
using XcsSharp.Handlers;
using XcsSharp.Switching;
using XcsSharp.Xen;

namespace XcsSharp.Daemon.Settings;

/// <summary>Every setting of the daemon, checked. Names, defaults and ranges are in <see cref="SettingsTable"/>.</summary>
internal sealed class XcsdSettings
{
    public HypervisorSettings Hypervisor { get; } = new();

    public SocketSettings Sockets { get; } = new();

    public ConsoleOptions Consoles { get; } = new();

    public XenOptions Xen { get; } = new();

    public XcsCommandSettings Xcs { get; } = new();

    public SwitchOptions Switching { get; } = new();

    public HandlerOptions Handlers { get; } = new();
}

internal enum BackendChoice
{
    /// <summary>Xen where /dev/xen/evtchn exists, otherwise the simulated one.</summary>
    Auto,
    Xen,
    Sim,
}

internal sealed class HypervisorSettings
{
    public BackendChoice Backend { get; set; }

    /// <summary>Directory of the simulated machine; empty: the environment's SIMXEN_MACHINE.</summary>
    public string SimMachine { get; set; } = "";
}

internal sealed class SocketSettings
{
    public string Xcs { get; set; } = "";

    /// <summary>The path that 2005 clients have built in; empty: not offered.</summary>
    public string Classic { get; set; } = "";

    public string Console { get; set; } = "";

    /// <summary>Permission bits of all three.</summary>
    public int Mode { get; set; }

    /// <summary>Group of all three; empty: the daemon's own.</summary>
    public string Group { get; set; } = "";

    /// <summary>The policy of the sockets; empty: none.</summary>
    public string AccessFile { get; set; } = "";
}

/// <summary>What only a daemon that is started as xcs has.</summary>
internal sealed class XcsCommandSettings
{
    /// <summary>Its log, once it has left its terminal; empty: none.</summary>
    public string LogFile { get; set; } = "";
}
