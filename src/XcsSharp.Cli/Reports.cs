using System.Globalization;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli;

/// <summary>The daemon's documents as text for people.</summary>
internal static class Reports
{
    /// <summary>One line a domain; what is wrong with one follows below the table.</summary>
    public static string List(DomainList list)
    {
        if (list.Domains.Count == 0)
        {
            return "No domains.\n";
        }

        TextTable table = new(
            new("DOMID", AlignRight: true), new("NAME"), new("STATE"), new("TRANSPORT"), new("PORT", AlignRight: true),
            new("VIEWERS", AlignRight: true), new("OUT", AlignRight: true), new("IN", AlignRight: true),
            new("DROPPED", AlignRight: true), new("TERMINAL"));
        foreach (DomainEntry domain in list.Domains)
        {
            table.Add(
                Number(domain.Domid), domain.Name, domain.State, domain.Transport ?? "-",
                domain.LocalPort is int port ? Number(port) : "-", Number(domain.Viewers), Size(domain.BytesOut),
                Size(domain.BytesIn), Size(domain.BytesDropped), domain.Pty ?? domain.PtyDevice ?? "-");
        }

        IEnumerable<string> problems = list.Domains
            .Where(domain => domain.Problem is not null)
            .Select(domain => TextTable.Printable($"domain {domain.Domid} ({domain.Name}): {domain.Problem}") + "\n");
        return table + string.Concat(problems);
    }

    public static string Status(DaemonStatus status)
    {
        (string Name, string Value)[] lines =
        [
            ("xcsd", $"{status.Version}, pid {status.Pid}, backend {status.Backend}, up {Duration(status.UptimeSeconds)}"),
            ("domains", Number(status.Domains)),
            ("channels", $"{status.Channels} open, {status.Quarantined} quarantined"),
            ("clients", $"{status.Sessions} sessions, {status.Viewers} viewers"),
            ("requests", Grouped(status.Requests)),
            ("responses", $"{Grouped(status.Responses)}, of these by the daemon itself: {Grouped(status.AnsweredByDaemon)}"),
            ("dropped", $"{Grouped(status.AnswersDropped)} answers that came second or to nothing"),
            ("slow", $"{Grouped(status.SlowSessionsClosed)} sessions closed because they did not read"),
            ("loop", $"{Grouped(status.Turns)} turns, {Grouped(status.PortsServed)} ports served"),
        ];
        int width = lines.Max(line => line.Name.Length);
        return string.Concat(lines.Select(line => TextTable.Printable($"{line.Name.PadRight(width)}  {line.Value}") + "\n"));
    }

    /// <summary>Bytes in the unit that leaves at most four digits.</summary>
    public static string Size(ulong bytes)
    {
        if (bytes < 1024)
        {
            return $"{bytes} B";
        }

        string[] units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        double value = bytes / 1024.0;
        int unit = 0;
        while (value >= 1023.95 && unit < units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {units[unit]}");
    }

    public static string Duration(double seconds)
    {
        TimeSpan span = TimeSpan.FromSeconds(seconds);
        return span.TotalDays >= 1 ? $"{span.Days}d {span.Hours}h {span.Minutes}m"
            : span.TotalHours >= 1 ? $"{span.Hours}h {span.Minutes}m"
            : span.TotalMinutes >= 1 ? $"{span.Minutes}m {span.Seconds}s"
            : string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0}s");
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Grouped(ulong value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
