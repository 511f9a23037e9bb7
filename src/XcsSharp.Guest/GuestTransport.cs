namespace XcsSharp.Guest;

/// <summary>Which page and which port a control channel uses.</summary>
public enum GuestTransport
{
    /// <summary>A page of ours granted to dom0 and a port offered to it, both made known in xenstore.</summary>
    Granted,

    /// <summary>The second half of our shared_info page and port 1, as guests of 2005 had it. Simulated Xen only.</summary>
    Classic,
}
