using System.Globalization;
using System.Text;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli;

/// <summary>Who is attached, as text for people.</summary>
internal static class ViewerReport
{
    /// <summary>Older typing at a terminal is not shown.</summary>
    private const double LatelySeconds = 600;

    /// <summary>One line a viewer, and one for a terminal at which somebody typed lately.</summary>
    /// <param name="list">The daemon's answer.</param>
    /// <param name="now">What "since" is counted from.</param>
    /// <param name="own">The id of the reader's own viewer, which gets a mark.</param>
    public static string Table(ViewerList list, DateTimeOffset now, ulong? own = null)
    {
        TextTable table = new(
            new("CONSOLE"), new("VIEWER", AlignRight: true), new("USER"), new("PID", AlignRight: true), new("FOR", AlignRight: true),
            new("MODE"), new("WRITES"), new("BEHIND", AlignRight: true), new("LOST", AlignRight: true), new("REFUSED", AlignRight: true));
        bool isEmpty = true;
        foreach (ConsoleViewers console in list.Consoles)
        {
            foreach (ViewerEntry viewer in console.Viewers)
            {
                isEmpty = false;
                table.Add(
                    console.Name, Number(viewer.Id) + (viewer.Id == own ? "*" : ""), UserOf(viewer), Number(viewer.Pid),
                    Reports.Duration(Math.Max(0, (now - viewer.Since).TotalSeconds)), viewer.Mode, viewer.Writer ? "yes" : "-",
                    Reports.Size((ulong)viewer.BytesBehind), Reports.Size(viewer.BytesLost), Reports.Size(viewer.InputRefused));
            }

            if (console.TerminalTypedSeconds is double ago && ago < LatelySeconds)
            {
                isEmpty = false;
                table.Add(
                    console.Name, "-", "terminal", "-", "-", "rw", console.Exclusive ? "-" : $"{Reports.Duration(ago)} ago", "-", "-", "-");
            }
        }

        return isEmpty ? "Nobody is attached.\n" : table.ToString();
    }

    /// <summary>The same of one console in one line.</summary>
    public static string Line(ConsoleViewers console)
    {
        StringBuilder text = new($"[{console.Name}: ");
        ViewerEntry? writer = console.Viewers.FirstOrDefault(static viewer => viewer.Writer);
        text.Append(writer is null ? "nobody writes" : $"{UserOf(writer)} (pid {writer.Pid}) writes");
        int readers = console.Viewers.Count - (writer is null ? 0 : 1);
        text.Append(CultureInfo.InvariantCulture, $", {readers} {(readers == 1 ? "reads" : "read")}]");
        return text.ToString();
    }

    private static string UserOf(ViewerEntry viewer) => viewer.User ?? Number(viewer.Uid);

    private static string Number(ulong value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
