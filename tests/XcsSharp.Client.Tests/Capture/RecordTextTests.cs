using XcsSharp.Client.Capture;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Client.Tests.Capture;

public sealed class RecordTextTests
{
    [Fact]
    public void Console_output_is_readable_at_a_glance()
        => Assert.Equal(
            "12:00:00.123456 web(3)           -> request  CONSOLE DATA               id 255 len  9 \"login: \\r\\n\"",
            RecordText.Line(CaptureSamples.FromGuest(CaptureSamples.Console("login: \r\n"u8))));

    [Fact]
    public void An_answer_points_the_other_way_and_an_empty_one_shows_no_fields()
    {
        Assert.Equal(
            "12:00:00.123456 web(3)           <- response CONSOLE DATA               id 255 len  0 \"\"",
            RecordText.Line(CaptureSamples.ToGuest(CaptureSamples.Console([]))));
        Assert.Equal(
            "12:00:00.123456 web(3)           <- response BLKIF_FE INTERFACE_CONNECT id   4 len  0",
            RecordText.Line(CaptureSamples.ToGuest(ControlMessage.Create(MessageType.BlockFrontEnd, 33, 4, []))));
    }

    [Fact]
    public void Fields_have_the_headers_names_and_values_their_constants()
    {
        ControlMessage message = CaptureSamples.Message(
            MessageType.NetBackEnd, 2, 9, PayloadAbi.Natural64,
            ("domid", 3), ("tx_shmem_frame", 0x1f00), ("tx_shmem_ref", 0xffffffff), ("evtchn", 12), ("status", 4));
        Assert.Equal(
            "12:00:00.123456 web(3)           <- request  NETIF_BE CONNECT           id   9 len 48 domid=3 netif_handle=0"
            + " tx_shmem_frame=0x1f00 tx_shmem_ref=-1 rx_shmem_frame=0x0 rx_shmem_ref=0 evtchn=12"
            + " status=INTERFACE_CONNECTED(4)",
            RecordText.Line(CaptureSamples.ToGuest(message, RecordType.Request)));
    }

    [Fact]
    public void A_domain_without_a_known_name_is_shown_by_its_number()
        => Assert.StartsWith(
            "12:00:00.123456 dom3             -> ",
            RecordText.Line(CaptureSamples.FromGuest(CaptureSamples.Console("x"u8), name: "")));

    [Fact]
    public void A_virtual_interrupt_has_its_port()
        => Assert.Equal(
            "12:00:00.123456 dom0             -> virq     port 44",
            RecordText.Line(CapturedRecord.Received(CaptureSamples.Virq(44), CaptureSamples.Noon)));

    [Fact]
    public void What_is_wrong_with_a_payload_is_said()
    {
        byte[] bytes = [1, 0, 0, 0, 2, 0, 0, 0, 0xAA, 0xBB];
        ControlMessage cut = ControlMessage.Create(MessageType.BlockFrontEnd, 0, 1, bytes.AsSpan(0, 8));
        ControlMessage more = ControlMessage.Create(MessageType.MemoryRequest, 0, 1, bytes);
        ControlMessage unknown = ControlMessage.Create((MessageType)77, 5, 1, bytes.AsSpan(8));
        ControlMessage subtype = ControlMessage.Create(MessageType.Console, 9, 1, bytes.AsSpan(8));
        ControlMessage liar = CaptureSamples.Console("x"u8);
        liar.Length = 200;
        Assert.EndsWith("handle=1 status=CONNECTED(2) [short: 8 of 12 bytes]", Line(cut));
        Assert.EndsWith("target=1 status=2 [surplus: aabb]", Line(more));
        Assert.EndsWith("type-77 subtype-5          id   1 len  2 aabb", Line(unknown));
        Assert.EndsWith("CONSOLE subtype-9          id   1 len  2 aabb", Line(subtype));
        Assert.EndsWith("[claims 200 bytes, a message has 60]", Line(liar));
    }

    [Fact]
    public void No_record_gets_a_control_character_into_its_line()
    {
        Random random = CaptureSamples.Seeded();
        string[] names = ["", "a\nb", "\e]0;owned\a", "\u202eevil", "\u009b2J", "bell\u0007"];
        for (int i = 0; i < 20_000; i++)
        {
            CapturedRecord any = CaptureSamples.Random(random);
            XcsRecord record = any.Record;
            record.Message.Type = (MessageType)random.Next(14);
            record.Message.Subtype = (byte)random.Next(36);
            string line = RecordText.Line(CapturedRecord.Received(record, any.Time, names[i % names.Length], any.Abi));
            Assert.DoesNotContain(line, c => char.IsControl(c) || c is '\u202e' or '\u2028');
        }
    }

    [Fact]
    public void Records_of_the_daemon_and_of_clients_have_their_fields()
    {
        string[] lines = [.. CaptureSamples.OtherRecords().Select(record => RecordText.Line(record)[16..])];
        Assert.Equal(
            [
                "dom0             <- connect-control session=7",
                "dom0             -> connect-data session=7 result=connection-in-use(5)",
                "dom0             -> goodbye  result=ok(0)",
                "dom0             <- bind     port=all(-268435457) type=all(65535)",
                "dom0             <- unbind   port=17 type=blkif_fe(2)",
                "dom0             <- virq-bind port=0 virq=3",
                "dom0             -> write-lock port=17 type=console(0) action=release(1) result=failed(1)",
                "dom3             <- open-interface domid=3 local_port=17 remote_port=1",
                "dom3             <- close-interface domid=3 local_port=17 remote_port=1",
                "dom0             <- connect-extended session=0 version=1 extensions=news+credit(6) credit=64",
                "dom3             <- bind-domain domid=3 type=virq(65534)",
                "dom3             -> unbind-domain domid=3 type=300 result=bad-request(6)",
                "dom0             <- credit   credit=500",
                "dom3             -> undelivered BLKIF_FE INTERFACE_DISCONNECT id   4 len  4 handle=1 reason=no-channel(2) #77",
                "web(3)           -> domain-news domid=3 kind=exists(1) life=2 local_port=17 remote_port=1 name=\"web\"",
                "dom0             -> gap      [gap: 5 records]",
                "dom0             -> 4711    ",
            ],
            lines);
    }

    [Theory]
    [InlineData("web 1", "\"web 1\"(3)")]
    [InlineData("a(1) -> request", "\"a(1) -> request\"(3)")]
    [InlineData("say \"hi\"", "\"say \\\"hi\\\"\"(3)")]
    [InlineData("\e[2J\u00a0\u202e", "\"\\e[2J\u00a0\\u{202e}\"(3)")]
    [InlineData("gr\u00fcn\u6f22", "gr\u00fcn\u6f22(3)")]
    public void A_name_cannot_be_taken_for_another_column(string name, string shown)
        => Assert.StartsWith($"12:00:00.123456 {shown} ", RecordText.Line(CaptureSamples.FromGuest(CaptureSamples.Console("x"u8), name: name)));

    [Fact]
    public void A_record_that_does_not_fit_a_terminal_has_who_and_what_in_its_first_line()
    {
        CapturedRecord record = CaptureSamples.FromGuest(CaptureSamples.Console("a long line of text that a guest prints, and more"u8));
        Assert.Equal(
            """
            12:00:00.123456 web(3)           -> request  CONSOLE DATA
                id 255 len 49 "a long line of text that a guest prints, and more"
            """,
            RecordText.Wrapped(record, record.Decode(), 80));
        Assert.Equal(
            """
            12:00:00.123456 web(3)           -> request  CONSOLE DATA
                id 255 len 49 "a long line of text that a guest
                prints, and more"
            """,
            RecordText.Wrapped(record, record.Decode(), 57));
        Assert.Equal(RecordText.Line(record), RecordText.Wrapped(record, record.Decode(), 200));
    }

    [Fact]
    public void No_line_is_wider_than_the_terminal_and_nothing_is_lost()
    {
        Random random = CaptureSamples.Seeded();
        string[] names = ["web", new string('n', 300), "\u6f22\u5b57 \u6f22\u5b57", "\e]0;x\a"];
        for (int i = 0; i < 20_000; i++)
        {
            CapturedRecord any = CaptureSamples.Random(random);
            XcsRecord raw = any.Record;
            raw.Message.Type = (MessageType)random.Next(14);
            CapturedRecord record = any with { Record = raw, DomainName = names[i % names.Length] };
            int columns = random.Next(40, 160);
            string wrapped = RecordText.Wrapped(record, record.Decode(), columns);
            Assert.All(wrapped.Split('\n'), line => Assert.InRange(
                line.EnumerateRunes().Sum(rune => rune.Value is >= 0x4e00 and < 0xa000 ? 2 : 1), 1, columns));
            Assert.Equal(Squeezed(RecordText.Line(record)), Squeezed(wrapped));
        }

        static string Squeezed(string text) => text.Replace(" ", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);
    }

    private static string Line(in ControlMessage message) => RecordText.Line(CaptureSamples.FromGuest(message));
}
