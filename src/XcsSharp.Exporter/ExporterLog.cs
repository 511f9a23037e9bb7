using Microsoft.Extensions.Logging;

namespace XcsSharp.Exporter;

/// <summary>All that the exporter says of itself.</summary>
internal static partial class ExporterLog
{
    [LoggerMessage(EventId = 901, Level = LogLevel.Information, Message = "The daemon at {Socket} answers")]
    internal static partial void DaemonAnswers(this ILogger log, string socket);

    [LoggerMessage(EventId = 902, Level = LogLevel.Warning, Message = "The daemon at {Socket} does not answer, and is asked again: {Problem}")]
    internal static partial void DaemonAway(this ILogger log, string socket, string problem);

    [LoggerMessage(EventId = 903, Level = LogLevel.Information, Message = "The collector at {Place} takes what is sent")]
    internal static partial void CollectorTakes(this ILogger log, Uri place);

    [LoggerMessage(EventId = 904, Level = LogLevel.Warning, Message = "The collector at {Place} does not take what is sent, and is tried again: {Problem}")]
    internal static partial void CollectorAway(this ILogger log, Uri place, string problem);

    [LoggerMessage(EventId = 905, Level = LogLevel.Warning, Message = "The collector at {Place} did not want {Count} lines of guests: {Problem}")]
    internal static partial void LinesRefused(this ILogger log, Uri place, int count, string problem);

    [LoggerMessage(EventId = 906, Level = LogLevel.Warning, Message = "The console {Console} can not be followed, and is tried again: {Problem}")]
    internal static partial void ConsoleRefused(this ILogger log, string console, string problem);

    [LoggerMessage(EventId = 907, Level = LogLevel.Warning, Message = "{Count} lines of guests were not sent when the exporter ended")]
    internal static partial void LinesLeft(this ILogger log, int count);

    [LoggerMessage(EventId = 908, Level = LogLevel.Warning, Message = "Consoles that wait until one of the {Most} that are followed ends: {Count}. Raise --most-consoles, and Consoles:MaxConnectionsPerUser of xcsd to some more")]
    internal static partial void ConsolesLeft(this ILogger log, int count, int most);
}
