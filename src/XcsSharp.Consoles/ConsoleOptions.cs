namespace XcsSharp.Consoles;

/// <summary>Settings of the guests' consoles. All are read once, when the daemon starts.</summary>
public sealed class ConsoleOptions
{
    /// <summary>Where each domain's terminal is linked by the domain's name. Null or empty: no terminals at all.</summary>
    public string? PtyDirectory { get; set; } = "/run/xcs/pty";

    /// <summary>Bytes of output kept for each console: 4 KiB..1 GiB. A reader this far behind gets a gap mark.</summary>
    public int BacklogBytes { get; set; } = 1024 * 1024;

    /// <summary>Where each console's output is logged, in files named by the domains. Null or empty: no logs at all.</summary>
    public string? LogDirectory { get; set; } = "/var/log/xcs";

    /// <summary>Bytes that a log's file never exceeds: 4 KiB..1 GiB. Then it is renamed and a new one begun.</summary>
    public int LogBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Full files kept of each log, beside the one that is written: 0..1000.</summary>
    public int LogFiles { get; set; } = 2;

    /// <summary>Viewers of one console on the console socket: 1..65536.</summary>
    public int MaxViewersPerConsole { get; set; } = 64;

    /// <summary>Connections on the console socket altogether: 1..65536.</summary>
    public int MaxConnections { get; set; } = 1024;

    /// <summary>Bytes that are queued for one connection on the console socket: 4 KiB..16 MiB.</summary>
    public int ViewerQueueBytes { get; set; } = 64 * 1024;

    /// <summary>A client that has not sent its request line after this long is closed.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the readers of a console may take for what is left after its domain has gone, and a client for a
    /// document it asked for.
    /// </summary>
    public TimeSpan LingerTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>What is wrong with these settings: one sentence each, with the remedy.</summary>
    public IEnumerable<string> Problems()
    {
        if (!string.IsNullOrEmpty(PtyDirectory) && !Path.IsPathFullyQualified(PtyDirectory))
        {
            yield return $"Consoles:PtyDirectory is '{PtyDirectory}': give an absolute path, or \"\" for no terminals.";
        }

        if (BacklogBytes is < 4096 or > 1 << 30)
        {
            yield return $"Consoles:BacklogBytes is {BacklogBytes}: give 4096 to 1073741824.";
        }

        if (!string.IsNullOrEmpty(LogDirectory) && !Path.IsPathFullyQualified(LogDirectory))
        {
            yield return $"Consoles:LogDirectory is '{LogDirectory}': give an absolute path, or \"\" for no logs.";
        }

        if (LogBytes is < 4096 or > 1 << 30)
        {
            yield return $"Consoles:LogBytes is {LogBytes}: give 4096 to 1073741824.";
        }

        if (LogFiles is < 0 or > 1000)
        {
            yield return $"Consoles:LogFiles is {LogFiles}: give 0 to 1000.";
        }

        if (MaxViewersPerConsole is < 1 or > 65536)
        {
            yield return $"Consoles:MaxViewersPerConsole is {MaxViewersPerConsole}: give 1 to 65536.";
        }

        if (MaxConnections is < 1 or > 65536)
        {
            yield return $"Consoles:MaxConnections is {MaxConnections}: give 1 to 65536.";
        }

        if (ViewerQueueBytes is < 4096 or > 16 * 1024 * 1024)
        {
            yield return $"Consoles:ViewerQueueBytes is {ViewerQueueBytes}: give 4096 to 16777216.";
        }

        if (RequestTimeout < TimeSpan.FromMilliseconds(100) || RequestTimeout > TimeSpan.FromHours(1))
        {
            yield return $"Consoles:RequestTimeout is {RequestTimeout}: give 00:00:00.1 to 01:00:00.";
        }

        if (LingerTimeout < TimeSpan.FromMilliseconds(100) || LingerTimeout > TimeSpan.FromHours(1))
        {
            yield return $"Consoles:LingerTimeout is {LingerTimeout}: give 00:00:00.1 to 01:00:00.";
        }
    }
}
