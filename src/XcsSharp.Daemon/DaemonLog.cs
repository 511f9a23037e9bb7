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

    [LoggerMessage(6, LogLevel.Information, "The start has settled: {KiB} KiB in use, the rest was given back in {Milliseconds:0.0} ms")]
    public static partial void MemoryReturned(this ILogger log, long kiB, double milliseconds);

    [LoggerMessage(5, LogLevel.Error, "The access file {Path} is wrong, and the rules of before stay: {Problem}")]
    public static partial void AccessFileWrong(this ILogger log, string path, string problem);

    [LoggerMessage(7, LogLevel.Warning, "The service manager has not taken all that was to outlive this daemon: {Problem}. What it misses is hung up; see its own log")]
    public static partial void NotAllStored(this ILogger log, string problem);

    [LoggerMessage(14, LogLevel.Warning,
        "{Viewers} viewers are hung up: the service manager keeps no more descriptors. Raise FileDescriptorStoreMax= and FDSTORE in xcsd.service")]
    public static partial void ViewersLeftBehind(this ILogger log, int viewers);

    [LoggerMessage(9, LogLevel.Information, "An operator asked for an upgrade: the program at this daemon's path takes over")]
    public static partial void Upgrading(this ILogger log);

    [LoggerMessage(10, LogLevel.Warning, "An operator asked for an upgrade, and it was refused: {Problem}")]
    public static partial void UpgradeRefused(this ILogger log, string problem);

    [LoggerMessage(11, LogLevel.Error, "The upgrade failed, and this daemon goes on: {Problem}")]
    public static partial void UpgradeFailed(this ILogger log, string problem);

    [LoggerMessage(12, LogLevel.Information, "Took over from the daemon before: {Descriptors} descriptors")]
    public static partial void TookOver(this ILogger log, int descriptors);

    [LoggerMessage(13, LogLevel.Error,
        "What the daemon before has left can not be read, and all begins anew: {Problem}. Terminals and clients of before are hung up")]
    public static partial void StateUnreadable(this ILogger log, string problem);

    [LoggerMessage(15, LogLevel.Error,
        "Of what the daemon before has left a part can not be read: {Problem}. What that was of begins anew and its viewers are hung up; all else goes on")]
    public static partial void StatePartlyUnreadable(this ILogger log, string problem);

    [LoggerMessage(16, LogLevel.Error,
        "The daemon that follows would refuse a part of what this one leaves, so it is left out: {Problem}. What that is of begins anew there; all else goes on. This is a bug of xcsd")]
    public static partial void NotAllHandedOver(this ILogger log, string problem);

    [LoggerMessage(8, LogLevel.Information, "{Terminals} terminals stay open for the daemon that follows")]
    public static partial void HandingOver(this ILogger log, int terminals);
}
