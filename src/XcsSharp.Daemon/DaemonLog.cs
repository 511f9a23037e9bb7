using Microsoft.Extensions.Logging;

namespace XcsSharp.Daemon;

/// <summary>The daemon's own lines.</summary>
internal static partial class DaemonLog
{
    [LoggerMessage(1, LogLevel.Information, "xcsd {Version} serves {Domains} domains of {Backend}; sockets {Xcs} {Classic} {Console}")]
    public static partial void Serving(
        this ILogger log, string version, int domains, string backend, string xcs, string classic, string console);

    [LoggerMessage(2, LogLevel.Information, "Stopped as asked; unanswered requests stay in the rings")]
    public static partial void Stopped(this ILogger log);

    [LoggerMessage(3, LogLevel.Critical, "The hypervisor is lost: {Reason}. Ending, so that a restart connects anew")]
    public static partial void HypervisorLost(this ILogger log, string reason);

    [LoggerMessage(4, LogLevel.Critical, "The loop failed; this is a bug of xcsd. Ending, so that a restart begins anew")]
    public static partial void LoopFailed(this ILogger log, Exception cause);
}
