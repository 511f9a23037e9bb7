using static XcsSharp.Protocol.Payloads.Notation;

namespace XcsSharp.Protocol.Payloads;

/// <summary>USB host ports: CMSG_USBIF_FE between dom0 and a guest's front end, CMSG_USBIF_BE between dom0 and the back end.</summary>
internal static class UsbPayloads
{
    // USBIF_INTERFACE_STATUS_*
    private static readonly string?[] s_interface = ["DESTROYED", "DISCONNECTED", "CONNECTED"];

    // USBIF_DRIVER_STATUS_*
    private static readonly string?[] s_driver = ["DOWN", "UP"];

    // USBIF_BE_STATUS_*
    private static readonly string?[] s_result =
    [
        "OKAY", "ERROR", "INTERFACE_EXISTS", "INTERFACE_NOT_FOUND", "INTERFACE_CONNECTED", null, null, "OUT_OF_MEMORY",
        null, "MAPPING_ERROR",
    ];

    public static readonly PayloadDefinition[] All =
    [
        FrontEnd(0, "INTERFACE_STATUS_CHANGED", Always(
            "usbif_fe_interface_status_changed", "2005-01-19",
            U32("status", s_interface), U16("evtchn"), U16("domid"), U32("bandwidth"), U32("num_ports"))),
        FrontEnd(32, "DRIVER_STATUS_CHANGED", Always(
            "usbif_fe_driver_status_changed", "2005-01-19", U32("status", s_driver))),
        FrontEnd(33, "INTERFACE_CONNECT", Always(
            "usbif_fe_interface_connect", "2005-01-19", Gap(4), PaddedWord("shmem_frame"))),

        // An empty struct, until compilers other than gcc were thought of.
        FrontEnd(
            34, "INTERFACE_DISCONNECT",
            Always("usbif_fe_interface_disconnect", "2005-01-19"),
            Unpacked("usbif_fe_interface_disconnect", "2005-07-09", S32("dummy"))),

        BackEnd(0, "CREATE", OfInterface("usbif_be_create")),
        BackEnd(1, "DESTROY", OfInterface("usbif_be_destroy")),
        BackEnd(2, "CONNECT", Always(
            "usbif_be_connect", "2005-01-19",
            U16("domid"), Gap(2), PaddedWord("shmem_frame"), U32("evtchn"), U32("bandwidth"), Result())),
        BackEnd(3, "DISCONNECT", OfInterface("usbif_be_disconnect")),
        BackEnd(4, "CLAIM_PORT", Always(
            "usbif_be_claim_port", "2005-01-19", U16("domid"), U32("usbif_port"), Result(), Path("path"))),
        BackEnd(5, "RELEASE_PORT", Always("usbif_be_release_port", "2005-01-19", Path("path"))),
        BackEnd(32, "DRIVER_STATUS_CHANGED", Always(
            "usbif_be_driver_status_changed", "2005-01-19", U32("status", s_driver))),
    ];

    private static PayloadField Result() => U32("status", s_result);

    private static PayloadForm OfInterface(string structName)
        => Always(structName, "2005-01-19", U16("domid"), Gap(2), Result());

    private static PayloadDefinition FrontEnd(byte subtype, string name, params PayloadForm[] forms)
        => new(MessageType.UsbFrontEnd, subtype, name, forms);

    private static PayloadDefinition BackEnd(byte subtype, string name, params PayloadForm[] forms)
        => new(MessageType.UsbBackEnd, subtype, name, forms);
}
