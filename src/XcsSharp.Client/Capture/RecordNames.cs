using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Client.Capture;

/// <summary>What people and programs read instead of numbers.</summary>
internal static class RecordNames
{
    public static string Of(RecordType type) => type switch
    {
        RecordType.ConnectControl => "connect-control",
        RecordType.ConnectData => "connect-data",
        RecordType.Goodbye => "goodbye",
        RecordType.Bind => "bind",
        RecordType.Unbind => "unbind",
        RecordType.VirqBind => "virq-bind",
        RecordType.WriteLock => "write-lock",
        RecordType.OpenInterface => "open-interface",
        RecordType.CloseInterface => "close-interface",
        RecordType.Request => "request",
        RecordType.Response => "response",
        RecordType.Virq => "virq",
        _ => ((uint)type).ToString(),
    };

    public static string Of(MessageDirection direction)
        => direction == MessageDirection.ToGuest ? "to-guest" : "from-guest";

    public static string Of(PayloadFit fit) => fit switch
    {
        PayloadFit.Whole => "whole",
        PayloadFit.Empty => "empty",
        PayloadFit.Short => "short",
        PayloadFit.Long => "long",
        _ => "unknown",
    };

    /// <summary><c>BLKIF_FE INTERFACE_STATUS</c>, with numbers for what has no name.</summary>
    public static string Subject(in ControlMessage message, DecodedPayload payload)
    {
        string type = PayloadCatalog.TypeName(message.Type) ?? $"type-{(byte)message.Type}";
        return $"{type} {payload.Definition?.Name ?? $"subtype-{message.Subtype}"}";
    }
}
