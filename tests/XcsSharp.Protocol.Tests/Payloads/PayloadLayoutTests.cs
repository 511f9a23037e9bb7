using XcsSharp.Protocol.Payloads;

using Xunit;

namespace XcsSharp.Protocol.Tests.Payloads;

/// <summary>Every offset and size, in numbers.</summary>
public sealed class PayloadLayoutTests
{
    /// <summary>Names of the catalog that stand for no struct.</summary>
    private static readonly string[] s_withoutStruct = ["console text", "shutdown without a payload"];

    [Fact]
    public void Every_struct_of_every_version_and_ABI_lies_as_gcc_lays_it()
    {
        string[] ours = [.. OfCatalog().Select(Line).Distinct().Order(StringComparer.Ordinal)];
        string[] measured = [.. MeasuredLayouts.All.Select(Line).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(measured, ours);
        TestContext.Current.TestOutputHelper?.WriteLine($"{ours.Length} layouts");
    }

    /// <summary>The sizes that the specification of xcs gives (section 7): until July 2005, then i386 and x86-64.</summary>
    [Theory]
    [InlineData(MessageType.BlockFrontEnd, 0, 12, 12, 12)]
    [InlineData(MessageType.BlockFrontEnd, 32, 8, 8, 8)]
    [InlineData(MessageType.BlockFrontEnd, 33, 16, 12, 24)]
    [InlineData(MessageType.BlockBackEnd, 2, 24, 24, 32)]
    [InlineData(MessageType.NetFrontEnd, 0, 18, 20, 20)]
    [InlineData(MessageType.NetFrontEnd, 33, 24, 20, 40)]
    [InlineData(MessageType.NetBackEnd, 0, 28, 24, 24)]
    [InlineData(MessageType.NetBackEnd, 2, 32, 32, 48)]
    [InlineData(MessageType.BlockBackEnd, 4, 24, 24, 24)]
    public void Sizes_are_those_of_the_specification(MessageType type, byte subtype, int packed, int i386, int x64)
    {
        PayloadDefinition definition = PayloadCatalog.Find(type, subtype)!;
        Assert.Equal(
            [packed, packed, i386, x64],
            Enum.GetValues<PayloadAbi>().Select(abi => definition.NewestForm(abi)!.SizeOf(abi)));
    }

    [Fact]
    public void The_vbd_of_March_2005_had_sixteen_bytes()
    {
        PayloadForm form = PayloadCatalog.Find(MessageType.BlockBackEnd, 4)!.FormFor(PayloadAbi.Packed32, 16)!;
        Assert.Equal("2004-12-31", form.Since);
        Assert.Equal(["domid", "blkif_handle", "vdevice", "readonly", "status"], form.Fields.Select(field => field.Name));
    }

    [Fact]
    public void Versions_of_a_struct_in_one_ABI_are_told_apart_by_their_size()
    {
        foreach (PayloadDefinition definition in PayloadCatalog.All)
        {
            foreach (PayloadAbi abi in Enum.GetValues<PayloadAbi>())
            {
                int[] sizes = [.. definition.Forms.Where(form => form.Serves(abi)).Select(form => form.SizeOf(abi))];
                Assert.Equal(sizes.Distinct(), sizes);
                Assert.All(sizes, size => Assert.InRange(size, 0, ProtocolLimits.MaxPayload));
            }
        }
    }

    [Theory]
    [InlineData(MessageType.Console, "CONSOLE", "0:DATA")]
    [InlineData(
        MessageType.BlockBackEnd, "BLKIF_BE",
        "0:CREATE 1:DESTROY 2:CONNECT 3:DISCONNECT 4:VBD_CREATE 5:VBD_DESTROY 6:VBD_GROW 7:VBD_SHRINK 32:DRIVER_STATUS")]
    [InlineData(
        MessageType.BlockFrontEnd, "BLKIF_FE",
        "0:INTERFACE_STATUS 32:DRIVER_STATUS 33:INTERFACE_CONNECT 34:INTERFACE_DISCONNECT 35:INTERFACE_QUERY")]
    [InlineData(
        MessageType.NetBackEnd, "NETIF_BE", "0:CREATE 1:DESTROY 2:CONNECT 3:DISCONNECT 4:CREDITLIMIT 32:DRIVER_STATUS")]
    [InlineData(
        MessageType.NetFrontEnd, "NETIF_FE",
        "0:INTERFACE_STATUS 32:DRIVER_STATUS 33:INTERFACE_CONNECT 34:INTERFACE_DISCONNECT 35:INTERFACE_QUERY")]
    [InlineData((MessageType)5, null, "")]
    [InlineData(MessageType.Shutdown, "SHUTDOWN", "0:POWEROFF 1:REBOOT 2:SUSPEND 3:SYSRQ")]
    [InlineData(MessageType.MemoryRequest, "MEM_REQUEST", "0:SET")]
    [InlineData(
        MessageType.UsbBackEnd, "USBIF_BE",
        "0:CREATE 1:DESTROY 2:CONNECT 3:DISCONNECT 4:CLAIM_PORT 5:RELEASE_PORT 32:DRIVER_STATUS_CHANGED")]
    [InlineData(
        MessageType.UsbFrontEnd, "USBIF_FE",
        "0:INTERFACE_STATUS_CHANGED 32:DRIVER_STATUS_CHANGED 33:INTERFACE_CONNECT 34:INTERFACE_DISCONNECT")]
    [InlineData(MessageType.VcpuHotplug, "VCPU_HOTPLUG", "0:OFF 1:ON")]
    [InlineData(MessageType.Debug, "DEBUG", "0:CONNECTION_STATUS")]
    [InlineData((MessageType)12, null, "")]
    public void Types_and_subtypes_have_the_headers_names(MessageType type, string? name, string subtypes)
    {
        Assert.Equal(name, PayloadCatalog.TypeName(type));
        string[] ours = [.. Enumerable.Range(0, 256)
            .Select(subtype => PayloadCatalog.Find(type, (byte)subtype))
            .OfType<PayloadDefinition>()
            .Select(definition => $"{definition.Subtype}:{definition.Name}")];
        Assert.Equal(subtypes, string.Join(' ', ours));
    }

    [Theory]
    [InlineData(MessageType.BlockFrontEnd, 0, "CLOSED DISCONNECTED CONNECTED CHANGED -")]
    [InlineData(MessageType.BlockFrontEnd, 32, "DOWN UP -")]
    [InlineData(
        MessageType.BlockBackEnd, 0,
        "OKAY ERROR INTERFACE_EXISTS INTERFACE_NOT_FOUND INTERFACE_CONNECTED VBD_EXISTS VBD_NOT_FOUND OUT_OF_MEMORY"
        + " PHYSDEV_NOT_FOUND MAPPING_ERROR -")]
    [InlineData(MessageType.NetFrontEnd, 35, "CLOSED DISCONNECTED CONNECTED CHANGED -")]
    [InlineData(MessageType.NetBackEnd, 32, "DOWN UP -")]
    [InlineData(
        MessageType.NetBackEnd, 2,
        "OKAY ERROR INTERFACE_EXISTS INTERFACE_NOT_FOUND INTERFACE_CONNECTED OUT_OF_MEMORY MAPPING_ERROR -")]
    [InlineData(MessageType.UsbFrontEnd, 0, "DESTROYED DISCONNECTED CONNECTED -")]
    [InlineData(
        MessageType.UsbBackEnd, 0,
        "OKAY ERROR INTERFACE_EXISTS INTERFACE_NOT_FOUND INTERFACE_CONNECTED - - OUT_OF_MEMORY - MAPPING_ERROR -")]
    [InlineData(MessageType.Debug, 0, "- UP DOWN -")]
    [InlineData(MessageType.MemoryRequest, 0, "-")]
    public void Status_values_have_the_headers_names(MessageType type, byte subtype, string names)
    {
        PayloadField status = PayloadCatalog.Find(type, subtype)!.Forms[^1]["status"];
        string[] expected = names.Split(' ');
        Assert.Equal(expected, expected.Select((_, value) => status.ConstantName((ulong)value) ?? "-"));
        Assert.Null(status.ConstantName(ulong.MaxValue));
    }

    private static IEnumerable<MeasuredLayout> OfCatalog()
        => from definition in PayloadCatalog.All
           from form in definition.Forms
           from abi in Enum.GetValues<PayloadAbi>()
           where form.Serves(abi) && !s_withoutStruct.Contains(form.StructName)
           select new MeasuredLayout(form.StructName, abi, form.SizeOf(abi), Places(form, abi));

    private static string Places(PayloadForm form, PayloadAbi abi)
    {
        FieldPlace[] places = form.PlacesOf(abi).ToArray();
        return string.Join(' ', form.Fields.Zip(places, (field, place) => $"{field.Name}@{place.Offset}/{place.Size}"));
    }

    private static string Line(MeasuredLayout layout)
        => $"{layout.StructName} {layout.Abi.Name()} {layout.Size}: {layout.Places}";
}
