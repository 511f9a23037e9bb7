using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Serialization;

using XcsSharp.Client;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli;

/// <summary>What asks a guest something over its control channel: <c>shutdown</c>, <c>reboot</c>, <c>suspend</c>, <c>mem-set</c>.</summary>
internal sealed class GuestCommands(Dialogue dialogue, Targets targets)
{
    private const string OverTheChannel = " (over its control channel; today's Linux has none: use xl)";

    public IEnumerable<Command> All =>
    [
        Going("shutdown", "Asks a guest to power off and waits for its answer" + OverTheChannel, ShutdownRequest.PowerOff),
        Going("reboot", "Asks a guest to start anew and waits for its answer" + OverTheChannel, ShutdownRequest.Reboot),
        Suspend(),
        MemorySet(),
    ];

    private Command Going(string name, string description, ShutdownRequest request)
    {
        Argument<string> domain = targets.Domain();
        Option<bool> wait = new("--wait") { Arity = ArgumentArity.Zero, Description = "Wait until the domain has gone" };
        Option<TimeSpan?> timeout = new("--timeout")
        {
            Description = "Wait no longer than that in all (otherwise: for the answer the daemon's Handlers:AnswerTimeout, then without end)",
            HelpName = "SECONDS",
            CustomParser = ParseTimeout,
        };
        Command command = new(name, description) { domain, wait, timeout };
        command.SetAction(async (parsed, cancel) =>
        {
            string target = parsed.GetValue(domain)!;
            bool waits = parsed.GetValue(wait);
            using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            if (parsed.GetValue(timeout) is TimeSpan most)
            {
                late.CancelAfter(most);
            }

            try
            {
                (uint domid, string who) = await dialogue.AskAsync(
                    parsed,
                    path => ConsoleConnection.ShutdownAsync(path, target, request, waits, late.Token),
                    waits ? $"until {target} has gone" : AnswerOf(target));
                return Show(parsed, new AskedDocument(domid, who, waits));
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                dialogue.Say($"{target} was asked and has not {(waits ? "gone" : "answered")} in time; see its console: xcsctl console {target}");
                return ExitCode.Refused;
            }
        });
        return command;
    }

    private Command Suspend()
    {
        Argument<string> domain = targets.Domain();
        Command command = new("suspend", "Asks a guest to suspend itself and waits for its answer" + OverTheChannel) { domain };
        command.SetAction(async (parsed, cancel) =>
        {
            string target = parsed.GetValue(domain)!;
            (uint domid, string who) = await dialogue.AskAsync(
                parsed,
                path => ConsoleConnection.ShutdownAsync(path, target, ShutdownRequest.Suspend, cancel: cancel),
                AnswerOf(target));
            return Show(parsed, new AskedDocument(domid, who, Gone: false));
        });
        return command;
    }

    private Command MemorySet()
    {
        Argument<string> domain = targets.Domain();
        Argument<uint> size = new("SIZE")
        {
            Description = "With its unit: 512M, 2G, 524288K, or 131072p for pages of 4 KiB",
            CustomParser = static argument =>
            {
                string text = argument.Tokens is [{ Value: string given }] ? given : "";
                if (MemorySize.TryParse(text, out uint pages))
                {
                    return pages;
                }

                argument.AddError($"SIZE {text}: give {MemorySize.Allowed}");
                return 0;
            },
        };
        Command command = new("mem-set", "Asks a guest to have so much memory and shows its answer; 1 when that is that it failed" + OverTheChannel)
        {
            domain,
            size,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            string target = parsed.GetValue(domain)!;
            MemoryAnswer answer = await dialogue.AskAsync(
                parsed, path => ConsoleConnection.SetMemoryAsync(path, target, parsed.GetValue(size), cancel), AnswerOf(target));
            _ = dialogue.Show(
                parsed,
                answer,
                GuestJson.Default.MemoryAnswer,
                static answer => TextTable.Printable(
                    $"{answer.Name} ({answer.Domid}): target {Reports.Size(answer.Pages * (ulong)MemorySize.PageBytes)} "
                    + $"({answer.Pages} pages), status {answer.Status}") + "\n");
            return answer.Status >= 0 ? ExitCode.Ok : ExitCode.Refused;
        });
        return command;
    }

    private static TimeSpan? ParseTimeout(ArgumentResult argument)
    {
        string text = argument.Tokens is [{ Value: string given }] ? given : "";
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
            && seconds is >= 0.001 and <= 1_000_000)
        {
            return TimeSpan.FromSeconds(seconds);
        }

        argument.AddError($"--timeout {text}: give seconds, from 0.001 to 1000000");
        return null;
    }

    private static string AnswerOf(string target) => $"for the answer of {target}";

    private int Show(ParseResult parsed, AskedDocument answer) => dialogue.Show(
        parsed,
        answer,
        GuestJson.Default.AskedDocument,
        static answer => TextTable.Printable($"{answer.Name} ({answer.Domid}) {(answer.Gone ? "has gone" : "has taken the request")}") + "\n");
}

/// <summary>What <c>shutdown</c>, <c>reboot</c> and <c>suspend</c> say with <c>--json</c>.</summary>
/// <param name="Domid">The domain.</param>
/// <param name="Name">Its name.</param>
/// <param name="Gone">True: the domain has gone. False: its guest has acknowledged the request.</param>
internal sealed record AskedDocument(uint Domid, string Name, bool Gone);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AskedDocument))]
[JsonSerializable(typeof(MemoryAnswer))]
internal sealed partial class GuestJson : JsonSerializerContext;
