using static XcsSharp.Protocol.Payloads.Notation;

namespace XcsSharp.Protocol.Payloads;

/// <summary>Network devices: CMSG_NETIF_FE between dom0 and a guest's front end, CMSG_NETIF_BE between dom0 and the back end.</summary>
internal static class NetPayloads
{
    // NETIF_INTERFACE_STATUS_*
    private static readonly string?[] s_interface = ["CLOSED", "DISCONNECTED", "CONNECTED", "CHANGED"];

    // NETIF_DRIVER_STATUS_*
    private static readonly string?[] s_driver = ["DOWN", "UP"];

    // NETIF_BE_STATUS_*
    private static readonly string?[] s_result =
    [
        "OKAY", "ERROR", "INTERFACE_EXISTS", "INTERFACE_NOT_FOUND", "INTERFACE_CONNECTED", "OUT_OF_MEMORY", "MAPPING_ERROR",
    ];

    public static readonly PayloadDefinition[] All =
    [
        FrontEnd(0, "INTERFACE_STATUS", StatusOf("netif_fe_interface_status")),
        FrontEnd(32, "DRIVER_STATUS", Always(
            "netif_fe_driver_status", "2004-12-31", U32("status", s_driver), U32("max_handle"))),
        FrontEnd(
            33, "INTERFACE_CONNECT",
            Always(
                "netif_fe_interface_connect", "2004-12-31",
                U32("handle"), Gap(4), PaddedWord("tx_shmem_frame"), PaddedWord("rx_shmem_frame")),
            Unpacked(
                "netif_fe_interface_connect", "2005-08-14",
                U32("handle"), Word("tx_shmem_frame"), S32("tx_shmem_ref"), Word("rx_shmem_frame"), S32("rx_shmem_ref"))),
        FrontEnd(34, "INTERFACE_DISCONNECT", Always(
            "netif_fe_interface_disconnect", "2004-12-31", U32("handle"))),
        FrontEnd(35, "INTERFACE_QUERY", StatusOf("netif_fe_interface_query")),

        BackEnd(
            0, "CREATE",
            WhilePacked(
                "netif_be_create", "2004-12-31",
                U16("domid"), Gap(2), U32("netif_handle"), Mac("mac"), Gap(2), Result()),
            Always(
                "netif_be_create", "2005-02-01",
                U16("domid"), Gap(2), U32("netif_handle"), Mac("mac"), Gap(2), Mac("be_mac"), Gap(2), Result())),
        BackEnd(1, "DESTROY", OfInterface("netif_be_destroy")),
        BackEnd(
            2, "CONNECT",
            Always(
                "netif_be_connect", "2004-12-31",
                U16("domid"), Gap(2), U32("netif_handle"), PaddedWord("tx_shmem_frame"), PaddedWord("rx_shmem_frame"),
                U16("evtchn"), Gap(2), Result()),
            Unpacked(
                "netif_be_connect", "2005-08-14",
                U16("domid"), U32("netif_handle"), Word("tx_shmem_frame"), S32("tx_shmem_ref"), Word("rx_shmem_frame"),
                S32("rx_shmem_ref"), U16("evtchn"), Result())),
        BackEnd(3, "DISCONNECT", OfInterface("netif_be_disconnect")),
        BackEnd(4, "CREDITLIMIT", Always(
            "netif_be_creditlimit", "2005-03-02",
            U16("domid"), Gap(2), U32("netif_handle"), U32("credit_bytes"), U32("period_usec"), Result())),
        BackEnd(32, "DRIVER_STATUS", Always("netif_be_driver_status", "2004-12-31", U32("status", s_driver))),
    ];

    private static PayloadField Result() => U32("status", s_result);

    private static PayloadForm StatusOf(string structName) => Always(
        structName, "2004-12-31",
        U32("handle"), U32("status", s_interface), U16("evtchn"), Mac("mac"), U16("domid"));

    private static PayloadForm OfInterface(string structName)
        => Always(structName, "2004-12-31", U16("domid"), Gap(2), U32("netif_handle"), Result());

    private static PayloadDefinition FrontEnd(byte subtype, string name, params PayloadForm[] forms)
        => new(MessageType.NetFrontEnd, subtype, name, forms);

    private static PayloadDefinition BackEnd(byte subtype, string name, params PayloadForm[] forms)
        => new(MessageType.NetBackEnd, subtype, name, forms);
}
