using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Client.Capture;

/// <summary>What people and programs read instead of numbers.</summary>
internal static class RecordNames
{
    private static readonly (Extensions Bit, string Name)[] s_extensions =
    [
        (Extensions.Reasons, "reasons"), (Extensions.News, "news"), (Extensions.Credit, "credit"),
        (Extensions.Correlation, "correlation"), (Extensions.Repeats, "repeats"),
    ];

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
        RecordType.ConnectExtended => "connect-extended",
        RecordType.BindDomain => "bind-domain",
        RecordType.UnbindDomain => "unbind-domain",
        RecordType.Credit => "credit",
        RecordType.Undelivered => "undelivered",
        RecordType.DomainNews => "domain-news",
        RecordType.Gap => "gap",
        _ => ((uint)type).ToString(),
    };

    public static string Of(MessageDirection direction)
        => direction == MessageDirection.ToGuest ? "to-guest" : "from-guest";

    public static string? Of(RecordResult result) => result switch
    {
        RecordResult.Ok => "ok",
        RecordResult.Failed => "failed",
        RecordResult.AlreadyConnected => "already-connected",
        RecordResult.BadSession => "bad-session",
        RecordResult.NoSession => "no-session",
        RecordResult.ConnectionInUse => "connection-in-use",
        RecordResult.BadRequest => "bad-request",
        _ => null,
    };

    public static string? Of(WriteLockAction action) => action switch
    {
        WriteLockAction.Take => "take",
        WriteLockAction.Release => "release",
        _ => null,
    };

    public static string? Of(UndeliveredReason reason) => reason switch
    {
        UndeliveredReason.NoSuchDomain => "no-such-domain",
        UndeliveredReason.NoChannel => "no-channel",
        UndeliveredReason.ChannelOutOfOrder => "channel-out-of-order",
        UndeliveredReason.LockedOut => "locked-out",
        UndeliveredReason.ChannelClosed => "channel-closed",
        UndeliveredReason.NoAnswer => "no-answer",
        UndeliveredReason.AlreadyAnswered => "already-answered",
        UndeliveredReason.NotGiven => "not-given",
        _ => null,
    };

    public static string? Of(DomainNewsKind kind) => kind switch
    {
        DomainNewsKind.Complete => "complete",
        DomainNewsKind.Exists => "exists",
        DomainNewsKind.Gone => "gone",
        _ => null,
    };

    /// <summary><c>reasons+news</c>; bits without a name are left to the number.</summary>
    public static string? Of(Extensions extensions)
    {
        string names = string.Join('+', s_extensions.Where(one => extensions.HasFlag(one.Bit)).Select(one => one.Name));
        return names.Length > 0 ? names : null;
    }

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
