using System.CommandLine;
using System.Text.Json.Serialization;

using XcsSharp.Client;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli;

/// <summary>What gives a domain a console more or less: <c>console-add</c>, <c>console-del</c>.</summary>
internal sealed class ConsoleRingCommands(Dialogue dialogue, Targets targets)
{
    public IEnumerable<Command> All => [Add(), Delete()];

    private Command Add()
    {
        Argument<string> domain = targets.Domain();
        Command command = new("console-add", "Adds a console to a domain, the guest's hvc1 and so on, and prints its name") { domain };
        command.SetAction(async (parsed, cancel) => Show(
            parsed, await dialogue.AskAsync(parsed, path => ConsoleConnection.AddAsync(path, parsed.GetValue(domain)!, cancel))));
        return command;
    }

    private Command Delete()
    {
        Argument<string> domain = targets.Domain();
        Argument<int?> number = new("N")
        {
            Description = "1 to 9; without it the highest that was added",
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = static result => result.Tokens.Count == 0
                ? null
                : (int?)Targets.Number(result, "N", 1, 9, "the number of a console that was added, 1 to 9"),
        };
        Command command = new("console-del", "Removes a console that console-add has added, and prints its name") { domain, number };
        command.SetAction(async (parsed, cancel) =>
        {
            string console = parsed.GetValue(number) is int which
                ? $"{parsed.GetValue(domain)}{OperatorProtocol.ConsoleMark}{which}"
                : parsed.GetValue(domain)!;
            return Show(parsed, await dialogue.AskAsync(parsed, path => ConsoleConnection.RemoveAsync(path, console, cancel)));
        });
        return command;
    }

    private int Show(ParseResult parsed, (uint Domid, string Name) console) => dialogue.Show(
        parsed,
        new AttachedDocument(console.Domid, console.Name),
        ConsoleJson.Default.AttachedDocument,
        static document => TextTable.Printable(document.Name) + "\n");
}

/// <summary>Which console it is: what <c>console-add</c> and <c>console-del</c> answer, and what <c>console</c> and <c>log</c> say on standard
/// error, before the console's bytes begin.</summary>
/// <param name="Domid">The domain.</param>
/// <param name="Name">The console's name, as <c>console</c> takes it: the domain's, with <c>#N</c> where it is not its first.</param>
internal sealed record AttachedDocument(uint Domid, string Name);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AttachedDocument))]
internal sealed partial class ConsoleJson : JsonSerializerContext;
