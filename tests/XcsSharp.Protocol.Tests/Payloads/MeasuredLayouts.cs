using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Protocol.Tests.Payloads;

/// <summary>One struct as a compiler lays it out: its size, and each field as <c>name@offset/size</c>.</summary>
internal sealed record MeasuredLayout(string StructName, PayloadAbi Abi, int Size, string Places);

/// <summary>
/// What gcc 12 (-m32 and -m64) says of every struct in every version of the public header, from 8b313272dd to
/// d9eb7e09d7. Measured, not computed: the numbers hold our rule of alignment to account.
/// </summary>
internal static class MeasuredLayouts
{
    // Left out: blkif_be_vbd_grow until 2005-03-10, which had 2 bytes of extent.device and 2 of padding.
    private const string Table = """
        blkif_fe_interface_status | all | 12 | handle@0/4 status@4/4 evtchn@8/2 domid@10/2
        blkif_fe_driver_status | all | 8 | status@0/4 max_handle@4/4
        blkif_fe_interface_connect | packed32 | 16 | handle@0/4 shmem_frame@8/4
        blkif_fe_interface_connect | packed64 natural64 | 16 | handle@0/4 shmem_frame@8/8
        blkif_fe_interface_connect | natural32 | 8 | handle@0/4 shmem_frame@4/4
        blkif_fe_interface_connect | natural32 | 12 | handle@0/4 shmem_frame@4/4 shmem_ref@8/4
        blkif_fe_interface_connect | natural64 | 24 | handle@0/4 shmem_frame@8/8 shmem_ref@16/4
        blkif_fe_interface_disconnect | all | 4 | handle@0/4
        blkif_fe_interface_query | all | 12 | handle@0/4 status@4/4 evtchn@8/2 domid@10/2
        blkif_be_create | all | 12 | domid@0/2 blkif_handle@4/4 status@8/4
        blkif_be_destroy | all | 12 | domid@0/2 blkif_handle@4/4 status@8/4
        blkif_be_connect | packed32 | 24 | domid@0/2 blkif_handle@4/4 shmem_frame@8/4 evtchn@16/4 status@20/4
        blkif_be_connect | packed64 natural64 | 24 | domid@0/2 blkif_handle@4/4 shmem_frame@8/8 evtchn@16/4 status@20/4
        blkif_be_connect | natural32 | 20 | domid@0/2 blkif_handle@4/4 shmem_frame@8/4 evtchn@12/4 status@16/4
        blkif_be_connect | natural32 | 24 | domid@0/2 blkif_handle@4/4 shmem_frame@8/4 shmem_ref@12/4 evtchn@16/4 status@20/4
        blkif_be_connect | natural64 | 32 | domid@0/2 blkif_handle@4/4 shmem_frame@8/8 shmem_ref@16/4 evtchn@20/4 status@24/4
        blkif_be_disconnect | all | 12 | domid@0/2 blkif_handle@4/4 status@8/4
        blkif_be_vbd_create | packed | 16 | domid@0/2 blkif_handle@4/4 vdevice@8/2 readonly@10/2 status@12/4
        blkif_be_vbd_create | packed | 20 | domid@0/2 blkif_handle@4/4 pdevice@8/4 vdevice@12/2 readonly@14/2 status@16/4
        blkif_be_vbd_create | all | 24 | domid@0/2 blkif_handle@4/4 pdevice@8/4 dev_handle@12/4 vdevice@16/2 readonly@18/2 status@20/4
        blkif_be_vbd_destroy | all | 16 | domid@0/2 blkif_handle@4/4 vdevice@8/2 status@12/4
        blkif_be_vbd_grow | packed | 36 | domid@0/2 blkif_handle@4/4 extent.sector_start@8/8 extent.sector_length@16/8 extent.device@24/4 vdevice@28/2 status@32/4
        blkif_be_vbd_shrink | packed | 16 | domid@0/2 blkif_handle@4/4 vdevice@8/2 status@12/4
        blkif_be_driver_status | all | 4 | status@0/4
        netif_fe_interface_status | packed | 18 | handle@0/4 status@4/4 evtchn@8/2 mac@10/6 domid@16/2
        netif_fe_interface_status | natural | 20 | handle@0/4 status@4/4 evtchn@8/2 mac@10/6 domid@16/2
        netif_fe_driver_status | all | 8 | status@0/4 max_handle@4/4
        netif_fe_interface_connect | packed32 | 24 | handle@0/4 tx_shmem_frame@8/4 rx_shmem_frame@16/4
        netif_fe_interface_connect | packed64 natural64 | 24 | handle@0/4 tx_shmem_frame@8/8 rx_shmem_frame@16/8
        netif_fe_interface_connect | natural32 | 12 | handle@0/4 tx_shmem_frame@4/4 rx_shmem_frame@8/4
        netif_fe_interface_connect | natural32 | 20 | handle@0/4 tx_shmem_frame@4/4 tx_shmem_ref@8/4 rx_shmem_frame@12/4 rx_shmem_ref@16/4
        netif_fe_interface_connect | natural64 | 40 | handle@0/4 tx_shmem_frame@8/8 tx_shmem_ref@16/4 rx_shmem_frame@24/8 rx_shmem_ref@32/4
        netif_fe_interface_disconnect | all | 4 | handle@0/4
        netif_fe_interface_query | packed | 18 | handle@0/4 status@4/4 evtchn@8/2 mac@10/6 domid@16/2
        netif_fe_interface_query | natural | 20 | handle@0/4 status@4/4 evtchn@8/2 mac@10/6 domid@16/2
        netif_be_create | packed | 20 | domid@0/2 netif_handle@4/4 mac@8/6 status@16/4
        netif_be_create | packed | 28 | domid@0/2 netif_handle@4/4 mac@8/6 be_mac@16/6 status@24/4
        netif_be_create | natural | 24 | domid@0/2 netif_handle@4/4 mac@8/6 be_mac@14/6 status@20/4
        netif_be_destroy | all | 12 | domid@0/2 netif_handle@4/4 status@8/4
        netif_be_connect | packed32 | 32 | domid@0/2 netif_handle@4/4 tx_shmem_frame@8/4 rx_shmem_frame@16/4 evtchn@24/2 status@28/4
        netif_be_connect | packed64 natural64 | 32 | domid@0/2 netif_handle@4/4 tx_shmem_frame@8/8 rx_shmem_frame@16/8 evtchn@24/2 status@28/4
        netif_be_connect | natural32 | 24 | domid@0/2 netif_handle@4/4 tx_shmem_frame@8/4 rx_shmem_frame@12/4 evtchn@16/2 status@20/4
        netif_be_connect | natural32 | 32 | domid@0/2 netif_handle@4/4 tx_shmem_frame@8/4 tx_shmem_ref@12/4 rx_shmem_frame@16/4 rx_shmem_ref@20/4 evtchn@24/2 status@28/4
        netif_be_connect | natural64 | 48 | domid@0/2 netif_handle@4/4 tx_shmem_frame@8/8 tx_shmem_ref@16/4 rx_shmem_frame@24/8 rx_shmem_ref@32/4 evtchn@36/2 status@40/4
        netif_be_disconnect | all | 12 | domid@0/2 netif_handle@4/4 status@8/4
        netif_be_driver_status | all | 4 | status@0/4
        mem_request | all | 8 | target@0/4 status@4/4
        usbif_fe_interface_status_changed | all | 16 | status@0/4 evtchn@4/2 domid@6/2 bandwidth@8/4 num_ports@12/4
        usbif_fe_driver_status_changed | all | 4 | status@0/4
        usbif_fe_interface_connect | packed32 | 12 | shmem_frame@4/4
        usbif_fe_interface_connect | packed64 | 12 | shmem_frame@4/8
        usbif_fe_interface_connect | natural32 | 4 | shmem_frame@0/4
        usbif_fe_interface_connect | natural64 | 8 | shmem_frame@0/8
        usbif_fe_interface_disconnect | all | 0 |
        usbif_fe_interface_disconnect | natural | 4 | dummy@0/4
        usbif_be_create | all | 8 | domid@0/2 status@4/4
        usbif_be_destroy | all | 8 | domid@0/2 status@4/4
        usbif_be_connect | packed32 | 24 | domid@0/2 shmem_frame@4/4 evtchn@12/4 bandwidth@16/4 status@20/4
        usbif_be_connect | packed64 | 24 | domid@0/2 shmem_frame@4/8 evtchn@12/4 bandwidth@16/4 status@20/4
        usbif_be_connect | natural32 | 20 | domid@0/2 shmem_frame@4/4 evtchn@8/4 bandwidth@12/4 status@16/4
        usbif_be_connect | natural64 | 32 | domid@0/2 shmem_frame@8/8 evtchn@16/4 bandwidth@20/4 status@24/4
        usbif_be_disconnect | all | 8 | domid@0/2 status@4/4
        usbif_be_driver_status_changed | all | 4 | status@0/4
        usbif_be_claim_port | packed | 26 | domid@0/2 usbif_port@2/4 status@6/4 path@10/16
        usbif_be_claim_port | natural | 28 | domid@0/2 usbif_port@4/4 status@8/4 path@12/16
        usbif_be_release_port | all | 16 | path@0/16
        netif_be_creditlimit | all | 20 | domid@0/2 netif_handle@4/4 credit_bytes@8/4 period_usec@12/4 status@16/4
        shutdown_sysrq | packed | 4 | key@0/1
        shutdown_sysrq | natural | 1 | key@0/1
        vcpu_hotplug | all | 8 | vcpu@0/4 status@4/4
        pdb_connection | packed32 natural32 | 12 | status@0/4 ring@4/4 evtchn@8/4
        pdb_connection | packed64 | 16 | status@0/4 ring@4/8 evtchn@12/4
        pdb_connection | natural64 | 24 | status@0/4 ring@8/8 evtchn@16/4
        """;

    public static IReadOnlyList<MeasuredLayout> All { get; } = [.. Table.Split('\n').SelectMany(Parse)];

    private static IEnumerable<MeasuredLayout> Parse(string line)
    {
        string[] cells = [.. line.Split('|').Select(cell => cell.Trim())];
        return cells[1].Split(' ').SelectMany(AbisOf)
            .Select(abi => new MeasuredLayout(cells[0], abi, int.Parse(cells[2]), cells[3]));
    }

    private static PayloadAbi[] AbisOf(string word) => word switch
    {
        "packed" => [PayloadAbi.Packed32, PayloadAbi.Packed64],
        "natural" => [PayloadAbi.Natural32, PayloadAbi.Natural64],
        "all" => Enum.GetValues<PayloadAbi>(),
        _ => PayloadAbis.TryParse(word, out PayloadAbi abi) ? [abi] : throw new FormatException(word),
    };
}
