using XcsSharp.Consoles;
using XcsSharp.Handlers;

namespace XcsSharp.Daemon.Settings;

/// <summary>All settings there are. Whatever is not here is refused.</summary>
internal static class SettingsTable
{
    private static readonly (string Word, OutputLevel Value)[] s_outputLevels =
        [("safe", OutputLevel.Safe), ("strip", OutputLevel.Strip), ("raw", OutputLevel.Raw)];

    private static readonly (string Word, ExclusivePolicy Value)[] s_exclusivePolicies =
        [("deny", ExclusivePolicy.Deny), ("typing", ExclusivePolicy.Typing), ("viewing", ExclusivePolicy.Viewing)];

    public static readonly Setting[] All =
    [
        Setting.Choice(
            "Hypervisor:Backend", "auto", "the hypervisor; auto: Xen where /dev/xen/evtchn exists",
            static (settings, value) => settings.Hypervisor.Backend = value,
            ("auto", BackendChoice.Auto), ("xen", BackendChoice.Xen), ("sim", BackendChoice.Sim)),
        Setting.Directory(
            "Hypervisor:SimMachine", "", "directory of the simulated machine; empty: $SIMXEN_MACHINE",
            static (settings, value) => settings.Hypervisor.SimMachine = value),

        Setting.SocketPath(
            "Sockets:Xcs", "/run/xcs/xcs.sock", mayBeEmpty: false, "socket of the control switch",
            static (settings, value) => settings.Sockets.Xcs = value),
        Setting.SocketPath(
            "Sockets:Classic", "/var/lib/xen/xcs_socket", mayBeEmpty: true, "the same, where 2005 clients look for it",
            static (settings, value) => settings.Sockets.Classic = value),
        Setting.SocketPath(
            "Sockets:Console", "/run/xcs/console.sock", mayBeEmpty: false, "socket of xcsctl: consoles, list, status",
            static (settings, value) => settings.Sockets.Console = value),
        Setting.Mode(
            "Sockets:Mode", "0660", "permissions of the sockets",
            static (settings, value) => settings.Sockets.Mode = value),
        Setting.Group(
            "Sockets:Group", "", "group of the sockets; empty: the daemon's own",
            static (settings, value) => settings.Sockets.Group = value),

        Setting.Directory(
            "Sockets:AccessFile", "", "who may do what on the daemon's sockets; empty: whoever may connect may do all",
            static (settings, value) => settings.Sockets.AccessFile = value),

        Setting.Switch(
            "Consoles:Rings", "on", "guests' console rings; off leaves them to xenconsoled",
            static (settings, value) => settings.Xen.Rings = value),
        Setting.Switch(
            "Consoles:HypervisorLog", "on", "the hypervisor's own log, as the console of a domain named xen",
            static (settings, value) => settings.Xen.HypervisorLog = value),
        Setting.Directory(
            "Consoles:PtyDirectory", "/run/xcs/pty", "links to the consoles' terminals; empty: no terminals",
            static (settings, value) => settings.Consoles.PtyDirectory = value),
        Setting.SocketDirectory(
            "Consoles:SocketDirectory", ConsoleOptions.LongestSocketDirectory, "a socket for each console, NAME.sock, that carries its bytes alone; empty: none",
            static (settings, value) => settings.Consoles.SocketDirectory = value),
        Setting.Choice(
            "Consoles:TerminalOutput", "safe", "what of guests' output terminals and viewers get",
            static (settings, value) => settings.Consoles.TerminalOutput = value,
            s_outputLevels),
        Setting.Directory(
            "Consoles:LogDirectory", "/var/log/xcs", "logs of the consoles, guest-NAME.log; empty: no logs",
            static (settings, value) => settings.Consoles.LogDirectory = value),
        Setting.Bytes(
            "Consoles:LogBytes", "16 MiB", 4096, 1 << 30, "a log of this size is renamed, and a new one begun",
            static (settings, value) => settings.Consoles.LogBytes = value),
        Setting.Count(
            "Consoles:LogFiles", "2", 0, 1000, "full logs kept of each console, guest-NAME.log.1 and so on",
            static (settings, value) => settings.Consoles.LogFiles = value),
        Setting.Choice(
            "Consoles:LogOutput", "safe", "what of guests' output the logs get",
            static (settings, value) => settings.Consoles.LogOutput = value,
            s_outputLevels),
        Setting.Choice(
            "Consoles:LogTimestamps", "off", "utc: each line of a log begins with the time at which it came",
            static (settings, value) => settings.Consoles.LogTimestamps = value,
            ("off", LogTimestamps.Off), ("utc", LogTimestamps.Utc)),
        Setting.Choice(
            "Consoles:LogCompress", "off", "gzip: full logs but the youngest become guest-NAME.log.2.gz and so on",
            static (settings, value) => settings.Consoles.LogCompress = value,
            ("off", LogCompression.Off), ("gzip", LogCompression.Gzip)),
        Setting.Switch(
            "Consoles:InputLog", "off", "what is typed at consoles, passwords too, and by whom, in typed-NAME.log",
            static (settings, value) => settings.Consoles.InputLog = value),
        Setting.Switch(
            "Consoles:Journal", "off", "guests' output, line by line, in systemd's journal too",
            static (settings, value) => settings.Consoles.Journal = value),
        Setting.SocketPath(
            "Consoles:JournalSocket", "/run/systemd/journal/socket", mayBeEmpty: false, "where the journal takes entries",
            static (settings, value) => settings.Consoles.JournalSocket = value),
        Setting.Bytes(
            "Consoles:BootBytes", "64 KiB", 0, 16 << 20, "output of each console that is kept from its beginning",
            static (settings, value) => settings.Consoles.BootBytes = value),
        Setting.Bytes(
            "Consoles:HistoryBytes", "1 MiB", 4096, 1 << 30, "newest output of each console that is kept",
            static (settings, value) => settings.Consoles.HistoryBytes = value),
        Setting.LongBytes(
            "Consoles:TotalHistoryBytes", "256 MiB", 1 << 20, 64L << 30, "output of all consoles that is kept",
            static (settings, value) => settings.Consoles.TotalHistoryBytes = value),
        Setting.Bytes(
            "Consoles:SpoolBytes", "2 MiB", 0, 64 << 20, "newest output of all consoles that outlives a daemon which is killed; 0: none does",
            static (settings, value) => settings.Consoles.SpoolBytes = value),
        Setting.Duration(
            "Consoles:KeepAfterEnd", "10m", TimeSpan.Zero, TimeSpan.FromDays(7),
            "how long a gone domain's output is kept, and its viewers wait for its next life",
            static (settings, value) => settings.Consoles.KeepAfterEnd = value),
        Setting.Count(
            "Consoles:MaxViewersPerConsole", "64", 1, 65536, "viewers attached to one console",
            static (settings, value) => settings.Consoles.MaxViewersPerConsole = value),
        Setting.Count(
            "Consoles:MaxConnections", "1024", 1, 65536, "connections on the console socket",
            static (settings, value) => settings.Consoles.MaxConnections = value),
        Setting.Count(
            "Consoles:MaxConnectionsPerUser", "256", 1, 65536, "of these, those of one user that is not root",
            static (settings, value) => settings.Consoles.MaxConnectionsPerUser = value),
        Setting.Bytes(
            "Consoles:ViewerQueueBytes", "64 KiB", 4096, 16 << 20, "output waiting for one viewer",
            static (settings, value) => settings.Consoles.ViewerQueueBytes = value),
        Setting.Choice(
            "Consoles:Exclusive", "deny", "xcsctl console --exclusive; typing: others look on; viewing: nobody else is attached",
            static (settings, value) => settings.Consoles.Exclusive = value,
            s_exclusivePolicies),
        Setting.Duration(
            "Consoles:RequestTimeout", "5s", TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1),
            "a client of the console socket must ask within this time",
            static (settings, value) => settings.Consoles.RequestTimeout = value),
        Setting.Duration(
            "Consoles:LingerTimeout", "30s", TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1),
            "time for readers to take a gone domain's last output",
            static (settings, value) => settings.Consoles.LingerTimeout = value),

        Setting.Duration(
            "Switching:UnboundGrace", "5s", TimeSpan.Zero, TimeSpan.FromMinutes(10),
            "how long a request waits for a subscriber",
            static (settings, value) => settings.Switching.UnboundGrace = value),
        Setting.Duration(
            "Switching:ResponseTimeout", "20s", TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1),
            "after it the daemon answers for a silent subscriber",
            static (settings, value) => settings.Switching.ResponseTimeout = value),
        Setting.Duration(
            "Switching:SessionWindow", "10s", TimeSpan.Zero, TimeSpan.FromHours(1),
            "how long a session without connections can be resumed",
            static (settings, value) => settings.Switching.SessionWindow = value),
        Setting.Duration(
            "Switching:FirstRecordTimeout", "5s", TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10),
            "a new connection must say what it is within this time",
            static (settings, value) => settings.Switching.FirstRecordTimeout = value),
        Setting.Bytes(
            "Switching:SessionQueueBytes", "8 MiB", 64 << 10, 256 << 20, "records waiting for one session",
            static (settings, value) => settings.Switching.SessionQueueBytes = value),
        Setting.Count(
            "Switching:RequestQueue", "64", 1, 65536, "requests waiting for room in one guest's ring",
            static (settings, value) => settings.Switching.RequestQueue = value),
        Setting.BytesOrNone(
            "Switching:GuestBytesPerSecond", "8 MiB", 64 << 10, 1 << 30, "what one guest may send before it is slowed down; 0: no limit",
            static (settings, value) => settings.Switching.GuestBytesPerSecond = value),
        Setting.Count(
            "Switching:MaxSessions", "1024", 1, 65536, "sessions on the xcs sockets",
            static (settings, value) => settings.Switching.MaxSessions = value),

        Setting.Duration(
            "Handlers:AnswerTimeout", "10s", TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10),
            "how long a guest may take to answer what a handler asks",
            static (settings, value) => settings.Handlers.AnswerTimeout = value),
        .. HandlerTable.All.Select(static handler => Setting.Switch(
            handler.Setting, "off", handler.Meaning, (settings, value) => settings.Handlers.Set(handler, value))),

        Setting.Directory(
            "Xcs:LogFile", "/var/log/xcs.log", "log of a daemon that was started as xcs and has detached; empty: none",
            static (settings, value) => settings.Xcs.LogFile = value),
    ];

    /// <summary>The setting of that name (letter case does not matter), or null.</summary>
    public static Setting? Find(string key)
        => Array.Find(All, setting => setting.Key.Equals(key, StringComparison.OrdinalIgnoreCase));

    /// <summary>The known name that was probably meant, or null when none is near.</summary>
    public static string? Nearest(string key)
    {
        string? nearest = null;
        int best = int.MaxValue;
        foreach (Setting setting in All)
        {
            // Right name in a wrong section, or without one, is the commonest slip.
            string name = setting.Key[(setting.Key.IndexOf(':', StringComparison.Ordinal) + 1)..];
            int distance = Math.Min(
                EditDistance(key, setting.Key),
                1 + EditDistance(key[(key.LastIndexOf(':') + 1)..], name));
            if (distance < best)
            {
                best = distance;
                nearest = setting.Key;
            }
        }

        return best <= Math.Max(2, key.Length / 3) ? nearest : null;
    }

    private static int EditDistance(string left, string right)
    {
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                bool same = char.ToUpperInvariant(left[i - 1]) == char.ToUpperInvariant(right[j - 1]);
                int replaced = diagonal + (same ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[right.Length];
    }
}
