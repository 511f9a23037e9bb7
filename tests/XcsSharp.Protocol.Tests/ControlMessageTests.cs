using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using Xunit;

namespace XcsSharp.Protocol.Tests;

public sealed class ControlMessageTests
{
    [Fact]
    public void Create_copies_the_data_and_leaves_zeros_after_it()
    {
        ControlMessage message = ControlMessage.Create(MessageType.Console, 3, 0xAB, [1, 2, 3]);
        Assert.Equal(MessageType.Console, message.Type);
        Assert.Equal(3, message.Subtype);
        Assert.Equal(0xAB, message.Id);
        Assert.Equal(3, message.Length);
        byte[] payload = ((ReadOnlySpan<byte>)message.Payload).ToArray();
        Assert.Equal([1, 2, 3], payload[..3]);
        Assert.All(payload[3..], b => Assert.Equal(0, b));
    }

    [Fact]
    public void More_than_sixty_bytes_are_refused()
        => Assert.Throws<ArgumentOutOfRangeException>(
            () => ControlMessage.Create(MessageType.Console, 0, 0, new byte[61]));

    [Fact]
    public void Data_never_reaches_past_the_payload_however_long_the_message_claims_to_be()
    {
        ControlMessage message = default;
        message.Length = 255;
        Assert.Equal(60, message.Data.Length);
    }

    [Fact]
    public void The_empty_answer_repeats_type_subtype_and_id()
    {
        ControlMessage request = ControlMessage.Create(MessageType.Shutdown, 7, 200, "hello"u8);
        ControlMessage answer = ControlMessage.EmptyAnswerTo(request);
        Assert.Equal((request.Type, request.Subtype, request.Id), (answer.Type, answer.Subtype, answer.Id));
        Assert.Equal(0, answer.Length);
        Assert.True(answer.Data.IsEmpty);
    }

    [Fact]
    public void A_message_record_has_the_bytes_of_the_specification()
    {
        ControlMessage message = ControlMessage.Create(MessageType.Debug, 2, 9, [0x41, 0x42]);
        XcsRecord record = XcsRecord.ForMessage(RecordType.Request, 0x01020304, 0x0A0B0C0D, message);
        byte[] expected = new byte[80];
        expected[0] = 9;
        new byte[] { 4, 3, 2, 1, 0x0D, 0x0C, 0x0B, 0x0A, 11, 2, 9, 2, 0x41, 0x42 }.CopyTo(expected, 8);
        Assert.Equal(expected, XcsRecord.Bytes(in record).ToArray());
    }

    [Fact]
    public void A_session_id_may_have_anything_in_its_upper_half()
    {
        XcsRecord record = default;
        record.SessionId = 0xDEADBEEF_00001234;
        Assert.Equal(0x1234u, record.ShortSessionId);
    }

    [Fact]
    public void Sizes_are_those_of_the_wire()
    {
        Assert.Equal(64, Unsafe.SizeOf<ControlMessage>());
        Assert.Equal(80, Unsafe.SizeOf<XcsRecord>());
        Assert.Equal(80, Marshal.SizeOf<XcsRecord>());
    }
}
