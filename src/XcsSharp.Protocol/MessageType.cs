namespace XcsSharp.Protocol;

/// <summary>What a control message is about: its first byte (CMSG_* of the 2005 public headers).</summary>
public enum MessageType : byte
{
    Console = 0,          // CMSG_CONSOLE
    BlockBackEnd = 1,     // CMSG_BLKIF_BE
    BlockFrontEnd = 2,    // CMSG_BLKIF_FE
    NetBackEnd = 3,       // CMSG_NETIF_BE
    NetFrontEnd = 4,      // CMSG_NETIF_FE
    Shutdown = 6,         // CMSG_SHUTDOWN
    MemoryRequest = 7,    // CMSG_MEM_REQUEST
    UsbBackEnd = 8,       // CMSG_USBIF_BE
    UsbFrontEnd = 9,      // CMSG_USBIF_FE
    VcpuHotplug = 10,     // CMSG_VCPU_HOTPLUG
    Debug = 11,           // CMSG_DEBUG
}
