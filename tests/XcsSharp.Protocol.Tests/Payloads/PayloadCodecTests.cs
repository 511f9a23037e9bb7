using XcsSharp.Protocol.Payloads;

using Xunit;

namespace XcsSharp.Protocol.Tests.Payloads;

public sealed class PayloadCodecTests
{
    [Fact]
    public void What_was_encoded_is_decoded_in_every_form_and_ABI()
    {
        Random random = RandomPayloads.Seeded();
        int cases = 0;
        for (int round = 0; round < 50; round++)
        {
            foreach ((PayloadDefinition definition, PayloadForm form, PayloadAbi abi) in AllForms())
            {
                FieldValue[] values = RandomPayloads.For(form, abi, random);
                byte id = (byte)random.Next(256);
                ControlMessage message =
                    ControlMessage.Create(definition.Type, definition.Subtype, id, form.Encode(abi, values));
                DecodedPayload decoded = DecodedPayload.Decode(message, abi);
                Assert.Equal(PayloadFit.Whole, decoded.Fit);
                Assert.Same(form, decoded.Form);
                Assert.Same(definition, decoded.Definition);
                AssertSame(values, decoded.Fields);
                Assert.Equal(message.Data.ToArray(), form.Encode(abi, [.. decoded.Fields]));
                cases++;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{cases} cases");
    }

    [Fact]
    public void A_payload_of_any_length_is_a_value_and_has_the_fields_that_are_there()
    {
        Random random = RandomPayloads.Seeded();
        foreach ((PayloadDefinition definition, PayloadForm form, PayloadAbi abi) in AllForms())
        {
            byte[] bytes = new byte[ProtocolLimits.MaxPayload];
            random.NextBytes(bytes);
            form.Encode(abi, RandomPayloads.For(form, abi, random)).CopyTo(bytes, 0);
            for (int length = 0; length <= bytes.Length; length++)
            {
                ControlMessage message =
                    ControlMessage.Create(definition.Type, definition.Subtype, 1, bytes.AsSpan(0, length));
                AssertCut(DecodedPayload.Decode(message, abi), definition, abi, length);
            }
        }
    }

    [Fact]
    public void No_message_at_all_makes_the_decoder_throw()
    {
        Random random = RandomPayloads.Seeded();
        XcsRecord[] record = new XcsRecord[1];
        for (int i = 0; i < 100_000; i++)
        {
            random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(record.AsSpan()));
            ref ControlMessage message = ref record[0].Message;
            message.Type = (MessageType)random.Next(14);
            message.Subtype = (byte)random.Next(40);
            PayloadAbi abi = (PayloadAbi)random.Next(6);
            DecodedPayload decoded = DecodedPayload.Decode(message, abi);
            Assert.Equal(Math.Min((int)message.Length, 60), decoded.Data.Length);
            Assert.Equal(message.Length, decoded.ClaimedLength);
            Assert.Equal((int)abi > 3 || decoded.Definition?.NewestForm(abi) is null, decoded.Fit == PayloadFit.Unknown);
            Assert.All(decoded.Fields, value => Assert.NotEmpty(value.ToString()));
        }
    }

    [Fact]
    public void A_length_above_sixty_counts_as_sixty_and_is_shown()
    {
        ControlMessage message = ControlMessage.Create(MessageType.Console, 0, 0, "abc"u8);
        message.Length = 200;
        DecodedPayload decoded = DecodedPayload.Decode(message, PayloadAbi.Natural64);
        Assert.Equal((200, 60), (decoded.ClaimedLength, decoded.Data.Length));
        Assert.Equal(60, decoded["text"]!.Value.Bytes.Length);
    }

    [Fact]
    public void Encoding_leaves_zeros_in_padding_and_in_fields_that_are_not_named()
    {
        PayloadForm form = PayloadCatalog.Find(MessageType.NetBackEnd, 2)!.NewestForm(PayloadAbi.Natural64)!;
        byte[] bytes = form.Encode(
            PayloadAbi.Natural64, form["domid"].Of(0x0102), form["rx_shmem_frame"].Of(0x1122334455667788));
        byte[] expected = new byte[48];
        new byte[] { 2, 1 }.CopyTo(expected, 0);
        new byte[] { 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11 }.CopyTo(expected, 24);
        Assert.Equal(expected, bytes);
    }

    [Fact]
    public void A_value_that_does_not_fit_is_refused()
    {
        PayloadForm form = PayloadCatalog.Find(MessageType.BlockFrontEnd, 33)!.Forms[^1];
        FieldValue wide = form["shmem_frame"].Of(0x1_0000_0000);
        Assert.Equal(24, form.Encode(PayloadAbi.Natural64, wide).Length);
        ArgumentOutOfRangeException refused =
            Assert.Throws<ArgumentOutOfRangeException>(() => form.Encode(PayloadAbi.Natural32, wide));
        Assert.Equal("shmem_frame", refused.ParamName);

        PayloadForm claim = PayloadCatalog.Find(MessageType.UsbBackEnd, 4)!.Forms[^1];
        Assert.Throws<ArgumentOutOfRangeException>(
            () => claim.Encode(PayloadAbi.Natural64, claim["path"].Of(new byte[17])));
        Assert.Throws<ArgumentException>(() => claim.Encode(PayloadAbi.Natural64, wide));
        Assert.Throws<ArgumentException>(() => claim["path"].Of(1));
        Assert.Throws<ArgumentException>(() => wide.Field.Of(new byte[4]));
        Assert.Throws<KeyNotFoundException>(() => claim["mac"]);
    }

    [Fact]
    public void A_message_is_made_by_the_names_of_its_fields()
    {
        PayloadForm form = DomainPayloads.MemorySet.NewestForm(PayloadAbi.Natural64)!;
        ControlMessage message = DomainPayloads.MemorySet.CreateMessage(PayloadAbi.Natural64, 7, form["target"].Of(65536));
        Assert.Equal((MessageType.MemoryRequest, 0, 7, 8), (message.Type, message.Subtype, message.Id, message.Length));
        Assert.Equal([0, 0, 1, 0, 0, 0, 0, 0], message.Data.ToArray());

        ControlMessage powerOff = DomainPayloads.PowerOff.CreateMessage(PayloadAbi.Natural64, 0);
        Assert.Equal((MessageType.Shutdown, 0, 0), (powerOff.Type, powerOff.Subtype, powerOff.Length));

        PayloadDefinition shrink = PayloadCatalog.Find(MessageType.BlockBackEnd, 7)!;
        Assert.Throws<ArgumentException>(() => shrink.CreateMessage(PayloadAbi.Natural64, 0));
    }

    [Theory]
    [InlineData("login: \r\n", "\"login: \\r\\n\"")]
    [InlineData("\e[2J\a\0\u007f", "\"\\e[2J\\x07\\x00\\x7f\"")]
    [InlineData("a\"b\\c\t", "\"a\\\"b\\\\c\\t\"")]
    [InlineData("grün 漢字 \U0001F600", "\"grün 漢字 \U0001F600\"")]
    [InlineData("\u009b31m\u202etxt\u2028\ufeff", "\"\\u{9b}31m\\u{202e}txt\\u{2028}\\u{feff}\"")]
    public void Text_is_written_so_that_a_terminal_shows_all_of_it(string text, string expected)
    {
        FieldValue value = DomainPayloads.ConsoleData.Forms[0]["text"].Of(System.Text.Encoding.UTF8.GetBytes(text));
        Assert.Equal(expected, value.ToString());
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_written_in_hex()
    {
        FieldValue value = DomainPayloads.ConsoleData.Forms[0]["text"].Of(new byte[] { 0xff, 0x41, 0xc3, 0xe2, 0x82 });
        Assert.Equal("\"\\xffA\\xc3\\xe2\\x82\"", value.ToString());
    }

    [Fact]
    public void Values_are_written_as_people_read_them()
    {
        PayloadForm create = PayloadCatalog.Find(MessageType.NetBackEnd, 0)!.Forms[^1];
        PayloadForm connect = PayloadCatalog.Find(MessageType.BlockFrontEnd, 33)!.Forms[^1];
        PayloadForm claim = PayloadCatalog.Find(MessageType.UsbBackEnd, 4)!.Forms[^1];
        Assert.Equal("aa:00:01:02:03:04", create["mac"].Of(new byte[] { 0xaa, 0, 1, 2, 3, 4 }).ToString());
        Assert.Equal("INTERFACE_EXISTS(2)", create["status"].Of(2).ToString());
        Assert.Equal("77", create["status"].Of(77).ToString());
        Assert.Equal("0x1f00", connect["shmem_frame"].Of(0x1f00).ToString());
        Assert.Equal("-1", connect["shmem_ref"].Of(0xffffffff).ToString());
        Assert.Equal("\"1-1.2\"", claim["path"].Of("1-1.2\0\0old"u8.ToArray()).ToString());
        Assert.Equal("'h'", DomainPayloads.SysRq.Forms[0]["key"].Of('h').ToString());
    }

    private static IEnumerable<(PayloadDefinition Definition, PayloadForm Form, PayloadAbi Abi)> AllForms()
        => from definition in PayloadCatalog.All
           from form in definition.Forms
           from abi in Enum.GetValues<PayloadAbi>()
           where form.Serves(abi)
           select (definition, form, abi);

    private static void AssertCut(DecodedPayload decoded, PayloadDefinition definition, PayloadAbi abi, int length)
    {
        PayloadForm read = definition.FormFor(abi, length)!;
        Assert.Same(read, decoded.Form);
        if (read.IsVariable)
        {
            Assert.Equal(PayloadFit.Whole, decoded.Fit);
            Assert.Equal(length, decoded["text"]!.Value.Bytes.Length);
            return;
        }

        int size = read.SizeOf(abi);
        PayloadFit expected = length == size ? PayloadFit.Whole
            : length == 0 ? PayloadFit.Empty
            : length < size ? PayloadFit.Short
            : PayloadFit.Long;
        Assert.Equal(expected, decoded.Fit);
        Assert.Equal(size, decoded.StructSize);
        FieldPlace[] places = read.PlacesOf(abi).ToArray();
        Assert.Equal(
            read.Fields.Where((_, index) => places[index].Offset + places[index].Size <= length),
            decoded.Fields.Select(value => value.Field));
    }

    private static void AssertSame(FieldValue[] expected, IReadOnlyList<FieldValue> actual)
    {
        Assert.Equal(expected.Length, actual.Count);
        foreach ((FieldValue ours, FieldValue theirs) in expected.Zip(actual))
        {
            Assert.Same(ours.Field, theirs.Field);
            Assert.Equal(ours.Number, theirs.Number);
            Assert.Equal(ours.Bytes.ToArray(), theirs.Bytes.ToArray());
        }
    }
}
