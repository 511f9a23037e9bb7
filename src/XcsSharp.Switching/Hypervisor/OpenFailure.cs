namespace XcsSharp.Switching;

/// <summary>Why a control interface could not be opened.</summary>
public enum OpenFailure
{
    None,
    NoSuchDomain,

    /// <summary>The wished local port belongs to another channel or to a virtual interrupt.</summary>
    PortInUse,

    /// <summary>This hypervisor has no such page for this domain; today's Xen has no classic one.</summary>
    NotSupported,

    /// <summary>Xen refused, or the channel that exists is out of order.</summary>
    Failed,
}
