using System.Text;
using System.Text.Json;

using XcsSharp.Client.Capture;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Client.Tests.Capture;

public sealed class RecordJsonTests
{
    [Fact]
    public void A_record_is_one_line_with_all_that_is_known()
        => Assert.Equal(
            """
            {"time":"2026-11-24T12:00:00.123456Z","direction":"from-guest","domid":3,"name":"web","port":17,
            "record":"request","type":2,"type_name":"CMSG_BLKIF_FE","subtype":0,
            "subtype_name":"CMSG_BLKIF_FE_INTERFACE_STATUS","id":7,"length":12,"abi":"natural64",
            "struct":"blkif_fe_interface_status","struct_size":12,"fit":"whole",
            "fields":{"handle":1,"status":2,"status_name":"CONNECTED","evtchn":9,"domid":0},
            "data":"010000000200000009000000"}
            """.ReplaceLineEndings("") + "\n",
            Written(CaptureSamples.FromGuest(CaptureSamples.Message(
                MessageType.BlockFrontEnd, 0, 7, PayloadAbi.Natural64, ("handle", 1), ("status", 2), ("evtchn", 9)))));

    [Fact]
    public void Console_text_is_a_string_and_its_bytes_are_kept_in_hex()
    {
        byte[] text = [.. "gr\u00fcn\e[0m\""u8, 0xff];
        string line = Written(CaptureSamples.FromGuest(CaptureSamples.Console(text)));
        using JsonDocument document = JsonDocument.Parse(line);
        Assert.Equal("grün\e[0m\"\ufffd", document.RootElement.GetProperty("fields").GetProperty("text").GetString());
        Assert.Equal(Convert.ToHexStringLower(text), document.RootElement.GetProperty("data").GetString());
        Assert.DoesNotContain(line[..^1], c => c is < ' ' or > '~');
    }

    [Fact]
    public void Numbers_signs_addresses_and_paths_keep_their_kind()
    {
        PayloadForm claim = PayloadCatalog.Find(MessageType.UsbBackEnd, 4)!.Forms[^1];
        PayloadForm create = PayloadCatalog.Find(MessageType.NetBackEnd, 0)!.Forms[^1];
        PayloadForm connect = PayloadCatalog.Find(MessageType.BlockFrontEnd, 33)!.Forms[^1];
        PayloadForm sysRq = DomainPayloads.SysRq.Forms[0];
        Assert.Equal("1-1.2", Field(MessageType.UsbBackEnd, 4, "path", claim["path"].Of("1-1.2\0x"u8.ToArray())).GetString());
        Assert.Equal(
            "aa:00:00:00:00:01",
            Field(MessageType.NetBackEnd, 0, "mac", create["mac"].Of(new byte[] { 0xaa, 0, 0, 0, 0, 1 })).GetString());
        Assert.Equal(-1, Field(MessageType.BlockFrontEnd, 33, "shmem_ref", connect["shmem_ref"].Of(uint.MaxValue)).GetInt32());
        Assert.Equal(
            ulong.MaxValue,
            Field(MessageType.BlockFrontEnd, 33, "shmem_frame", connect["shmem_frame"].Of(ulong.MaxValue)).GetUInt64());
        Assert.Equal("h", Field(MessageType.Shutdown, 3, "key", sysRq["key"].Of('h')).GetString());
    }

    [Fact]
    public void A_virtual_interrupt_has_no_message()
        => Assert.Equal(
            """{"time":"2026-11-24T12:00:00.123456Z","direction":"from-guest","domid":0,"name":"","port":44,"record":"virq"}"""
            + "\n",
            Written(CapturedRecord.Received(CaptureSamples.Virq(44), CaptureSamples.Noon)));

    [Fact]
    public void What_is_no_message_has_the_fields_of_its_record()
    {
        string[] lines = Written(CaptureSamples.OtherRecords()).Split('\n');
        Assert.EndsWith(
            """
            "record":"write-lock","record_fields":{"port":17,"type":0,"type_name":"console","action":1,"action_name":"release",
            "result":1,"result_name":"failed"}}
            """.ReplaceLineEndings(""), lines[6]);
        Assert.EndsWith(
            """
            "record":"connect-extended","record_fields":{"session":0,"version":1,"extensions":6,"extensions_name":"news\u002Bcredit",
            "credit":64}}
            """.ReplaceLineEndings(""), lines[9]);
        Assert.EndsWith(
            """
            "data":"01000000","number":77,"record_fields":{"reason":2,"reason_name":"no-channel"}}
            """, lines[13]);
        Assert.EndsWith(
            """
            "name":"web","port":17,"record":"domain-news","record_fields":{"domid":3,"kind":1,"kind_name":"exists","life":2,
            "local_port":17,"remote_port":1,"name":"web"}}
            """.ReplaceLineEndings(""), lines[14]);
        Assert.EndsWith("\"record\":\"gap\",\"record_fields\":{\"lost\":5}}", lines[15]);
    }

    [Fact]
    public void Every_record_gives_a_line_that_is_JSON()
    {
        Random random = CaptureSamples.Seeded();
        CapturedRecord[] records = [.. Enumerable.Range(0, 5000).Select(_ => CaptureSamples.Random(random))];
        string[] lines = Written(records).Split('\n');
        Assert.Equal(records.Length, lines.Length - 1);
        for (int i = 0; i < records.Length; i++)
        {
            using JsonDocument document = JsonDocument.Parse(lines[i]);
            Assert.Equal(records[i].Domid, document.RootElement.GetProperty("domid").GetUInt32());
            if (records[i].HasMessage)
            {
                Assert.Equal(
                    Convert.ToHexStringLower(records[i].Record.Message.Data),
                    document.RootElement.GetProperty("data").GetString());
            }
        }
    }

    private static JsonElement Field(MessageType type, byte subtype, string field, FieldValue value)
    {
        ControlMessage message =
            PayloadCatalog.Find(type, subtype)!.CreateMessage(PayloadAbi.Natural64, 1, value);
        using JsonDocument document = JsonDocument.Parse(Written(CaptureSamples.FromGuest(message)));
        return document.RootElement.GetProperty("fields").GetProperty(field).Clone();
    }

    private static string Written(params CapturedRecord[] records)
    {
        using MemoryStream output = new();
        using RecordJson json = new(output);
        foreach (CapturedRecord record in records)
        {
            json.Write(record);
        }

        return Encoding.UTF8.GetString(output.ToArray());
    }
}
