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

    [LoggerMessage(EventId = 405, Level = LogLevel.Debug, Message = "Console {Console}: viewer attached by uid {Uid}, pid {Pid}")]
    internal static partial void ViewerAttached(this ILogger log, string console, uint uid, int pid);

    [LoggerMessage(EventId = 406, Level = LogLevel.Debug, Message = "Console {Console}: viewer left: {Why}")]
    internal static partial void ViewerLeft(this ILogger log, string console, Reactor.StreamEnd why);

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
}
