using Microsoft.Extensions.Logging;

using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>Everything that this project logs.</summary>
internal static partial class SwitchLog
{
    [LoggerMessage(1, LogLevel.Information, "Domain {Domain} appeared")]
    public static partial void DomainAppeared(this ILogger log, GuestDomain domain);

    [LoggerMessage(2, LogLevel.Information, "Domain {Domain} is gone")]
    public static partial void DomainGone(this ILogger log, GuestDomain domain);

    [LoggerMessage(3, LogLevel.Information, "Channel of {Domain} opened: {Kind}, port {LocalPort} to {RemotePort}")]
    public static partial void ChannelOpened(
        this ILogger log, GuestDomain domain, TransportKind kind, int localPort, int remotePort);

    [LoggerMessage(4, LogLevel.Information, "Channel of {Domain} closed: {Reason}")]
    public static partial void ChannelClosed(this ILogger log, GuestDomain domain, string reason);

    [LoggerMessage(5, LogLevel.Warning,
        "Channel of {Domain} (port {LocalPort}) put aside: {Problem}. Other domains are not affected; it is taken up again when the guest publishes a new channel or is restarted")]
    public static partial void ChannelQuarantined(this ILogger log, GuestDomain domain, int localPort, string problem);

    [LoggerMessage(6, LogLevel.Debug, "Answered a {Type} request of {Domain} for its subscribers (somebody had it: {WasHeld})")]
    public static partial void AnsweredForSubscriber(this ILogger log, GuestDomain domain, MessageType type, bool wasHeld);

    [LoggerMessage(7, LogLevel.Warning, "A control page was offered for domid {Domid}, which does not exist; ignored")]
    public static partial void OfferForNobody(this ILogger log, uint domid);

    [LoggerMessage(8, LogLevel.Information, "{Session} began")]
    public static partial void SessionBegan(this ILogger log, string session);

    [LoggerMessage(9, LogLevel.Information, "{Session} ended: {Reason}")]
    public static partial void SessionEnded(this ILogger log, string session, string reason);

    [LoggerMessage(10, LogLevel.Warning,
        "{Session} closed: its client left {Bytes} bytes unread. It may connect again; Switching:SessionQueueBytes is the limit")]
    public static partial void SlowSessionClosed(this ILogger log, string session, int bytes);

    [LoggerMessage(11, LogLevel.Warning,
        "Connection refused: {Sessions} sessions and {Unidentified} unidentified connections exist; Switching:MaxSessions is the limit of each")]
    public static partial void ConnectionRefused(this ILogger log, int sessions, int unidentified);

    [LoggerMessage(12, LogLevel.Information, "A connection was closed: it did not say in time what it is")]
    public static partial void SilentConnectionClosed(this ILogger log);

    [LoggerMessage(13, LogLevel.Information,
        "Sessions of {Who}: {Lines} more lines about who connected and left are left out, of the last {Seconds} s; Switching:MaxSessions limits how many there are at once")]
    public static partial void SessionLinesLeftOut(this ILogger log, string who, int lines, double seconds);

    [LoggerMessage(14, LogLevel.Warning, "{Connections} more connections were refused in the last {Seconds} s; Switching:MaxSessions is the limit")]
    public static partial void MoreConnectionsRefused(this ILogger log, int connections, double seconds);

    [LoggerMessage(15, LogLevel.Warning,
        "Domain {Domain}: {Count} more times a channel or console of it came, went or was put aside; the last: {What}")]
    public static partial void MoreLives(this ILogger log, GuestDomain domain, int count, string what);

    [LoggerMessage(20, LogLevel.Information, "Console {Number} of {Domain} opened: ring, port {LocalPort} to {RemotePort}")]
    public static partial void ConsoleOpened(
        this ILogger log, GuestDomain domain, int number, int localPort, int remotePort);

    [LoggerMessage(21, LogLevel.Information, "Console {Number} of {Domain} closed: {Reason}")]
    public static partial void ConsoleClosed(this ILogger log, GuestDomain domain, int number, string reason);

    [LoggerMessage(22, LogLevel.Warning,
        "Console {Number} of {Domain} (port {LocalPort}) put aside: {Problem}. Other consoles and domains are not affected; it is taken up again when the guest is restarted")]
    public static partial void ConsoleQuarantined(
        this ILogger log, GuestDomain domain, int number, int localPort, string problem);

    [LoggerMessage(23, LogLevel.Warning, "Console {Number} was offered for domid {Domid}, which does not exist; ignored")]
    public static partial void ConsoleOfferForNobody(this ILogger log, uint domid, int number);
}
