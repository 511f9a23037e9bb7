namespace XcsSharp.Protocol.Payloads;

/// <summary>
/// All control messages that the 2005 tree knew, from the commit that brought xcs (8b313272dd, 2004-12-31) to the one
/// that removed their header (3886819443, 2005-09-14): xen/include/public/io/domain_controller.h.
/// </summary>
public static class PayloadCatalog
{
    private static readonly PayloadDefinition[] s_all =
        [.. DomainPayloads.All, .. BlockPayloads.All, .. NetPayloads.All, .. UsbPayloads.All];

    private static readonly Dictionary<int, PayloadDefinition> s_bySubtype =
        s_all.ToDictionary(definition => Key(definition.Type, definition.Subtype));

    public static IReadOnlyList<PayloadDefinition> All => s_all;

    /// <summary>Null: the header had no such message.</summary>
    public static PayloadDefinition? Find(MessageType type, byte subtype)
        => s_bySubtype.GetValueOrDefault(Key(type, subtype));

    /// <summary>The header's name of a type, without <c>CMSG_</c>; null for a number that it does not name.</summary>
    public static string? TypeName(MessageType type) => type switch
    {
        MessageType.Console => "CONSOLE",
        MessageType.BlockBackEnd => "BLKIF_BE",
        MessageType.BlockFrontEnd => "BLKIF_FE",
        MessageType.NetBackEnd => "NETIF_BE",
        MessageType.NetFrontEnd => "NETIF_FE",
        MessageType.Shutdown => "SHUTDOWN",
        MessageType.MemoryRequest => "MEM_REQUEST",
        MessageType.UsbBackEnd => "USBIF_BE",
        MessageType.UsbFrontEnd => "USBIF_FE",
        MessageType.VcpuHotplug => "VCPU_HOTPLUG",
        MessageType.Debug => "DEBUG",
        _ => null,
    };

    private static int Key(MessageType type, byte subtype) => ((byte)type << 8) | subtype;
}
