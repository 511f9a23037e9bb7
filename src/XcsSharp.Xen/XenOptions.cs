namespace XcsSharp.Xen;

/// <summary>What the adapter serves besides control channels. Read once, when it is made.</summary>
public sealed class XenOptions
{
    /// <summary>Guests' console rings. Off: another daemon, such as xenconsoled, has them.</summary>
    public bool Rings { get; set; } = true;

    /// <summary>The hypervisor's own log, as the console of a domain named <c>xen</c>.</summary>
    public bool HypervisorLog { get; set; } = true;
}
