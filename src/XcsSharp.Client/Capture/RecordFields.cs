using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Client.Capture;

/// <summary>One value of a record.</summary>
/// <param name="Name">As xcs.lua and JSON spell it.</param>
/// <param name="Number">The value, -2^31 to 2^64-1, unless it is text.</param>
/// <param name="Word">What the value means; null where a number says it all.</param>
/// <param name="Text">A name that somebody else chose; null of numbers.</param>
internal readonly record struct RecordField(string Name, Int128 Number, string? Word = null, string? Text = null);

/// <summary>What records say beside a control message: XcsRecord.cs, and for ours the README.md beside that, have the layouts.</summary>
internal static class RecordFields
{
    /// <summary>In the order of the record; of a reply its result at the end.</summary>
    public static RecordField[] Of(in CapturedRecord captured)
    {
        RecordField[] fields = FieldsOf(captured.Record);
        bool isReply = captured.Direction == MessageDirection.FromGuest
            && captured.Record.Type is < RecordType.Request or (>= RecordType.ConnectExtended and <= RecordType.Credit);
        return isReply
            ? [.. fields, new("result", (uint)captured.Record.Result, RecordNames.Of(captured.Record.Result))]
            : fields;
    }

    /// <summary>The domain that a record concerns; 0 (dom0) of the others.</summary>
    public static uint DomainOf(in XcsRecord record) => record.Type switch
    {
        RecordType.Request or RecordType.Response or RecordType.BindDomain or RecordType.UnbindDomain
            or RecordType.Undelivered or RecordType.DomainNews => record.RemoteDomain,
        RecordType.OpenInterface or RecordType.CloseInterface => record.InterfaceDomain,
        _ => 0,
    };

    /// <summary>dom0's port that a record names; 0 if it names none.</summary>
    public static int LocalPortOf(in XcsRecord record) => record.Type switch
    {
        RecordType.Request or RecordType.Response or RecordType.Virq => record.LocalPort,
        RecordType.Bind or RecordType.Unbind or RecordType.WriteLock when record.BindPort != ProtocolLimits.PortWildcard => record.BindPort,
        RecordType.VirqBind => record.VirqPort,
        RecordType.OpenInterface or RecordType.CloseInterface => record.InterfaceLocalPort,
        RecordType.DomainNews => record.DomainLocalPort,
        _ => 0,
    };

    /// <summary>The number by which an answer names its request; 0: none. A client that did not ask for such numbers leaves
    /// anything in their place.</summary>
    public static uint NumberOf(in CapturedRecord captured)
        => !captured.HasMessage || captured.Direction != MessageDirection.FromGuest ? 0
            : captured.Record.Type == RecordType.Request ? captured.Record.Correlation & ~XcsRecord.RepeatMark
            : captured.Record.Correlation;

    private static RecordField[] FieldsOf(in XcsRecord record) => record.Type switch
    {
        RecordType.ConnectControl or RecordType.ConnectData => [new("session", record.SessionId)],
        RecordType.ConnectExtended =>
        [
            new("session", record.SessionId), new("version", record.ExtensionVersion),
            new("extensions", (uint)record.Extensions, RecordNames.Of(record.Extensions)), new("credit", record.Credit),
        ],
        RecordType.Bind or RecordType.Unbind => [PortOf(record), TypeOf(record)],
        RecordType.VirqBind => [new("port", record.VirqPort), new("virq", record.Virq)],
        RecordType.WriteLock =>
            [PortOf(record), TypeOf(record), new("action", (uint)record.LockAction, RecordNames.Of(record.LockAction))],
        RecordType.OpenInterface or RecordType.CloseInterface =>
        [
            new("domid", record.InterfaceDomain), new("local_port", record.InterfaceLocalPort),
            new("remote_port", record.InterfaceRemotePort),
        ],
        RecordType.BindDomain or RecordType.UnbindDomain => [new("domid", record.RemoteDomain), TypeOf(record)],
        RecordType.Credit => [new("credit", record.Credit)],
        RecordType.Undelivered => [new("reason", (uint)record.Reason, RecordNames.Of(record.Reason))],
        RecordType.DomainNews =>
        [
            new("domid", record.RemoteDomain), new("kind", (uint)record.News, RecordNames.Of(record.News)),
            new("life", record.DomainLife), new("local_port", record.DomainLocalPort),
            new("remote_port", record.DomainRemotePort), new("name", 0, Text: record.DomainName.ToString()),
        ],
        RecordType.Gap => [new("lost", record.Lost)],
        _ => [],
    };

    private static RecordField PortOf(in XcsRecord record)
        => new("port", record.BindPort, record.BindPort == ProtocolLimits.PortWildcard ? "all" : null);

    private static RecordField TypeOf(in XcsRecord record) => new("type", record.BindType, record.BindType switch
    {
        ProtocolLimits.TypeWildcard => "all",
        ProtocolLimits.TypeVirq => "virq",
        <= byte.MaxValue => PayloadCatalog.TypeName((MessageType)record.BindType)?.ToLowerInvariant(),
        _ => null,
    });
}
