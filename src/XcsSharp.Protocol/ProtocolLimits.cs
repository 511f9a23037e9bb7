namespace XcsSharp.Protocol;

/// <summary>
/// Everything a guest or a client can make the daemon hold has its bound here, beside the sizes that
/// the wire fixes. Facts of the wire: spec sections 1 and 2.
/// </summary>
public static class ProtocolLimits
{
    /// <summary>Bytes of a <see cref="ControlMessage"/>, on the ring and inside a record.</summary>
    public const int ControlMessageSize = 64;

    /// <summary>Bytes of a <see cref="XcsRecord"/> on a client's socket, in every era and word size.</summary>
    public const int RecordSize = 80;

    /// <summary>The most payload bytes that a control message carries.</summary>
    public const int MaxPayload = 60;

    /// <summary>Slots of one direction of a control page; so many requests can be unanswered, no more.</summary>
    public const int RingSlots = 8;

    /// <summary>
    /// Event-channel ports below this are accepted from clients. The original stopped at 1024 (2-level event
    /// channels); today's FIFO ABI has 2^17.
    /// </summary>
    public const int MaxPorts = 1 << 17;

    /// <summary>Domain ids below this name guests; from here on Xen's ids are special (DOMID_FIRST_RESERVED).</summary>
    public const uint FirstReservedDomain = 0x7FF0;

    /// <summary>Bind to every port (PORT_WILDCARD). As a signed number: -268435457.</summary>
    public const int PortWildcard = unchecked((int)0xefffffff);

    /// <summary>Bind to every message type (TYPE_WILDCARD).</summary>
    public const ushort TypeWildcard = 0xffff;

    /// <summary>The newest version of the extensions that this daemon speaks.</summary>
    public const uint ExtensionVersion = 1;

    /// <summary>The binding type under which virtual interrupts are looked up (TYPE_VIRQ).</summary>
    public const ushort TypeVirq = 0xfffe;
}
