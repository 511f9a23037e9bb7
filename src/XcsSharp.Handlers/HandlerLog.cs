using Microsoft.Extensions.Logging;

using XcsSharp.Handlers.Asking;
using XcsSharp.Switching;

namespace XcsSharp.Handlers;

/// <summary>Everything that this project logs.</summary>
internal static partial class HandlerLog
{
    [LoggerMessage(1, LogLevel.Information, "The {Handler} asked {Domain} for an operator: {End}")]
    public static partial void Asked(this ILogger log, string handler, GuestDomain domain, QuestionEnd end);

    [LoggerMessage(2, LogLevel.Information, "{Domain} sends debug messages; its first has subtype {Subtype}")]
    public static partial void DebugMessage(this ILogger log, GuestDomain domain, byte subtype);
}
