using XcsSharp.Client.Capture;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;
using XcsSharp.TestKit;

namespace XcsSharp.Client.Tests.Capture;

/// <summary>Records to be printed and captured.</summary>
internal static class CaptureSamples
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 24, 12, 0, 0, 123, 456, TimeSpan.Zero);

    public static CapturedRecord FromGuest(
        in ControlMessage message, RecordType type = RecordType.Request, string name = "web",
        PayloadAbi abi = PayloadAbi.Natural64)
        => CapturedRecord.Received(XcsRecord.ForMessage(type, 3, 17, message), Noon, name, abi);

    public static CapturedRecord ToGuest(in ControlMessage message, RecordType type = RecordType.Response)
        => CapturedRecord.Sent(XcsRecord.ForMessage(type, 3, unchecked((int)0xdeadbeef), message), Noon, 17, "web");

    public static ControlMessage Console(ReadOnlySpan<byte> text, byte id = 255)
        => ControlMessage.Create(MessageType.Console, 0, id, text);

    /// <summary>A message of the newest form, with values by name.</summary>
    public static ControlMessage Message(
        MessageType type, byte subtype, byte id, PayloadAbi abi, params (string Field, ulong Value)[] values)
    {
        PayloadDefinition definition = PayloadCatalog.Find(type, subtype)!;
        PayloadForm form = definition.NewestForm(abi)!;
        return definition.CreateMessage(abi, id, [.. values.Select(value => form[value.Field].Of(value.Value))]);
    }

    public static XcsRecord Virq(int port) => new() { Type = RecordType.Virq, LocalPort = port };

    /// <summary>One of each record but messages and interrupts, and one that nobody knows.</summary>
    public static CapturedRecord[] OtherRecords()
    {
        ControlMessage lost = Message(MessageType.BlockFrontEnd, 34, 4, PayloadAbi.Natural64, ("handle", 1));
        return
        [
            Sent(new XcsRecord { Type = RecordType.ConnectControl, SessionId = 7 }),
            Received(new XcsRecord { Type = RecordType.ConnectData, SessionId = 7, Result = RecordResult.ConnectionInUse }),
            Received(new XcsRecord { Type = RecordType.Goodbye }),
            Sent(new XcsRecord { Type = RecordType.Bind, BindPort = ProtocolLimits.PortWildcard, BindType = ProtocolLimits.TypeWildcard }),
            Sent(new XcsRecord { Type = RecordType.Unbind, BindPort = 17, BindType = 2 }),
            Sent(new XcsRecord { Type = RecordType.VirqBind, Virq = 3 }),
            Received(new XcsRecord { Type = RecordType.WriteLock, BindPort = 17, LockAction = WriteLockAction.Release, Result = RecordResult.Failed }),
            Sent(new XcsRecord { Type = RecordType.OpenInterface, InterfaceDomain = 3, InterfaceLocalPort = 17, InterfaceRemotePort = 1 }),
            Sent(new XcsRecord { Type = RecordType.CloseInterface, InterfaceDomain = 3, InterfaceLocalPort = 17, InterfaceRemotePort = 1 }),
            Sent(new XcsRecord
            {
                Type = RecordType.ConnectExtended, ExtensionVersion = 1, Extensions = Extensions.News | Extensions.Credit, Credit = 64,
            }),
            Sent(new XcsRecord { Type = RecordType.BindDomain, RemoteDomain = 3, BindType = ProtocolLimits.TypeVirq }),
            Received(new XcsRecord { Type = RecordType.UnbindDomain, RemoteDomain = 3, BindType = 300, Result = RecordResult.BadRequest }),
            Sent(new XcsRecord { Type = RecordType.Credit, Credit = 500 }),
            Received(new XcsRecord
            {
                Type = RecordType.Undelivered, Correlation = 77, RemoteDomain = 3, Reason = UndeliveredReason.NoChannel, Message = lost,
            }),
            Received(new XcsRecord
            {
                Type = RecordType.DomainNews, RemoteDomain = 3, News = DomainNewsKind.Exists, DomainLife = 2, DomainLocalPort = 17,
                DomainRemotePort = 1, DomainName = RecordName.Of("web"),
            }),
            Received(new XcsRecord { Type = RecordType.Gap, Lost = 5 }),
            Received(new XcsRecord { Type = (RecordType)4711 }),
        ];

        static CapturedRecord Sent(XcsRecord record) => CapturedRecord.Sent(record, Noon);
        static CapturedRecord Received(XcsRecord record) => CapturedRecord.Received(record, Noon);
    }

    /// <summary>A generator whose seed the test prints; XCS_SEED=N repeats it.</summary>
    public static Random Seeded()
    {
        ulong seed = SeededStream.ChooseSeed();
        TestContext.Current.TestOutputHelper?.WriteLine($"XCS_SEED={seed}");
        return new Random(unchecked((int)seed));
    }

    /// <summary>Any record at all, garbage included.</summary>
    public static CapturedRecord Random(Random random)
    {
        XcsRecord[] record = new XcsRecord[1];
        random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(record.AsSpan()));
        record[0].Type = (RecordType)random.Next(14);
        return new CapturedRecord
        {
            Time = DateTimeOffset.UnixEpoch.AddTicks(random.NextInt64(TimeSpan.TicksPerDay * 365 * 100)),
            Direction = (MessageDirection)random.Next(2),
            Abi = (PayloadAbi)random.Next(4),
            Domid = (uint)random.NextInt64(1L << 32),
            LocalPort = random.Next(int.MinValue, int.MaxValue),
            DomainName = new string('x', random.Next(12)),
            Record = record[0],
        };
    }

    public static void AssertSame(in CapturedRecord expected, in CapturedRecord actual)
    {
        Assert.Equal(expected.Time, actual.Time);
        Assert.Equal(
            (expected.Direction, expected.Abi, expected.Domid, expected.LocalPort, expected.DomainName),
            (actual.Direction, actual.Abi, actual.Domid, actual.LocalPort, actual.DomainName));
        XcsRecord before = expected.Record;
        XcsRecord after = actual.Record;
        Assert.Equal(XcsRecord.Bytes(in before).ToArray(), XcsRecord.Bytes(in after).ToArray());
    }
}
