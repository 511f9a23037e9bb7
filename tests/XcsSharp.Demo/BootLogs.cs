namespace XcsSharp.Demo;

/// <summary>What the demo's guests say when they start.</summary>
internal static class BootLogs
{
    public static IEnumerable<string> OfToday(string name) =>
    [
        "[    0.000000] Linux version 6.1.0 (simulated) #1 SMP PREEMPT_DYNAMIC",
        "[    0.000000] Command line: root=/dev/xvda1 console=hvc0 quiet=never",
        "[    0.000000] Hypervisor detected: simxen",
        "[    0.004127] printk: console [hvc0] enabled",
        "[    0.118034] clocksource: xen: mask: 0xffffffffffffffff",
        "[    0.230551] xcs: control page granted, port offered, ready written last",
        "[    0.231002] xcs: connected, 8 slots each way",
        "[    0.412876] blkfront: xvda: flush diskcache: enabled",
        "[    0.590310] EXT4-fs (xvda1): mounted filesystem with ordered data mode",
        $"[    0.701455] systemd[1]: Set hostname to <{name}>.",
        "[  OK  ] Started getty@hvc0.service - Getty on hvc0.",
        "[  OK  ] Reached target multi-user.target - Multi-User System.",
    ];

    public static IEnumerable<string> Of2005(string name) =>
    [
        "Linux version 2.6.12-xenU (simulated) #1 Tue Aug 16 2005",
        "BIOS-provided physical RAM map:",
        " Xen: 0000000000000000 - 0000000004000000 (usable)",
        "Built 1 zonelists",
        $"Kernel command line: root=/dev/sda1 ro hostname={name}",
        "Xen reported: 1794.380 MHz processor.",
        "Memory: 62720k/65536k available",
        "Xen virtual console successfully installed as tty1",
        "Control interface: shared_info page, offset 2048, event channel 1",
        "Event-channel device installed.",
        "VFS: Mounted root (ext2 filesystem) readonly.",
        "INIT: version 2.86 booting",
    ];
}
