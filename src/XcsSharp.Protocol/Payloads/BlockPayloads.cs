using static XcsSharp.Protocol.Payloads.Notation;

namespace XcsSharp.Protocol.Payloads;

/// <summary>Block devices: CMSG_BLKIF_FE between dom0 and a guest's front end, CMSG_BLKIF_BE between dom0 and the back end.</summary>
internal static class BlockPayloads
{
    // BLKIF_INTERFACE_STATUS_*
    private static readonly string?[] s_interface = ["CLOSED", "DISCONNECTED", "CONNECTED", "CHANGED"];

    // BLKIF_DRIVER_STATUS_*
    private static readonly string?[] s_driver = ["DOWN", "UP"];

    // BLKIF_BE_STATUS_*; 8 was EXTENT_NOT_FOUND until 2005-03-31
    private static readonly string?[] s_result =
    [
        "OKAY", "ERROR", "INTERFACE_EXISTS", "INTERFACE_NOT_FOUND", "INTERFACE_CONNECTED", "VBD_EXISTS", "VBD_NOT_FOUND",
        "OUT_OF_MEMORY", "PHYSDEV_NOT_FOUND", "MAPPING_ERROR",
    ];

    public static readonly PayloadDefinition[] All =
    [
        FrontEnd(0, "INTERFACE_STATUS", Always(
            "blkif_fe_interface_status", "2004-12-31",
            U32("handle"), U32("status", s_interface), U16("evtchn"), U16("domid"))),
        FrontEnd(32, "DRIVER_STATUS", Always(
            "blkif_fe_driver_status", "2004-12-31", U32("status", s_driver), U32("max_handle"))),
        FrontEnd(
            33, "INTERFACE_CONNECT",
            Always(
                "blkif_fe_interface_connect", "2004-12-31", U32("handle"), Gap(4), PaddedWord("shmem_frame")),
            Unpacked(
                "blkif_fe_interface_connect", "2005-07-06", U32("handle"), Word("shmem_frame"), S32("shmem_ref"))),
        FrontEnd(34, "INTERFACE_DISCONNECT", Always(
            "blkif_fe_interface_disconnect", "2004-12-31", U32("handle"))),
        FrontEnd(35, "INTERFACE_QUERY", Always(
            "blkif_fe_interface_query", "2004-12-31",
            U32("handle"), U32("status", s_interface), U16("evtchn"), U16("domid"))),

        BackEnd(0, "CREATE", OfInterface("blkif_be_create")),
        BackEnd(1, "DESTROY", OfInterface("blkif_be_destroy")),
        BackEnd(
            2, "CONNECT",
            Always(
                "blkif_be_connect", "2004-12-31",
                U16("domid"), Gap(2), U32("blkif_handle"), PaddedWord("shmem_frame"), U32("evtchn"), Result()),
            Unpacked(
                "blkif_be_connect", "2005-07-06",
                U16("domid"), U32("blkif_handle"), Word("shmem_frame"), S32("shmem_ref"), U32("evtchn"), Result())),
        BackEnd(3, "DISCONNECT", OfInterface("blkif_be_disconnect")),
        BackEnd(
            4, "VBD_CREATE",
            WhilePacked(
                "blkif_be_vbd_create", "2004-12-31",
                U16("domid"), Gap(2), U32("blkif_handle"), U16("vdevice"), U16("readonly"), Result()),
            WhilePacked(
                "blkif_be_vbd_create", "2005-03-31",
                U16("domid"), Gap(2), U32("blkif_handle"), U32("pdevice"), U16("vdevice"), U16("readonly"), Result()),
            Always(
                "blkif_be_vbd_create", "2005-05-19",
                U16("domid"), Gap(2), U32("blkif_handle"), U32("pdevice"), U32("dev_handle"), U16("vdevice"),
                U16("readonly"), Result())),
        BackEnd(5, "VBD_DESTROY", Always(
            "blkif_be_vbd_destroy", "2004-12-31",
            U16("domid"), Gap(2), U32("blkif_handle"), U16("vdevice"), Gap(2), Result())),

        // The device was u16 with two bytes of padding until 2005-03-10; the two cannot be told apart.
        BackEnd(6, "VBD_GROW", WhilePacked(
            "blkif_be_vbd_grow", "2005-03-10",
            U16("domid"), Gap(2), U32("blkif_handle"), U64("extent.sector_start"), U64("extent.sector_length"),
            U32("extent.device"), U16("vdevice"), Gap(2), Result())),
        BackEnd(7, "VBD_SHRINK", WhilePacked(
            "blkif_be_vbd_shrink", "2004-12-31",
            U16("domid"), Gap(2), U32("blkif_handle"), U16("vdevice"), Gap(2), Result())),
        BackEnd(32, "DRIVER_STATUS", Always("blkif_be_driver_status", "2004-12-31", U32("status", s_driver))),
    ];

    private static PayloadField Result() => U32("status", s_result);

    private static PayloadForm OfInterface(string structName)
        => Always(structName, "2004-12-31", U16("domid"), Gap(2), U32("blkif_handle"), Result());

    private static PayloadDefinition FrontEnd(byte subtype, string name, params PayloadForm[] forms)
        => new(MessageType.BlockFrontEnd, subtype, name, forms);

    private static PayloadDefinition BackEnd(byte subtype, string name, params PayloadForm[] forms)
        => new(MessageType.BlockBackEnd, subtype, name, forms);
}
