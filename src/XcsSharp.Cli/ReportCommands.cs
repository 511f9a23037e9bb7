using System.CommandLine;

using XcsSharp.Client;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli;

/// <summary>What shows a document of the daemon's: <c>list</c>, <c>who</c>, <c>status</c>.</summary>
internal sealed class ReportCommands(Dialogue dialogue, Targets targets)
{
    public IEnumerable<Command> All => [List(), Who(), Status()];

    private Command List()
    {
        Command command = new("list", "Lists the domains with their channels, consoles and terminals");
        command.SetAction(async (parsed, cancel) => dialogue.Show(
            parsed,
            await dialogue.AskAsync(parsed, path => ConsoleConnection.ListAsync(path, cancel)),
            OperatorJson.Default.DomainList,
            Reports.List));
        return command;
    }

    private Command Who()
    {
        Argument<string?> console = targets.AnyConsole("A console, named as for console; without it all that have viewers");
        Command command = new("who", "Shows who is attached to consoles, and who types") { console };
        command.SetAction(async (parsed, cancel) => dialogue.Show(
            parsed,
            await dialogue.AskAsync(parsed, path => ConsoleConnection.WhoAsync(path, parsed.GetValue(console), cancel)),
            OperatorJson.Default.ViewerList,
            static list => ViewerReport.Table(list, DateTimeOffset.UtcNow)));
        return command;
    }

    private Command Status()
    {
        Command command = new("status", "Shows the daemon itself: version, what it serves, counters");
        command.SetAction(async (parsed, cancel) => dialogue.Show(
            parsed,
            await dialogue.AskAsync(parsed, path => ConsoleConnection.StatusAsync(path, cancel)),
            OperatorJson.Default.DaemonStatus,
            Reports.Status));
        return command;
    }
}
