namespace XcsSharp.Switching;

/// <summary>Where a control page comes from (design: transports of a control channel).</summary>
public enum TransportKind
{
    /// <summary>Inside the domain's shared_info frame, ports agreed by the toolstack: the guests of 2005.</summary>
    Classic,

    /// <summary>A page that the guest granted and announced in xenstore.</summary>
    Granted,
}
