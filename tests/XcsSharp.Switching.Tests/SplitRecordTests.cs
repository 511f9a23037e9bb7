namespace XcsSharp.Switching.Tests;

/// <summary>Records may come in any pieces (the original lost both halves of a split one, bug B12).</summary>
public sealed class SplitRecordTests : IDisposable
{
    private readonly SwitchRig _rig = new();

    public static TheoryData<int> SplitPoints => [.. Enumerable.Range(1, ProtocolLimits.RecordSize - 1)];

    public void Dispose() => _rig.Dispose();

    [Theory]
    [MemberData(nameof(SplitPoints))]
    public void A_record_split_anywhere_is_joined_on_every_kind_of_connection(int at)
    {
        RecordClient control = _rig.Connect();
        uint id = AskInPieces(control, Records.ConnectControl(0), at).ShortSessionId;
        RecordClient data = _rig.Connect();
        Assert.Equal(RecordResult.Ok, AskInPieces(data, Records.ConnectData(id), at).Result);
        XcsRecord bind = Records.Bind(ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard);
        Assert.Equal(RecordResult.Ok, AskInPieces(control, bind, at).Result);
        FakeGuest guest = _rig.AddGuest(5);

        SendInPieces(data, Records.Request(5, MessageType.Console, 9, 1, 2, 3), at);

        ControlMessage request = Assert.Single(guest.TakeRequests());
        Assert.Equal((9, "010203"), (request.Id, Convert.ToHexString(request.Data)));
    }

    [Fact]
    public void Records_that_come_with_the_greeting_are_served_too()
    {
        RecordClient control = _rig.Connect();
        control.SendBytes([
            .. Bytes(Records.ConnectControl(0)),
            .. Bytes(Records.Bind(ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard)),
            .. Bytes(Records.Unbind(7, 7))[..33],
        ]);
        _rig.Settle();
        List<XcsRecord> replies = control.TakeAll();
        Assert.Equal([RecordType.ConnectControl, RecordType.Bind], replies.Select(reply => reply.Type));
        control.SendBytes(Bytes(Records.Unbind(7, 7))[33..]);
        _rig.Settle();
        Assert.Equal(RecordType.Unbind, control.Take().Type);

        FakeGuest guest = _rig.AddGuest(5);
        RecordClient data = _rig.Connect();
        data.SendBytes([
            .. Bytes(Records.ConnectData(replies[0].ShortSessionId)),
            .. Bytes(Records.Request(5, MessageType.Console, 1)),
            .. Bytes(Records.Request(5, MessageType.Console, 2)),
        ]);
        _rig.Settle();
        Assert.Equal(RecordType.ConnectData, data.Take().Type);
        Assert.Equal([1, 2], guest.TakeRequests().Select(request => request.Id));
    }

    [Fact]
    public void A_stream_of_records_in_pieces_of_every_size_is_joined()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        SessionClient session = _rig.OpenSession();
        List<byte> stream = [];
        for (ushort type = 0; type < 256; type++)
        {
            stream.AddRange(Bytes(Records.Bind(type, type)));
        }

        ReadOnlySpan<byte> left = stream.ToArray();
        while (left.Length > 0)
        {
            int count = Math.Min(left.Length, random.Next(1, 300));
            session.Control.SendBytes(left[..count]);
            left = left[count..];
            _rig.Settle();
        }

        List<XcsRecord> replies = session.Control.TakeAll();
        Assert.Equal(Enumerable.Range(0, 256), replies.Select(reply => (int)reply.BindType));
        Assert.All(replies, reply => Assert.Equal(RecordResult.Ok, reply.Result));
    }

    private static byte[] Bytes(XcsRecord record) => XcsRecord.Bytes(in record).ToArray();

    private XcsRecord AskInPieces(RecordClient client, XcsRecord record, int at)
    {
        SendInPieces(client, record, at);
        return client.Take();
    }

    private void SendInPieces(RecordClient client, XcsRecord record, int at)
    {
        client.SendBytes(Bytes(record)[..at]);
        _rig.Settle();
        Assert.False(client.TryTake(out _));
        client.SendBytes(Bytes(record)[at..]);
        _rig.Settle();
    }
}
