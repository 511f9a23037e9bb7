using System.Buffers.Binary;

using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Handlers.Tests;

/// <summary>MEM-SET on the console socket, byte by byte on the ring.</summary>
public sealed class MemoryHandlerTests
{
    private static readonly string[] s_on = ["Memory"];

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(-12)]
    public void The_guest_gets_the_target_in_pages_and_the_operator_its_target_and_status(int status)
    {
        using HandlerRig rig = new(s_on);
        PlayedGuest guest = rig.AddGuest(7, "my web");
        OperatorClient client = rig.Ask("MEM-SET my web 512M");

        ControlMessage asked = Assert.Single(guest.Asked);
        Assert.Equal((MessageType.MemoryRequest, (byte)0), (asked.Type, asked.Subtype));
        Assert.Equal([0x00, 0x00, 0x02, 0x00, 0, 0, 0, 0], asked.Data.ToArray()); // 131072, then the status
        byte[] answer = new byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(answer, 131_000);
        BinaryPrimitives.WriteInt32LittleEndian(answer.AsSpan(4), status);
        guest.Answer(rig, asked, answer);
        Assert.Equal($"OK 7 my web 131000 {status}", rig.ReplyTo(client));
    }

    [Theory]
    [InlineData(0, OperatorError.NotSupported, "knows no memory requests")]
    [InlineData(4, OperatorError.NoAnswer, "4 bytes where 8 have a meaning")]
    [InlineData(60, OperatorError.NoAnswer, "60 bytes where 8 have a meaning")]
    public void An_answer_without_target_and_status_is_refused_with_the_other_way(int length, string code, string sentence)
    {
        using HandlerRig rig = new(s_on);
        PlayedGuest guest = rig.AddGuest(7, "web");
        OperatorClient client = rig.Ask("MEM-SET web 512M");
        guest.Answer(rig, guest.Asked[0], new byte[length]);
        string reply = rig.ReplyTo(client);
        Assert.StartsWith($"ERR {code} domain 7 (web) ", reply, StringComparison.Ordinal);
        Assert.Contains(sentence, reply, StringComparison.Ordinal);
        Assert.EndsWith("use: xl mem-set 7 524288k", reply, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MEM-SET")]
    [InlineData("MEM-SET web")]
    [InlineData("MEM-SET web 512")]
    [InlineData("MEM-SET web 512X")]
    [InlineData("MEM-SET web 3M")]
    [InlineData("MEM-SET web 16T")]
    [InlineData("MEM-SET web -512M")]
    [InlineData("MEM-SET 512M")]
    public void A_wrong_size_is_refused_and_no_guest_is_asked(string line)
    {
        using HandlerRig rig = new(s_on);
        PlayedGuest guest = rig.AddGuest(7, "web");
        string reply = rig.ReplyTo(line);
        Assert.StartsWith("ERR bad-argument behind MEM-SET give a domid or a name, then a size", reply, StringComparison.Ordinal);
        Assert.Empty(guest.Asked);
    }

    [Fact]
    public void A_guest_that_ignores_it_is_reported()
    {
        using HandlerRig rig = new(s_on);
        _ = rig.AddGuest(7, "web");
        OperatorClient client = rig.Ask("MEM-SET web 512M");
        rig.Advance(TimeSpan.FromSeconds(11));
        Assert.StartsWith("ERR no-answer domain 7 (web) was asked", rig.ReplyTo(client), StringComparison.Ordinal);
    }
}
