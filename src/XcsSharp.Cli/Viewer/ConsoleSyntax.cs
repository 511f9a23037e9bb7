using System.CommandLine;
using System.CommandLine.Parsing;

using XcsSharp.Client;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli;

/// <summary>The options of <c>xcsctl console</c>.</summary>
internal sealed class ConsoleSyntax
{
    private readonly Option<int?> _number = new("-n")
    {
        Description = "As DOMAIN#N: 1 to 9, a secondary console; 0, the primary ring",
        HelpName = "N",
        CustomParser = static result
            => (int?)Targets.Number(result, "-n", 0, 9, "0 for the primary console ring, or 1 to 9 for a secondary one"),
    };

    private readonly Option<bool> _fresh = new("--new") { Arity = ArgumentArity.Zero, Description = "Begin with nothing old (otherwise: the last screenful)" };
    private readonly Option<bool> _all = new("--all") { Arity = ArgumentArity.Zero, Description = "Begin with all the output that the daemon still has" };

    private readonly Option<bool> _exitOnEnd = new("--exit-on-eof")
    {
        Arity = ArgumentArity.Zero,
        Description = "Leave when standard input ends (otherwise: when the console or the daemon does)",
    };

    private readonly Option<bool> _once = new("--once") { Arity = ArgumentArity.Zero, Description = "End when the domain does (otherwise: wait for it to start anew)" };

    private readonly Option<EscapeKey> _escape = new("--escape")
    {
        Description = "The key that opens the menu on a terminal (a dot leaves, ? helps) and leaves in a pipe: ^X with any X, or none, which binary input needs",
        HelpName = "^X|none",
        DefaultValueFactory = _ => EscapeKey.Default,
        CustomParser = ParseEscape,
    };

    private readonly Option<bool> _readOnly = new("--read-only") { Arity = ArgumentArity.Zero, Description = "Never type (otherwise: type when nobody else does)" };
    private readonly Option<bool> _take = new("--take") { Arity = ArgumentArity.Zero, Description = "Type, whoever did before" };
    private readonly Option<bool> _exclusive = new("--exclusive") { Arity = ArgumentArity.Zero, Description = "The same, and nobody else does meanwhile; needs Consoles:Exclusive" };
    private readonly OutputOptions _output = new();
    private readonly Dialogue _dialogue;
    private readonly Argument<string> _domain;

    public ConsoleSyntax(Dialogue dialogue, Targets targets)
    {
        _dialogue = dialogue;
        _domain = targets.Console("A domid or a name; with #1 to #9 a secondary console of it, with #control the control channel's");
        Command = new Command("console", "Attaches to a domain's console; in a pipe too")
        {
            _domain, _number, _fresh, _all, _readOnly, _take, _exclusive, _exitOnEnd, _once, _escape,
        };
        _output.AddTo(Command, _fresh, _all);
        Command.Validators.Add(RefuseContradictions);
        Command.SetAction((parsed, _) => Create(parsed).RunAsync());
    }

    public Command Command { get; }

    private void RefuseContradictions(CommandResult result)
    {
        if (result.GetResult(_number) is not null
            && result.GetResult(_domain)?.Tokens is [{ Value: string name }]
            && name.Contains(OperatorProtocol.ConsoleMark, StringComparison.Ordinal))
        {
            result.AddError("-n and a console in DOMAIN exclude each other");
        }

        if (new[] { _readOnly, _take, _exclusive }.Count(result.GetValue) > 1)
        {
            result.AddError("--read-only, --take and --exclusive exclude each other");
        }
    }

    private ConsoleCommand Create(ParseResult parsed) => new(_dialogue.Streams)
    {
        Socket = _dialogue.SocketOf(parsed),
        Domain = parsed.GetValue(_number) is int which
            ? $"{parsed.GetValue(_domain)}{OperatorProtocol.ConsoleMark}{which}"
            : parsed.GetValue(_domain)!,
        Replay = parsed.GetValue(_all) ? ConsoleReplay.All : parsed.GetValue(_fresh) ? ConsoleReplay.New : ConsoleReplay.Recent,
        Output = _output.Of(parsed, follow: !parsed.GetValue(_once)),
        Mode = parsed.GetValue(_readOnly) ? ConsoleMode.ReadOnly
            : parsed.GetValue(_exclusive) ? ConsoleMode.Exclusive
            : parsed.GetValue(_take) ? ConsoleMode.TakeOver
            : ConsoleMode.ReadWrite,
        Escape = parsed.GetValue(_escape),
        ExitOnEndOfInput = parsed.GetValue(_exitOnEnd),
        Json = _dialogue.WantsJson(parsed),
    };

    private static EscapeKey ParseEscape(ArgumentResult argument)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (EscapeKey.TryParse(text, out EscapeKey? key))
        {
            return key.Value;
        }

        argument.AddError($"--escape {text}: give a caret and a character, such as ^] or ^a, or the word none");
        return default;
    }
}
