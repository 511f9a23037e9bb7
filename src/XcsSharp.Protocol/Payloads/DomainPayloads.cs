using static XcsSharp.Protocol.Payloads.Notation;

namespace XcsSharp.Protocol.Payloads;

/// <summary>What concerns the domain as such: console, shutdown, memory, virtual CPUs, the debugger.</summary>
public static class DomainPayloads
{
    // PDB_CONNECTION_STATUS_*
    private static readonly string?[] s_debugger = [null, "UP", "DOWN"];

    /// <summary>Output of a guest, or input for it.</summary>
    public static readonly PayloadDefinition ConsoleData =
        new(MessageType.Console, 0, "DATA", Always("console text", "2004-12-31", Text("text")));

    public static readonly PayloadDefinition PowerOff = Shutdown(0, "POWEROFF");

    public static readonly PayloadDefinition Reboot = Shutdown(1, "REBOOT");

    public static readonly PayloadDefinition Suspend = Shutdown(2, "SUSPEND");

    /// <summary>A key of the guest's magic-sysrq.</summary>
    public static readonly PayloadDefinition SysRq = new(
        MessageType.Shutdown, 3, "SYSRQ",
        Always("shutdown_sysrq", "2005-03-29", Character("key"), Gap(3)));

    /// <summary>dom0 asks for a size in pages; the guest's answer has a status.</summary>
    public static readonly PayloadDefinition MemorySet = new(
        MessageType.MemoryRequest, 0, "SET",
        Always("mem_request", "2004-12-31", U32("target"), U32("status")));

    public static readonly PayloadDefinition VcpuOff = Vcpu(0, "OFF");

    public static readonly PayloadDefinition VcpuOn = Vcpu(1, "ON");

    /// <summary>The debugger's back end comes or goes; <c>ring</c> and <c>evtchn</c> belong to UP.</summary>
    public static readonly PayloadDefinition DebugConnectionStatus = new(
        MessageType.Debug, 0, "CONNECTION_STATUS",
        Always("pdb_connection", "2005-06-27", U32("status", s_debugger), Word("ring"), U32("evtchn")));

    internal static PayloadDefinition[] All =>
    [
        ConsoleData, PowerOff, Reboot, Suspend, SysRq, MemorySet, VcpuOff, VcpuOn, DebugConnectionStatus,
    ];

    private static PayloadDefinition Shutdown(byte subtype, string name)
        => new(MessageType.Shutdown, subtype, name, Always("shutdown without a payload", "2004-12-31"));

    private static PayloadDefinition Vcpu(byte subtype, string name)
        => new(MessageType.VcpuHotplug, subtype, name, Always("vcpu_hotplug", "2005-06-21", U32("vcpu"), U32("status")));
}
