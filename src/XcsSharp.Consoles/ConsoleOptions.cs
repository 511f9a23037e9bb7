namespace XcsSharp.Consoles;

/// <summary>Settings of the guests' consoles. All are read once, when the daemon starts.</summary>
public sealed class ConsoleOptions
{
    /// <summary>The least newest output that is kept at a toolstack's wish.</summary>
    internal const int LeastHistory = 64 * 1024;

    /// <summary>Where each domain's terminal is linked by the domain's name. Null or empty: no terminals at all.</summary>
    public string? PtyDirectory { get; set; } = "/run/xcs/pty";

    /// <summary>Where each console has a socket of its own, NAME.sock. Null or empty: none.</summary>
    public string? SocketDirectory { get; set; }

    /// <summary>The most bytes of it: behind it a name by domid, the longest suffix and the ending must fit into a socket's 107 bytes.</summary>
    public const int LongestSocketDirectory = 64;

    /// <summary>Permission bits of these sockets.</summary>
    public int SocketMode { get; set; } = (int)(UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <summary>Their group; null: the daemon's own.</summary>
    public uint? SocketGroup { get; set; }

    /// <summary>The first bytes of each console that are kept as long as the console: 0..16 MiB.</summary>
    public int BootBytes { get; set; } = 64 * 1024;

    /// <summary>The newest bytes of each console that are kept, beside the first: 4 KiB..1 GiB. A reader this far behind gets a gap mark.</summary>
    public int HistoryBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// How much of the newest output of a console is kept of which so much is wanted: never more than <see cref="HistoryBytes"/>, and never less
    /// than its log writes at once, or a flood would tear holes in it.
    /// </summary>
    internal int HistoryFor(long? wish)
        => wish is not long wanted ? HistoryBytes : (int)Math.Min(HistoryBytes, Math.Max(wanted, LeastHistory));

    /// <summary>What all consoles' output takes together at most: 1 MiB..64 GiB; never less than one console may.</summary>
    public long TotalHistoryBytes { get; set; } = 256L << 20;

    /// <summary>How long output can be read after its domain has gone, and viewers wait for the domain's next life: 0..7 days.</summary>
    public TimeSpan KeepAfterEnd { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>What of guests' output terminals and viewers get.</summary>
    public OutputLevel TerminalOutput { get; set; } = OutputLevel.Safe;

    /// <summary>What of guests' output is logged.</summary>
    public OutputLevel LogOutput { get; set; } = OutputLevel.Safe;

    /// <summary>Whether each line of a log begins with the time at which it came.</summary>
    public LogTimestamps LogTimestamps { get; set; }

    /// <summary>Whether old files of a log, but for the youngest, are compressed.</summary>
    public LogCompression LogCompress { get; set; }

    /// <summary>Whether each line of guests' output is an entry of systemd's journal, too.</summary>
    public bool Journal { get; set; }

    /// <summary>The journal's socket.</summary>
    public string JournalSocket { get; set; } = "/run/systemd/journal/socket";

    /// <summary>Who may do what on the console socket; null: whoever may connect may do all.</summary>
    public AccessPolicy? Access { get; set; }

    /// <summary>Where each console's output is logged, in files named by the domains. Null or empty: no logs at all.</summary>
    public string? LogDirectory { get; set; } = "/var/log/xcs";

    /// <summary>Bytes that a log's file never exceeds: 4 KiB..1 GiB. Then it is renamed and a new one begun.</summary>
    public int LogBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Full files kept of each log, beside the one that is written: 0..1000.</summary>
    public int LogFiles { get; set; } = 2;

    /// <summary>Whether what is typed at consoles is recorded beside the logs, with who typed it.</summary>
    public bool InputLog { get; set; }

    /// <summary>Where the output of late is that outlives a daemon which is killed. Null or empty: it does not.</summary>
    public string? SpoolFile { get; set; }

    /// <summary>How much of all consoles' newest output that is: 0..64 MiB, 0 for none. It is memory, taken at the start.</summary>
    public int SpoolBytes { get; set; } = 2 * 1024 * 1024;

    /// <summary>Viewers of one console on the console socket: 1..65536.</summary>
    public int MaxViewersPerConsole { get; set; } = 64;

    /// <summary>Connections on the console socket altogether: 1..65536.</summary>
    public int MaxConnections { get; set; } = 1024;

    /// <summary>Of these, those of one user that is not root: 1..65536.</summary>
    public int MaxConnectionsPerUser { get; set; } = 256;

    /// <summary>Bytes that are queued for one connection on the console socket: 4 KiB..16 MiB.</summary>
    public int ViewerQueueBytes { get; set; } = 64 * 1024;

    /// <summary>Whether a viewer may have a console for itself.</summary>
    public ExclusivePolicy Exclusive { get; set; } = ExclusivePolicy.Deny;

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

        if (!string.IsNullOrEmpty(SocketDirectory)
            && (!Path.IsPathFullyQualified(SocketDirectory) || System.Text.Encoding.UTF8.GetByteCount(SocketDirectory) > LongestSocketDirectory))
        {
            yield return $"Consoles:SocketDirectory is '{SocketDirectory}': give an absolute path of at most {LongestSocketDirectory} bytes, or \"\" for no sockets.";
        }

        foreach (string problem in HistoryProblems())
        {
            yield return problem;
        }

        if (!string.IsNullOrEmpty(LogDirectory) && !Path.IsPathFullyQualified(LogDirectory))
        {
            yield return $"Consoles:LogDirectory is '{LogDirectory}': give an absolute path, or \"\" for no logs.";
        }

        if (InputLog && string.IsNullOrEmpty(LogDirectory))
        {
            yield return "Consoles:InputLog is on, and Consoles:LogDirectory is empty: give a directory, or leave Consoles:InputLog off.";
        }

        if (LogBytes is < 4096 or > 1 << 30)
        {
            yield return $"Consoles:LogBytes is {LogBytes}: give 4096 to 1073741824.";
        }

        if (LogFiles is < 0 or > 1000)
        {
            yield return $"Consoles:LogFiles is {LogFiles}: give 0 to 1000.";
        }

        if (SpoolBytes is < 0 or > SpoolLayout.MostRingBytes)
        {
            yield return $"Consoles:SpoolBytes is {SpoolBytes}: give 0 to 67108864.";
        }

        if (MaxViewersPerConsole is < 1 or > 65536)
        {
            yield return $"Consoles:MaxViewersPerConsole is {MaxViewersPerConsole}: give 1 to 65536.";
        }

        if (MaxConnections is < 1 or > 65536)
        {
            yield return $"Consoles:MaxConnections is {MaxConnections}: give 1 to 65536.";
        }

        if (MaxConnectionsPerUser is < 1 or > 65536)
        {
            yield return $"Consoles:MaxConnectionsPerUser is {MaxConnectionsPerUser}: give 1 to 65536.";
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

    private IEnumerable<string> HistoryProblems()
    {
        if (BootBytes is < 0 or > 16 << 20)
        {
            yield return $"Consoles:BootBytes is {BootBytes}: give 0 to 16777216.";
        }

        if (HistoryBytes is < 4096 or > 1 << 30)
        {
            yield return $"Consoles:HistoryBytes is {HistoryBytes}: give 4096 to 1073741824.";
        }

        if (TotalHistoryBytes is < 1 << 20 or > 64L << 30)
        {
            yield return $"Consoles:TotalHistoryBytes is {TotalHistoryBytes}: give 1048576 to 68719476736.";
        }

        if (KeepAfterEnd < TimeSpan.Zero || KeepAfterEnd > TimeSpan.FromDays(7))
        {
            yield return $"Consoles:KeepAfterEnd is {KeepAfterEnd}: give 00:00:00 to 7.00:00:00.";
        }
    }
}
