namespace XcsSharp.Rings;

/// <summary>
/// Where things are in a control page (spec section 2, the form since December 2004). Both directions have the
/// same shape: two shared indexes, then eight 64-byte slots.
/// </summary>
public static class ControlPageLayout
{
    /// <summary>Start of the guest-to-controller direction ("tx", named from the guest's side).</summary>
    public const int Transmit = 2048;

    /// <summary>Start of the controller-to-guest direction ("rx").</summary>
    public const int Receive = 2568;

    /// <summary>From a direction's start: written by who asks, after filling the slot.</summary>
    public const int RequestProducer = 0;

    /// <summary>From a direction's start: written by who answers, after filling the slot.</summary>
    public const int ResponseProducer = 4;

    /// <summary>From a direction's start: the first slot.</summary>
    public const int Slots = 8;

    /// <summary>Bytes of one direction.</summary>
    public const int DirectionSize = 520;
}
