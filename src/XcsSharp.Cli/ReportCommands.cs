using System.CommandLine;
using System.Text.Json.Serialization.Metadata;

using XcsSharp.Client;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli;

/// <summary>What shows a document of the daemon's: <c>list</c>, <c>who</c>, <c>status</c>.</summary>
internal sealed class ReportCommands(Dialogue dialogue, Targets targets)
{
    public IEnumerable<Command> All => [List(), Who(), Status()];

    private Command List() => Report(
        new("list", "Lists the domains with their channels, consoles and terminals"),
        static (path, _, cancel) => ConsoleConnection.ListAsync(path, cancel),
        OperatorJson.Default.DomainList,
        Reports.List);

    private Command Who()
    {
        Argument<string?> console = targets.AnyConsole("A console, named as for console; without it all that have viewers");
        return Report(
            new("who", "Shows who is attached to consoles, and who types") { console },
            (path, parsed, cancel) => ConsoleConnection.WhoAsync(path, parsed.GetValue(console), cancel),
            OperatorJson.Default.ViewerList,
            static list => ViewerReport.Table(list, DateTimeOffset.UtcNow));
    }

    private Command Status() => Report(
        new("status", "Shows the daemon itself: version, what it serves, counters"),
        static (path, _, cancel) => ConsoleConnection.StatusAsync(path, cancel),
        OperatorJson.Default.DaemonStatus,
        Reports.Status);

    private Command Report<T>(
        Command command, Func<string, ParseResult, CancellationToken, Task<T>> ask, JsonTypeInfo<T> type, Func<T, string> text)
    {
        command.SetAction(async (parsed, cancel) =>
            dialogue.Show(parsed, await dialogue.AskAsync(parsed, path => ask(path, parsed, cancel)), type, text));
        return command;
    }
}
