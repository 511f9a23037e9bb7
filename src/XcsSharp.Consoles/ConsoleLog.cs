using Microsoft.Extensions.Logging;

namespace XcsSharp.Consoles;

/// <summary>Every log line of this project.</summary>
internal static partial class ConsoleLog
{
    [LoggerMessage(EventId = 400, Level = LogLevel.Debug, Message = "Console {Console}: terminal {Device}, link {Link}")]
    internal static partial void TerminalOpened(this ILogger log, string console, string device, string link);

    [LoggerMessage(EventId = 401, Level = LogLevel.Warning,
        Message = "Console {Console}: no terminal now, tried again every {Seconds} s: {Problem}")]
    internal static partial void TerminalFailed(this ILogger log, string console, double seconds, string problem);

    [LoggerMessage(EventId = 402, Level = LogLevel.Debug, Message = "Console {Console}: its terminal was hung up; opening another")]
    internal static partial void TerminalLost(this ILogger log, string console);

    [LoggerMessage(EventId = 403, Level = LogLevel.Warning, Message = "The link {Path} to a guest's terminal cannot be changed: {Problem}")]
    internal static partial void LinkFailed(this ILogger log, string path, string problem);

    [LoggerMessage(EventId = 404, Level = LogLevel.Debug, Message = "Console {Console} ended: {BytesOut} bytes out, {BytesIn} in, {BytesDropped} dropped")]
    internal static partial void ConsoleEnded(this ILogger log, string console, ulong bytesOut, ulong bytesIn, ulong bytesDropped);

    [LoggerMessage(EventId = 405, Level = LogLevel.Information, Message = "Console {Console}: viewer {Id} attached: {Who}, {Mode}")]
    internal static partial void ViewerAttached(this ILogger log, string console, ulong id, string who, ViewerMode mode);

    [LoggerMessage(EventId = 406, Level = LogLevel.Information, Message = "Console {Console}: viewer {Id} of {Who} left: {Why}")]
    internal static partial void ViewerLeft(this ILogger log, string console, ulong id, string who, Reactor.StreamEnd why);

    [LoggerMessage(EventId = 407, Level = LogLevel.Debug, Message = "Console socket: refused, {Code}: {Sentence}")]
    internal static partial void RequestRefused(this ILogger log, string code, string sentence);

    [LoggerMessage(EventId = 408, Level = LogLevel.Warning,
        Message = "Log of {Domain} stopped: {Problem}. Make room, or mend what is in the way: it goes on by itself, tried at "
            + "least every {Seconds} s. The console goes on meanwhile")]
    internal static partial void LogStopped(this ILogger log, string domain, string problem, double seconds);

    [LoggerMessage(EventId = 409, Level = LogLevel.Information, Message = "Log of {Domain} goes on in {Path}; {Lost} bytes were lost to it")]
    internal static partial void LogGoesOn(this ILogger log, string domain, string path, ulong lost);

    [LoggerMessage(EventId = 410, Level = LogLevel.Warning,
        Message = "Log of {Domain} is incomplete: the last {Bytes} bytes were not written to {Path} in time")]
    internal static partial void LogIncomplete(this ILogger log, string domain, string path, long bytes);

    [LoggerMessage(EventId = 411, Level = LogLevel.Warning, Message = "An old log stays as it is and is not compressed: {Problem}")]
    internal static partial void LogNotCompressed(this ILogger log, string problem);

    [LoggerMessage(EventId = 412, Level = LogLevel.Warning,
        Message = "Guests' output does not reach the journal: {Problem}. Start systemd-journald, or set Consoles:Journal=off. It goes on by "
            + "itself; logs and consoles go on meanwhile")]
    internal static partial void JournalStopped(this ILogger log, string problem);

    [LoggerMessage(EventId = 413, Level = LogLevel.Information, Message = "Guests' output reaches the journal again")]
    internal static partial void JournalGoesOn(this ILogger log);

    [LoggerMessage(EventId = 414, Level = LogLevel.Warning,
        Message = "{Place}: refused to uid {Uid}, pid {Pid}: {Sentence} ({More} more before it)")]
    internal static partial void AccessDenied(this ILogger log, string place, uint uid, int pid, string sentence, int more);

    [LoggerMessage(EventId = 415, Level = LogLevel.Information, Message = "Console {Console}: {Who} types now")]
    internal static partial void WriterChanged(this ILogger log, string console, string who);

    [LoggerMessage(EventId = 430, Level = LogLevel.Information,
        Message = "Viewers of {Who}: {Lines} more lines about who attached, left or types are left out, of the last {Seconds} s; WHO (xcsctl who) names those of now")]
    internal static partial void ViewerLinesLeftOut(this ILogger log, string who, int lines, double seconds);

    [LoggerMessage(EventId = 416, Level = LogLevel.Warning, Message = "A console has no socket {Path}: {Problem}. Its terminal and the console socket work")]
    internal static partial void SocketFailed(this ILogger log, string path, string problem);

    [LoggerMessage(EventId = 417, Level = LogLevel.Warning,
        Message = "What is typed is not recorded in {Path}: {Problem}. Make room, or mend what is in the way: it is tried again every {Seconds} s, and what had no "
            + "room meanwhile is counted there. Consoles go on")]
    internal static partial void InputNotRecorded(this ILogger log, string path, string problem, double seconds);

    [LoggerMessage(EventId = 418, Level = LogLevel.Warning,
        Message = "No more than {Kept} terminals are kept over a restart; those beyond are hung up by one. Raise FileDescriptorStoreMax= and FDSTORE in xcsd.service")]
    internal static partial void TooManyTerminalsToKeep(this ILogger log, int kept);

    [LoggerMessage(EventId = 419, Level = LogLevel.Warning,
        Message = "Without a spool a daemon that is killed loses what it has taken from guests in the last moment: {Problem}. Remove what is in the way and "
            + "restart, or set Consoles:SpoolBytes to 0")]
    internal static partial void NoSpool(this ILogger log, string problem);

    [LoggerMessage(EventId = 420, Level = LogLevel.Warning,
        Message = "The spool has no place for the console of domain {Domid} and others: raise Consoles:SpoolBytes, it has a place for each 4096 of them")]
    internal static partial void SpoolFull(this ILogger log, uint domid);

    [LoggerMessage(EventId = 421, Level = LogLevel.Information,
        Message = "Console {Console} goes on after a daemon that was killed: {Bytes} bytes of its output are left, up to byte {End}")]
    internal static partial void GoesOnAfterKill(this ILogger log, string console, long bytes, long end);

    [LoggerMessage(EventId = 422, Level = LogLevel.Warning,
        Message = "Log {Name}: {Bytes} bytes of what the daemon before had still to write could not be written at once: {Problem}")]
    internal static partial void LogNotCompleted(this ILogger log, string name, long bytes, string problem);

    [LoggerMessage(EventId = 424, Level = LogLevel.Warning,
        Message = "Log of {Domain} is incomplete: the last {Bytes} bytes were not written to {Path} in time; the next daemon has them to write")]
    internal static partial void LogLeft(this ILogger log, string domain, string path, long bytes);

    [LoggerMessage(EventId = 423, Level = LogLevel.Information,
        Message = "The spool keeps the {Bytes} bytes that a daemon which was killed has made it of; it has {Wished} after the next stop or restart of this one")]
    internal static partial void SpoolKeepsItsSize(this ILogger log, int bytes, int wished);
}
