using System.Globalization;
using System.Text;
using System.Text.Json;

using XcsSharp.Client.Capture;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;
using XcsSharp.TestKit;

namespace XcsSharp.Client.Tests.Capture;

/// <summary>Captures as Wireshark's dissector shows them: what xcs.lua reads must be what we read.</summary>
public sealed class DissectorTests : IDisposable
{
    private const string Tshark = "/usr/bin/tshark";

    private readonly PrivateDirectory _folder;

    public DissectorTests()
    {
        Assert.SkipUnless(File.Exists(Tshark), $"{Tshark} is missing (package tshark)");
        _folder = new PrivateDirectory("pcap");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_header_and_the_message_are_shown()
    {
        ControlMessage liar = CaptureSamples.Console("x"u8);
        liar.Length = 200;
        string[][] rows = await DissectAsync(
            [
                CaptureSamples.FromGuest(CaptureSamples.Console("login: "u8, id: 5)),
                CaptureSamples.ToGuest(CaptureSamples.Message(
                    MessageType.BlockFrontEnd, 0, 7, PayloadAbi.Natural64, ("status", 2))),
                CaptureSamples.FromGuest(
                    ControlMessage.Create((MessageType)77, 6, 1, [0xAB]), RecordType.Response, name: "", PayloadAbi.Packed32),
                CapturedRecord.Received(CaptureSamples.Virq(44), CaptureSamples.Noon),
                CaptureSamples.FromGuest(liar),
            ],
            "xcs.direction", "xcs.abi", "xcs.domid", "xcs.port", "xcs.name", "xcs.record", "xcs.type", "xcs.type_name",
            "xcs.subtype", "xcs.subtype_name", "xcs.id", "xcs.length", "xcs.console.text", "xcs.misfit", "xcs.unknown");
        Assert.Equal(
            [
                ["0", "3", "3", "17", "web", "9", "0", "CMSG_CONSOLE", "0", "CMSG_CONSOLE_DATA", "5", "7", "login: ", "", ""],
                [
                    "1", "3", "3", "17", "web", "10", "2", "CMSG_BLKIF_FE", "0", "CMSG_BLKIF_FE_INTERFACE_STATUS", "7", "12",
                    "", "", "",
                ],
                ["0", "0", "3", "17", "", "10", "77", "", "6", "", "1", "1", "", "", "1"],
                ["0", "3", "0", "44", "", "11", "", "", "", "", "", "", "", "", ""],
            ],
            rows[..4]);
        Assert.Equal(("200", "1"), (rows[4][11], rows[4][13]));
    }

    [Fact]
    public async Task The_list_of_packets_says_who_and_what()
    {
        string[][] rows = await DissectAsync(
            [
                CaptureSamples.FromGuest(CaptureSamples.Console("login: "u8, id: 5)),
                CaptureSamples.ToGuest(
                    CaptureSamples.Message(
                        MessageType.MemoryRequest, 0, 7, PayloadAbi.Natural64, ("target", 4096), ("status", 1)),
                    RecordType.Request),
                CaptureSamples.FromGuest(CaptureSamples.Message(
                    MessageType.BlockFrontEnd, 33, 9, PayloadAbi.Natural64,
                    ("handle", 1), ("shmem_frame", 0xffff888000001f00), ("shmem_ref", uint.MaxValue))),
                CaptureSamples.FromGuest(CaptureSamples.Message(
                    MessageType.NetBackEnd, 32, 8, PayloadAbi.Natural64, ("status", 1))),
                CapturedRecord.Received(CaptureSamples.Virq(44), CaptureSamples.Noon),
            ],
            "_ws.col.Protocol", "_ws.col.Source", "_ws.col.Destination", "_ws.col.Info", "frame.time_epoch",
            "frame.packet_flags_direction");
        string time = (CaptureSamples.Noon - DateTimeOffset.UnixEpoch).TotalSeconds.ToString("F6", CultureInfo.InvariantCulture) + "000";
        Assert.Equal(
            [
                ["XCS", "web(3)", "dom0", "request CONSOLE DATA id 5 len 7 login: ", time, "0x00000001"],
                ["XCS", "dom0", "web(3)", "request MEM_REQUEST SET id 7 len 8 target=4096 status=1", time, "0x00000002"],
                [
                    "XCS", "web(3)", "dom0",
                    "request BLKIF_FE INTERFACE_CONNECT id 9 len 24 handle=1 shmem_frame=0xffff888000001f00 shmem_ref=-1",
                    time, "0x00000001",
                ],
                ["XCS", "web(3)", "dom0", "request NETIF_BE DRIVER_STATUS id 8 len 4 status=UP", time, "0x00000001"],
                ["XCS", "dom0", "dom0", "virq port 44", time, "0x00000001"],
            ],
            rows);
    }

    [Fact]
    public async Task Every_record_has_the_fields_that_json_has()
    {
        Random random = CaptureSamples.Seeded();
        RecordType[] types = [.. Enum.GetValues<RecordType>().Where(type => type is not (RecordType.Request or RecordType.Response))];
        List<CapturedRecord> records = [];
        for (int i = 0; i < 20 * types.Length; i++)
        {
            XcsRecord record = CaptureSamples.Random(random).Record;
            record.Type = types[i % types.Length];
            record.Reason = (UndeliveredReason)random.Next(12);
            record.LockAction = (WriteLockAction)random.Next(4);
            record.DomainName = RecordName.Of(i % 2 == 0 ? "web" : new string('n', 48));
            records.Add(random.Next(2) == 0
                ? CapturedRecord.Received(record, CaptureSamples.Noon)
                : CapturedRecord.Sent(record, CaptureSamples.Noon));
        }

        JsonElement[] json = [.. records.Select(AsJson)];
        string[] names = [.. json.SelectMany(FieldsOf).Select(field => field.Key).Distinct()];
        string[][] rows = await DissectAsync(records, ["xcs.record", "xcs.misfit", "_ws.lua.error", .. names]);
        Assert.Equal(records.Count, rows.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            Assert.Equal($"{(uint)records[i].Record.Type}", rows[i][0]);
            Assert.Equal("", rows[i][2]);
            Assert.True(records[i].HasMessage || rows[i][1].Length == 0, "a record has the size that it has");
            Assert.Equal(
                FieldsOf(json[i]).Where(field => field.Value.Length > 0).OrderBy(field => field.Key),
                names.Zip(rows[i][3..], KeyValuePair.Create).Where(field => field.Value.Length > 0).OrderBy(field => field.Key));
        }
    }

    [Fact]
    public async Task The_list_of_packets_says_what_other_records_are()
    {
        string[][] rows = await DissectAsync(CaptureSamples.OtherRecords(), "_ws.col.Source", "_ws.col.Info", "xcs.number");
        Assert.Equal(
            [
                ["dom0", "connect-control session=7", ""],
                ["dom0", "connect-data session=7", ""],
                ["dom0", "goodbye", ""],
                ["dom0", "bind port=-268435457 type=all", ""],
                ["dom0", "unbind port=17 type=2", ""],
                ["dom0", "virq-bind port=0 virq=3", ""],
                ["dom0", "write-lock port=17 type=0 action=release", ""],
                ["dom0", "open-interface domid=3 local_port=17 remote_port=1", ""],
                ["dom0", "close-interface domid=3 local_port=17 remote_port=1", ""],
                ["dom0", "connect-extended session=0 version=1 extensions=6 credit=64", ""],
                ["dom0", "bind-domain domid=3 type=virq", ""],
                ["dom3", "unbind-domain domid=3 type=300", ""],
                ["dom0", "credit credit=500", ""],
                ["dom3", "undelivered BLKIF_FE INTERFACE_DISCONNECT id 4 len 4 handle=1 reason=no-channel", "77"],
                ["web(3)", "domain-news domid=3 kind=exists life=2 local_port=17 remote_port=1", ""],
                ["dom0", "gap lost=5", ""],
                ["dom0", "record 4711", ""],
            ],
            rows);
    }

    [Fact]
    public async Task Nothing_that_a_terminal_obeys_gets_into_the_list()
    {
        byte[] text = Encoding.UTF8.GetBytes("\r\n\t\e[2J\a\u009b31m\u202etxt\u2066\u2028\ufeff\\ü漢");
        string[][] rows = await DissectAsync(
            [CaptureSamples.FromGuest(CaptureSamples.Console(text, id: 5), name: "a\nb\e]0;c\a\u0085")],
            "_ws.col.Source", "_ws.col.Info");
        Assert.Equal(
            [[
                @"a\nb\e]0;c\x07\xc2\x85(3)",
                @"request CONSOLE DATA id 5 len 34 \r\n\t\e[2J\x07\xc2\x9b31m\xe2\x80\xaetxt\xe2\x81\xa6\xe2\x80\xa8\xef\xbb\xbf\\ü漢",
            ]],
            rows);
    }

    [Fact]
    public async Task Every_field_of_every_form_and_ABI_has_our_value()
    {
        Random random = CaptureSamples.Seeded();
        List<CapturedRecord> records = [];
        foreach (PayloadDefinition definition in PayloadCatalog.All)
        {
            foreach (PayloadAbi abi in Enum.GetValues<PayloadAbi>())
            {
                foreach (PayloadForm form in definition.Forms.Where(form => form.Serves(abi)))
                {
                    byte[] payload = form.Encode(abi, Values(form, abi, random));
                    records.Add(Of(definition, abi, payload));
                    if (payload.Length > 1)
                    {
                        records.Add(Of(definition, abi, payload[..^1]));
                        records.Add(Of(definition, abi, [.. payload, 0x55]));
                    }
                }
            }
        }

        string[] names = [.. PayloadCatalog.All
            .SelectMany(definition => definition.Forms)
            .SelectMany(form => form.Fields.Select(field => Abbreviation(form, field)))
            .Distinct()];
        string[][] rows = await DissectAsync(records, [.. names, "xcs.misfit"]);
        Assert.Equal(records.Count, rows.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            AssertRow(records[i].Decode(), names, rows[i]);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{records.Count} packets, {names.Length} fields");
    }

    [Fact]
    public async Task Any_record_is_dissected_to_its_end()
    {
        Random random = CaptureSamples.Seeded();
        List<CapturedRecord> records = [];
        for (int i = 0; i < 5000; i++)
        {
            CapturedRecord any = CaptureSamples.Random(random);
            XcsRecord record = any.Record;
            record.Type = (RecordType)random.Next(8, 13);
            record.Message.Type = (MessageType)random.Next(14);
            record.Message.Subtype = (byte)random.Next(40);
            record.Message.Length = (byte)random.Next(random.Next(2) == 0 ? 61 : 256);
            records.Add(any with { Record = record, Abi = (PayloadAbi)random.Next(6) });
        }

        string[][] rows = await DissectAsync(records, "xcs.port", "xcs.length", "_ws.lua.error");
        Assert.Equal(
            records.Select(any => (any.LocalPort, any.HasMessage ? $"{any.Record.Message.Length}" : "", "")),
            rows.Select(row => (int.Parse(row[0], CultureInfo.InvariantCulture), row[1], row[2])));
    }

    [Fact]
    public async Task Files_that_other_tools_rewrote_are_read()
    {
        Random random = CaptureSamples.Seeded();
        CapturedRecord[] records = [.. Enumerable.Range(0, 50).Select(_ => CaptureSamples.Random(random))];
        await File.WriteAllBytesAsync(_folder["1"], CaptureOf(records), TestContext.Current.CancellationToken);
        await RunAsync("/usr/bin/editcap", "-F", "pcapng", _folder["1"], _folder["2"]);
        await RunAsync("/usr/bin/mergecap", "-a", "-w", _folder["3"], _folder["1"], _folder["2"]);
        await RunAsync(Tshark, "-r", _folder["3"], "-w", _folder["4"]);

        await using FileStream file = File.OpenRead(_folder["4"]);
        PcapngReader reader = new(file);
        foreach (CapturedRecord expected in records.Concat(records))
        {
            Assert.True(reader.TryRead(out CapturedRecord read));
            CaptureSamples.AssertSame(expected, read);
        }

        Assert.False(reader.TryRead(out _));
        Assert.Equal((false, 0), (reader.IsCutShort, reader.Skipped));
    }

    [Fact]
    public async Task Packets_of_others_are_left_alone()
    {
        byte[] file = CaptureOf([CaptureSamples.FromGuest(CaptureSamples.Console("x"u8))]);
        file[file.AsSpan().IndexOf("XCS\u0001"u8)] = (byte)'Y';
        Assert.Equal([["", "99"]], await DissectAsync(file, "xcs.version", "frame.len"));
    }

    [Fact]
    public async Task A_later_version_of_the_header_is_named_and_left_alone()
    {
        byte[] file = CaptureOf([CaptureSamples.FromGuest(CaptureSamples.Console("x"u8))]);
        file[file.AsSpan().IndexOf("XCS\u0001"u8) + 3] = 2;
        Assert.Equal([["2", "", "1"]], await DissectAsync(file, "xcs.version", "xcs.domid", "xcs.unknown"));
    }

    private static JsonElement AsJson(CapturedRecord record)
    {
        using MemoryStream output = new();
        using RecordJson json = new(output);
        json.Write(record);
        return JsonDocument.Parse(output.ToArray()).RootElement;
    }

    /// <summary>What a record says beside its message, under the names that the dissector has for it.</summary>
    private static IEnumerable<KeyValuePair<string, string>> FieldsOf(JsonElement record)
    {
        string type = record.GetProperty("record").GetString()!.Replace('-', '_');
        return !record.TryGetProperty("record_fields", out JsonElement fields)
            ? []
            : fields.EnumerateObject()
                .Where(field => field.Name != "result" && !field.Name.EndsWith("_name", StringComparison.Ordinal))
                .Select(field => KeyValuePair.Create($"xcs.{type}.{field.Name}", field.Value.ToString()));
    }

    private static void AssertRow(DecodedPayload payload, string[] names, string[] row)
    {
        Dictionary<string, string> expected = payload.Fields.ToDictionary(
            value => Abbreviation(payload.Form!, value.Field), Shown);
        Dictionary<string, string> actual = names
            .Zip(row)
            .Where(cell => cell.Second.Length > 0)
            .ToDictionary(cell => cell.First, cell => cell.Second);
        Assert.Equal(expected.OrderBy(cell => cell.Key), actual.OrderBy(cell => cell.Key));
        Assert.Equal(payload.Fit is PayloadFit.Short or PayloadFit.Long, row[^1].Length > 0);
    }

    private static CapturedRecord Of(PayloadDefinition definition, PayloadAbi abi, byte[] payload)
        => CaptureSamples.FromGuest(ControlMessage.Create(definition.Type, definition.Subtype, 1, payload), abi: abi);

    private static string Abbreviation(PayloadForm form, PayloadField field)
        => field.Kind == FieldKind.Text ? "xcs.console.text" : $"xcs.{form.StructName}.{field.Name}";

    /// <summary>Values as tshark prints them can be compared where bytes are printable.</summary>
    private static FieldValue[] Values(PayloadForm form, PayloadAbi abi, Random random)
    {
        FieldPlace[] places = form.PlacesOf(abi).ToArray();
        return [.. form.Fields.Select((field, index) => field.Kind switch
        {
            FieldKind.Mac => field.Of(Bytes(random, 6, 0, 256)),
            FieldKind.Path => field.Of(Bytes(random, random.Next(1, 17), 'a', 'z')),
            FieldKind.Text => field.Of(Bytes(random, 40, 'a', 'z')),
            FieldKind.Character => field.Of((ulong)random.Next('a', 'z')),
            FieldKind.U32 when random.Next(2) == 0 => field.Of((ulong)random.Next(12)),
            _ => field.Of((ulong)random.NextInt64() >> (64 - (8 * places[index].Size))),
        })];
    }

    private static byte[] Bytes(Random random, int count, int from, int to)
        => [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(from, to))];

    private static string Shown(FieldValue value) => value.Field.Kind switch
    {
        FieldKind.Word or FieldKind.PaddedWord => $"0x{value.Number:x16}",
        FieldKind.S32 => value.Signed.ToString(CultureInfo.InvariantCulture),
        FieldKind.Mac => value.ToString(),
        FieldKind.Path or FieldKind.Text => Encoding.UTF8.GetString(value.TextBytes),
        FieldKind.Character => ((char)value.Number).ToString(),
        _ => value.Number.ToString(CultureInfo.InvariantCulture),
    };

    private static byte[] CaptureOf(IEnumerable<CapturedRecord> records)
    {
        using MemoryStream file = new();
        PcapngWriter writer = new(file);
        foreach (CapturedRecord record in records)
        {
            writer.Write(record);
        }

        return file.ToArray();
    }

    private Task<string[][]> DissectAsync(IEnumerable<CapturedRecord> records, params string[] fields)
        => DissectAsync(CaptureOf(records), fields);

    /// <summary>The fields' values, a row a packet.</summary>
    private async Task<string[][]> DissectAsync(byte[] file, params string[] fields)
    {
        string capture = _folder["capture.pcapng"];
        await File.WriteAllBytesAsync(capture, file, TestContext.Current.CancellationToken);
        string output = await RunAsync(
            Tshark,
            [
                "-n", "-X", $"lua_script:{Dissector()}", "-r", capture, "-T", "fields", "-E", "occurrence=f",
                .. fields.SelectMany(field => new[] { "-e", field }),
            ]);
        return [.. output.TrimEnd('\n').Split('\n').Select(line => line.Split('\t'))];
    }

    private async Task<string> RunAsync(string file, params string[] arguments)
    {
        // Its own home, so that nobody's preferences change what is shown.
        Dictionary<string, string> environment = new() { ["HOME"] = _folder.Path, ["LC_ALL"] = "C.UTF-8" };
        ChildResult result = await ChildProcess.RunAsync(
            file, arguments, TestContext.Current.CancellationToken, new ChildOptions { Environment = environment });
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.DoesNotContain("Lua", result.Error, StringComparison.OrdinalIgnoreCase);
        return result.Output;
    }

    private static string Dissector()
    {
        DirectoryInfo folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "XcsSharp.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("no XcsSharp.sln above the test");
        }

        return Path.Combine(folder.FullName, "src/XcsSharp.Client/Capture/xcs.lua");
    }
}
