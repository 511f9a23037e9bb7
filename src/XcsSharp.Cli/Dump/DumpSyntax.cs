using System.CommandLine;
using System.CommandLine.Parsing;

using XcsSharp.Client;
using XcsSharp.Client.Capture;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Cli.Dump;

/// <summary>The options of <c>xcsctl dump</c>.</summary>
internal sealed class DumpSyntax
{
    private const string SocketVariable = "XCS_SOCKET";

    private const string Description =
        """
        Prints the control messages that guests send, decoded, until ^C; or those of a capture (--read).

        What is seen: guests' requests, guests' answers to requests from dom0, and virtual interrupts that some client has
        asked for. As with the xcsdump of 2005, what goes to guests is not: neither requests of other clients nor
        anybody's answers.

        What it changes: it never answers, but the daemon counts it among those who could. A request that no other program
        takes is therefore answered by the daemon after Switching:ResponseTimeout (20 s) and not after
        Switching:UnboundGrace (5 s), and a program that binds its type meanwhile is not given it. A guest with eight such
        requests waits for that long. Messages that somebody else answers, such as those of consoles, are not
        delayed. With --type, other types are left alone.
        """;

    private readonly Option<string> _xcsSocket = new("--xcs-socket")
    {
        Description = $"The daemon's xcs socket; {SocketVariable} sets it too",
        HelpName = "PATH",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(SocketVariable) is { Length: > 0 } path
            ? path
            : XcsSession.DefaultPath,
    };

    private readonly Option<string?> _pcap = new("--pcap")
    {
        Description = "Write a capture (pcapng, for Wireshark with xcs.lua) instead of printing; - for standard output",
        HelpName = "FILE",
    };

    private readonly Option<string?> _read = new("--read")
    {
        Description = "Take the messages of a capture; no daemon is needed; - for standard input",
        HelpName = "FILE",
    };

    private readonly Option<string?> _replay = new("--replay")
    {
        Description = "Says how a guest sends the requests of a capture again: simxen run --name GUEST -- xcs-guest replay FILE",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _domains = new("--domain")
    {
        Description = "Only of this domain; may be given several times",
        HelpName = "DOMID|NAME",
    };

    private readonly Option<string[]> _types = new("--type")
    {
        Description = "Only of this type; may be given several times: 0 to 255, or " + string.Join(", ", RecordFilter.TypeNames),
        HelpName = "TYPE",
    };

    private readonly Option<string?> _direction = new("--direction")
    {
        Description = "Only what went this way; of use with --read, for captures of programs that saw more",
        HelpName = "from-guest|to-guest",
    };

    private readonly Option<string?> _abi = new("--abi")
    {
        Description = "How the guests' compiler laid out structs, which messages do not say (default: natural64, or as the capture"
            + " says): packed until July 2005, natural since",
        HelpName = string.Join('|', PayloadAbis.Names),
    };

    private readonly Option<long?> _count = new("--count")
    {
        Description = "End after so many messages",
        HelpName = "N",
        CustomParser = static result => Targets.Number(result, "--count", 1, long.MaxValue, "a number above 0"),
    };

    private readonly Dialogue _dialogue;

    public DumpSyntax(Dialogue dialogue, Targets targets)
    {
        _dialogue = dialogue;
        _domains.CompletionSources.Add(targets.Domains);
        _types.CompletionSources.Add([.. RecordFilter.TypeNames]);
        _direction.AcceptOnlyFromAmong("from-guest", "to-guest");
        _abi.AcceptOnlyFromAmong([.. PayloadAbis.Names]);
        _types.Validators.Add(RefuseUnknownTypes);
        _domains.Validators.Add(RefuseNoName);
        Command = new Command("dump", Description)
        {
            _xcsSocket, _read, _pcap, _replay, _domains, _types, _direction, _abi, _count,
        };
        Command.Validators.Add(RefuseContradictions);
        Command.SetAction((parsed, _) => Create(parsed).RunAsync());
    }

    public Command Command { get; }

    private DumpCommand Create(ParseResult parsed) => new(_dialogue.Streams)
    {
        XcsSocket = parsed.GetValue(_xcsSocket)!,
        ConsoleSocket = _dialogue.SocketOf(parsed),
        Json = _dialogue.WantsJson(parsed),
        Capture = parsed.GetValue(_pcap),
        Source = parsed.GetValue(_read),
        Count = parsed.GetValue(_count),
        Abi = parsed.GetValue(_abi) is string name && PayloadAbis.TryParse(name, out PayloadAbi abi) ? abi : null,
        Filter = new RecordFilter
        {
            Domains = parsed.GetValue(_domains) ?? [],
            Types = [.. (parsed.GetValue(_types) ?? []).Select(TypeOf).Distinct()],
            Direction = parsed.GetValue(_direction) switch
            {
                "from-guest" => MessageDirection.FromGuest,
                "to-guest" => MessageDirection.ToGuest,
                _ => null,
            },
        },
    };

    private void RefuseContradictions(CommandResult result)
    {
        if (result.GetValue(_replay) is string capture)
        {
            result.AddError($"--replay: a guest replays, dom0 cannot; start one with: simxen run --name GUEST -- xcs-guest replay {capture}");
        }

        if (result.GetValue(_dialogue.Json) && result.GetValue(_pcap) is not null)
        {
            result.AddError("--json and --pcap exclude each other; print the capture afterwards with: xcsctl dump --read FILE --json");
        }

        if (result.GetValue(_read) is null && result.GetResult(_direction)?.Tokens is [{ Value: "to-guest" }])
        {
            result.AddError("--direction to-guest: a dump sees only what guests send; with --read FILE it shows what a capture has");
        }
    }

    private static void RefuseUnknownTypes(OptionResult result)
    {
        foreach (Token token in result.Tokens.Where(token => !RecordFilter.TryParseType(token.Value, out _)))
        {
            result.AddError($"--type {token.Value}: give a number of 0 to 255 or one of {string.Join(", ", RecordFilter.TypeNames)}");
        }
    }

    private static void RefuseNoName(OptionResult result)
    {
        if (result.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
        {
            result.AddError("--domain is empty: give a domid or a name (see: xcsctl list)");
        }
    }

    private static ushort TypeOf(string text) => RecordFilter.TryParseType(text, out ushort type) ? type : default;
}
