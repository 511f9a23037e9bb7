using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;

using XcsSharp.Client;

namespace XcsSharp.Cli;

/// <summary><c>xcsctl upgrade</c>: the program that was installed in the daemon's place takes over, and terminals stay open.</summary>
internal sealed class UpgradeCommand(StandardStreams streams, Option<string> socket, Option<bool> json)
{
    public Command Syntax()
    {
        Command command = new(
            "upgrade",
            "Has the xcsd that is installed now take the running one's place; terminals stay open. Refused, and nothing changes, when it could not go on with them");
        command.SetAction(async (parsed, cancel) =>
        {
            UpgradedDaemon now = await ConsoleConnection.UpgradeAsync(parsed.GetValue(socket)!, cancel);
            streams.Output.WriteLine(parsed.GetValue(json)
                ? JsonSerializer.Serialize(now, UpgradeJson.Default.UpgradedDaemon)
                : TextTable.Printable($"xcsd {now.Version} serves now, in process {now.Pid}"));
            return ExitCode.Ok;
        });
        return command;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(UpgradedDaemon))]
internal sealed partial class UpgradeJson : JsonSerializerContext;
