using System.CommandLine;
using System.Text.Json.Serialization;

using XcsSharp.Client;

namespace XcsSharp.Cli;

/// <summary><c>xcsctl upgrade</c>: the program that was installed in the daemon's place takes over, and terminals stay open.</summary>
internal sealed class UpgradeCommand(Dialogue dialogue)
{
    public Command Syntax()
    {
        Command command = new(
            "upgrade",
            "Has the xcsd that is installed now take the running one's place; terminals stay open. Refused (1), and nothing changes, when it could not go on with them; with 3 neither has answered");
        command.SetAction(async (parsed, cancel) => dialogue.Show(
            parsed,
            await dialogue.AskAsync(parsed, path => ConsoleConnection.UpgradeAsync(path, cancel), "for the xcsd that is installed to take over"),
            UpgradeJson.Default.UpgradedDaemon,
            static now => TextTable.Printable($"xcsd {now.Version} serves now, in process {now.Pid}") + "\n"));
        return command;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(UpgradedDaemon))]
internal sealed partial class UpgradeJson : JsonSerializerContext;
