namespace XcsSharp.Client.Capture;

/// <summary>What of pcapng is used here: draft-ietf-opsawg-pcapng, sections 4.1 to 4.3.</summary>
internal static class PcapngFormat
{
    public const uint SectionHeader = 0x0A0D0D0A;
    public const uint InterfaceDescription = 1;
    public const uint EnhancedPacket = 6;

    public const uint ByteOrderMagic = 0x1A2B3C4D;

    /// <summary>LINKTYPE_USER0: free for private use, and so for whatever another program wrote there.</summary>
    public const ushort UserLinkType = 147;

    /// <summary>Bytes around a block's body: type and length before, length after.</summary>
    public const int BlockOverhead = 12;

    public const ushort OptionEnd = 0;
    public const ushort OptionApplication = 4;
    public const ushort OptionInterfaceName = 2;
    public const ushort OptionInterfaceDescription = 3;
    public const ushort OptionTimeResolution = 9;
    public const ushort OptionPacketFlags = 2;

    /// <summary>Bits 0 and 1 of the packet flags.</summary>
    public const uint Inbound = 1;
    public const uint Outbound = 2;

    public static int RoundUp(int length) => (length + 3) & ~3;
}
