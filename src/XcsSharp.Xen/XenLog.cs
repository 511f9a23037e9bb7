using Microsoft.Extensions.Logging;

using XcsSharp.Interop;
using XcsSharp.Switching;

namespace XcsSharp.Xen;

/// <summary>What the adapter has to say. Domain names are sanitised before they come here.</summary>
internal static partial class XenLog
{
    [LoggerMessage(1, LogLevel.Warning, "Domain {Domain}: no control channel, because {Problem}")]
    public static partial void NoChannel(this ILogger log, XenDomain domain, string problem);

    [LoggerMessage(2, LogLevel.Debug, "Domain {Domain}: the program behind the published page has ended already")]
    public static partial void StalePage(this ILogger log, XenDomain domain);

    [LoggerMessage(3, LogLevel.Warning, "Domain {Domain}: its keys can not be watched ({Error}); a change of them will be missed")]
    public static partial void NotWatched(this ILogger log, XenDomain domain, Errno error);

    [LoggerMessage(4, LogLevel.Warning, "The domains can not be listed ({Error}); trying again")]
    public static partial void NotListed(this ILogger log, Errno error);

    [LoggerMessage(5, LogLevel.Debug, "Domain {Domain}: {Kind} page offered, port {LocalPort} to its port {RemotePort}")]
    public static partial void Offered(this ILogger log, XenDomain domain, TransportKind kind, int localPort, int remotePort);

    [LoggerMessage(6, LogLevel.Warning, "Domain {Domain}: its console {Number} is not served, because {Problem}")]
    public static partial void NoConsole(this ILogger log, XenDomain domain, int number, string problem);

    [LoggerMessage(7, LogLevel.Debug, "Domain {Domain}: console {Number} offered, port {LocalPort} to its port {RemotePort}")]
    public static partial void ConsoleOffered(this ILogger log, XenDomain domain, int number, int localPort, int remotePort);

    [LoggerMessage(8, LogLevel.Warning, "Domain {Domain}: {Path} can not be written ({Error}); xl console will not find its terminal")]
    public static partial void NoTerminalKey(this ILogger log, XenDomain domain, string path, Errno error);

    [LoggerMessage(11, LogLevel.Warning, "Domain {Domain}: the guest has changed {Path}, which names its terminal; {Done}")]
    public static partial void TerminalKeyChanged(this ILogger log, XenDomain domain, string path, string done);

    [LoggerMessage(12, LogLevel.Warning, "Domain {Domain}: console {Number} could not be {What} ({Error})")]
    public static partial void ConsoleNotChanged(this ILogger log, XenDomain domain, int number, string what, Errno error);

    [LoggerMessage(13, LogLevel.Warning, "Domain {Domain}: {Count} more refusals of what it publishes, the last because {Problem}")]
    public static partial void MoreRefused(this ILogger log, XenDomain domain, int count, string problem);

    [LoggerMessage(14, LogLevel.Warning, "Domain {Domain}: as much of its console's output is kept as is usual here, because {Problem}, in its toolstack's directory console")]
    public static partial void NoHistoryWish(this ILogger log, XenDomain domain, string problem);

    [LoggerMessage(9, LogLevel.Warning, "The hypervisor's own log is not served ({Error}): another program may have its interrupt; --Consoles:HypervisorLog=off leaves it alone")]
    public static partial void NoHypervisorLog(this ILogger log, Errno error);

    [LoggerMessage(10, LogLevel.Warning, "The hypervisor's own log can not be read ({Error})")]
    public static partial void HypervisorLogNotRead(this ILogger log, Errno error);
}
