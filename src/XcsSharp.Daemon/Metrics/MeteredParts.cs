using XcsSharp.Consoles;
using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;
using XcsSharp.Switching;
using XcsSharp.Xen;

namespace XcsSharp.Daemon.Metrics;

/// <summary>What a <see cref="DaemonMeter"/> measures.</summary>
internal sealed record MeteredParts(
    EventLoop Loop, XenHypervisor Hypervisor, ControlSwitch Switch, ConsoleHandler Consoles, ClientListener Clients, Func<DaemonStatus> Status);
