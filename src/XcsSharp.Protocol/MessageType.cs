namespace XcsSharp.Protocol;

/// <summary>What a control message is about: its first byte (CMSG_* of the 2005 public headers).</summary>
public enum MessageType : byte
{
    /// <summary>CMSG_CONSOLE.</summary>
    Console = 0,

    /// <summary>CMSG_BLKIF_BE.</summary>
    BlockBackEnd = 1,

    /// <summary>CMSG_BLKIF_FE.</summary>
    BlockFrontEnd = 2,

    /// <summary>CMSG_NETIF_BE.</summary>
    NetBackEnd = 3,

    /// <summary>CMSG_NETIF_FE.</summary>
    NetFrontEnd = 4,

    /// <summary>CMSG_SHUTDOWN.</summary>
    Shutdown = 6,

    /// <summary>CMSG_MEM_REQUEST.</summary>
    MemoryRequest = 7,

    /// <summary>CMSG_USBIF_BE.</summary>
    UsbBackEnd = 8,

    /// <summary>CMSG_USBIF_FE.</summary>
    UsbFrontEnd = 9,

    /// <summary>CMSG_VCPU_HOTPLUG.</summary>
    VcpuHotplug = 10,

    /// <summary>CMSG_DEBUG.</summary>
    Debug = 11,
}
