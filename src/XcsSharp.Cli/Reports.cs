using System.Globalization;
using System.Text;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli;

/// <summary>The daemon's documents as text for people.</summary>
internal static class Reports
{
    /// <summary>One line a console, and one for a domain that has none; what is wrong with one follows below the table.</summary>
    public static string List(DomainList list)
    {
        if (list.Domains.Count == 0)
        {
            return "No domains.\n";
        }

        TextTable table = new(
            new("DOMID", AlignRight: true), new("NAME"), new("STATE"), new("TRANSPORT"), new("PORT", AlignRight: true),
            new("VIEWERS", AlignRight: true), new("OUT", AlignRight: true), new("IN", AlignRight: true),
            new("DROPPED", AlignRight: true), new("THROTTLED", AlignRight: true), new("TERMINAL"));
        StringBuilder problems = new();
        foreach (DomainEntry domain in list.Domains)
        {
            IReadOnlyList<ConsoleEntry> lines = LinesOf(domain);
            foreach (ConsoleEntry console in lines)
            {
                table.Add(
                    Number(domain.Domid), console.Name, console.State, console.Transport ?? "-",
                    console.LocalPort is int port ? Number(port) : "-", Number(console.Viewers), Size(console.BytesOut),
                    Size(console.BytesIn), Size(console.BytesDropped), Throttled(domain),
                    console.Pty ?? console.PtyDevice ?? "-");
                AddProblem(problems, domain.Domid, console.Name, console.Problem);
            }

            // A channel that is no console, or that was refused, has no line of its own.
            if (lines.All(line => line.Problem != domain.Problem))
            {
                AddProblem(problems, domain.Domid, domain.Name, domain.Problem);
            }

            // A guest that goes on being refused: its last reason says little.
            AddProblem(problems, domain.Domid, domain.Name, domain.Refusals > 1 ? $"{domain.Refusals} refusals so far" : null);
        }

        return table.ToString() + problems;
    }

    public static string Status(DaemonStatus status)
    {
        (string Name, string Value)[] lines =
        [
            ("xcsd", $"{status.Version}, pid {status.Pid}, backend {status.Backend}, up {Duration(status.UptimeSeconds)}"),
            ("domains", Number(status.Domains)),
            ("channels", $"{status.Channels} open"),
            ("faults", $"{status.Quarantined} channels and rings put aside now, {Grouped(status.Quarantines)} since the start; "
                + $"{Grouped(status.Refusals)} refusals"),
            ("clients", $"{status.Sessions} sessions, {status.Viewers} viewers"),
            ("requests", Grouped(status.Requests)),
            ("responses", $"{Grouped(status.Responses)}, of these by the daemon itself: {Grouped(status.AnsweredByDaemon)}"),
            ("dropped", $"{Grouped(status.AnswersDropped)} answers that came second or to nothing, {Grouped(status.RequestsLockedOut)} requests against a write lock"),
            ("slow", $"{Grouped(status.SlowSessionsClosed)} sessions closed because they did not read, {Grouped(status.SessionsPaused)} times passed by instead"),
            ("rings", $"{status.ConsoleRings} console rings open, {Size(status.ConsoleBytes)} taken"),
            ("throttled", $"living guests waited {Duration(status.ThrottledMs / 1000.0)} in all, because they flooded"),
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

    /// <summary>1 domain, 2 domains.</summary>
    public static string Counted(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    private static void AddProblem(StringBuilder problems, uint domid, string name, string? problem)
    {
        if (problem is not null)
        {
            problems.Append(TextTable.Printable($"domain {domid} ({name}): {problem}")).Append('\n');
        }
    }

    /// <summary>A domain without consoles, or of a daemon that knew no more than one, is a line too.</summary>
    private static IReadOnlyList<ConsoleEntry> LinesOf(DomainEntry domain) => domain.Consoles is { Count: > 0 } consoles
        ? consoles
        :
        [
            new ConsoleEntry(
                domain.Name, 0, domain.Transport, domain.State, domain.Problem, domain.LocalPort, domain.Pty,
                domain.PtyDevice, domain.Viewers, domain.BytesOut, domain.BytesIn, domain.BytesDropped),
        ];

    /// <summary>A guest's, not a console's: all that it has share one budget.</summary>
    private static string Throttled(DomainEntry domain)
        => domain.ThrottledTimes == 0 ? "-" : Duration(domain.ThrottledMs / 1000.0);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Grouped(ulong value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
