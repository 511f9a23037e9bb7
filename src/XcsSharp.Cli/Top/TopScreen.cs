using System.Globalization;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli.Top;

/// <summary>The picture as lines of text, each at most as wide as the screen.</summary>
/// <param name="columns">Letters on a line; below 40 lines are cut.</param>
/// <param name="hasColors">Whether what is wrong stands out, and the head of the table.</param>
/// <param name="hasBlocks">Whether the terminal shows U+2581 to U+2588; otherwise bars are made of ASCII.</param>
internal sealed class TopScreen(int columns, bool hasColors, bool hasBlocks)
{
    /// <summary>Lines above the table's first guest.</summary>
    public const int HeadLines = 4;

    private const int LeastName = 8;
    private const int FixedColumns = 5 + 1 + 1 + 5 + 1 + 4 + 1 + 7 + 1 + TopHistory.Samples + 1 + 7 + 1 + 7;

    private static readonly string[] s_help =
    [
        "s            sort by rate, name, domid, dropped, throttled, viewers",
        "arrows, j k  a line up or down; page up and down, home, end",
        "/            show only names with what you type; enter keeps it, escape ends it",
        "q, ^C        leave",
        "",
        "RATE       bytes of output a second; beside it the last 20 samples, each",
        "           line to its own scale",
        "DROPPED    bytes that a terminal, a viewer or the log has missed",
        "THROTTLED  how long the guest was made to wait, because it flooded",
        "",
        "Any key goes back.",
    ];

    private readonly string _bars = hasBlocks ? " ▁▂▃▄▅▆▇█" : " .:-=+*#@";

    /// <summary>Everything that a screen of so many lines shows.</summary>
    public IReadOnlyList<string> Draw(TopHistory history, TopView view, int rows)
    {
        List<string> lines = [.. Head(history)];
        if (view.IsHelp)
        {
            lines.Add("");
            lines.AddRange(s_help.Select(Fit));
            return lines.Count > rows ? lines[..rows] : lines;
        }

        IReadOnlyList<GuestTrend> guests = view.Select(history);
        int room = Math.Max(1, rows - HeadLines);
        int first = view.FirstOf(guests.Count, room);
        int shown = Math.Min(room, guests.Count - first);
        string which = guests.Count == 0 ? "none" : Invariant($"{first + 1} to {first + shown} of {guests.Count}");
        string filter = view.IsTyping ? $", with: {view.Filter}_" : view.Filter.Length > 0 ? $", with: {view.Filter}" : "";
        lines.Add(Fit($"by {view.Sort.ToString().ToLowerInvariant()}: {which}{filter}   (s sort, / filter, ? help, q quit)"));
        lines.Add(Colored("7", TableHead()));
        lines.AddRange(guests.Skip(first).Take(shown).Select(Line));
        return lines;
    }

    /// <summary>The head and all guests, for a file or a pipe.</summary>
    public string DrawAll(TopHistory history, TopView view)
        => string.Concat(Head(history).Append(TableHead()).Concat(view.Select(history).Select(Line)).Select(static line => line.TrimEnd() + "\n"));

    /// <summary>Bytes in at most 5 letters: 1023, 12.3K, 1023M.</summary>
    public static string Short(double bytes)
    {
        int unit = 0;
        while (bytes >= 1023.5 && unit < 6)
        {
            bytes /= 1024;
            unit++;
        }

        string number = unit == 0 || bytes >= 99.95 ? bytes.ToString("0", CultureInfo.InvariantCulture) : bytes.ToString("0.0", CultureInfo.InvariantCulture);
        return unit == 0 ? number : number + "KMGTPE"[unit - 1];
    }

    /// <summary>Rates as bars, the newest at the right, to the scale of the largest.</summary>
    public string Bars(IReadOnlyList<double> rates)
    {
        double most = rates.DefaultIfEmpty().Max();
        IEnumerable<char> bars = rates.Select(rate => rate <= 0 ? _bars[0] : _bars[Math.Clamp((int)Math.Ceiling(rate / most * 8), 1, 8)]);
        return string.Concat(bars).PadLeft(TopHistory.Samples);
    }

    private IEnumerable<string> Head(TopHistory history)
    {
        if (history.Daemon is not DaemonStatus daemon)
        {
            return ["", ""];
        }

        string quarantined = Invariant($"{daemon.Quarantined} quarantined");
        return
        [
            Fit(Invariant($"{Environment.MachineName}: xcsd {daemon.Version}, pid {daemon.Pid}, {daemon.Backend}, up {Reports.Duration(daemon.UptimeSeconds)}")),
            Fit(Invariant($"{daemon.Domains} guests, {Short(history.Rate)}B/s, throttled {Wait(daemon.ThrottledMs)}, {quarantined}, {daemon.Viewers} viewers, {daemon.Sessions} clients"))
                .Replace(quarantined, daemon.Quarantined > 0 ? Colored("31", quarantined) : quarantined, StringComparison.Ordinal),
        ];
    }

    private string TableHead()
        => Row("DOMID", "NAME", "STATE", "VIEW", "RATE/s", "LAST " + TopHistory.Samples, "DROPPED", "THROTTL");

    private string Line(GuestTrend guest)
    {
        GuestFigures figures = guest.Figures;
        string line = Row(
            Invariant($"{figures.Domid}"),
            Plain(figures.Name),
            figures.State switch { "connected" => "ok", "quarantined" => "QUAR", _ => "-" },
            figures.Viewers == 0 ? "-" : Invariant($"{figures.Viewers}"),
            guest.Rate < 0.5 ? "-" : Short(guest.Rate),
            Bars(guest.Rates),
            figures.Dropped == 0 ? "-" : Short(figures.Dropped),
            figures.ThrottledMs == 0 ? "-" : Wait(figures.ThrottledMs));
        return figures.State == "quarantined" ? Colored("31", line) : guest.Throttled > 0 ? Colored("33", line) : line;
    }

    private string Row(string domid, string name, string state, string viewers, string rate, string bars, string dropped, string throttled)
    {
        int width = Math.Max(LeastName, Math.Min(64, columns - FixedColumns));
        string shown = name.Length > width ? name[..(width - 1)] + "~" : name;
        return Fit(
            $"{domid,5} {shown.PadRight(width)} {state,-5} {viewers,4} {rate,7} {bars.PadRight(TopHistory.Samples)} {dropped,7} {throttled,7}");
    }

    /// <summary>Names come from outside: nothing that a terminal would obey, and each letter a column.</summary>
    private static string Plain(string name) => string.Concat(name.EnumerateRunes().Select(
        static rune => rune.Value is >= 0x20 and < 0x7f ? (char)rune.Value : '?'));

    private static string Wait(ulong milliseconds)
    {
        double seconds = milliseconds / 1000.0;
        return seconds < 99.95 ? Invariant($"{seconds:0.0}s")
            : seconds < 5990 ? Invariant($"{seconds / 60:0.0}m")
            : Invariant($"{seconds / 3600:0.0}h");
    }

    private string Fit(string text) => text.Length > columns ? text[..columns] : text;

    private string Colored(string color, string text) => hasColors ? $"\e[{color}m{text}\e[m" : text;

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
