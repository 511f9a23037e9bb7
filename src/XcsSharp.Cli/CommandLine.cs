using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;

using XcsSharp.Cli.Doctor;
using XcsSharp.Cli.Dump;
using XcsSharp.Cli.Top;
using XcsSharp.Client;
using XcsSharp.Interop;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli;

/// <summary>The verbs and options of xcsctl, and what an error of each kind becomes.</summary>
internal sealed class CommandLine
{
    private const string SocketVariable = "XCS_CONSOLE_SOCKET";

    private readonly StandardStreams _streams;
    private readonly RootCommand _root;

    private readonly Option<string> _socket = new("--socket")
    {
        Description = $"The daemon's console socket; {SocketVariable} sets it too",
        HelpName = "PATH",
        Recursive = true,
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(SocketVariable) is { Length: > 0 } path
            ? path
            : ConsoleConnection.DefaultPath,
    };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "JSON: the list, the status, a guest's answer; a line for each message of a dump; of a console who it is, on standard error",
        Recursive = true,
    };

    public CommandLine(StandardStreams streams)
    {
        _streams = streams;
        _root = new RootCommand("Looks after the Xen control switch xcsd: its domains, their consoles, the daemon itself.")
        {
            _socket,
            _json,
            List(),
            Console(),
            Who(),
            Status(),
            ConsoleAdd(),
            ConsoleDelete(),
        };
        foreach (Command command in new GuestCommands(streams, _socket, _json).All)
        {
            _root.Add(command);
        }

        _root.Add(new DoctorCommand(streams, _socket, _json).Syntax());
        _root.Add(new UpgradeCommand(streams, _socket, _json).Syntax());
        _root.Add(new LogCommand(streams, _socket).Syntax());
        _root.Add(new TopSyntax(streams, _socket, _json).Command);
        _root.Add(new DumpSyntax(streams, _socket, _json).Command);
    }

    public async Task<int> RunAsync(string[] arguments)
    {
        // A response file would make @NAME unusable as a domain's name.
        ParseResult parsed = _root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction or null)
        {
            foreach (ParseError error in parsed.Errors)
            {
                _streams.Error.WriteLine($"xcsctl: {error.Message}");
            }

            _streams.Error.WriteLine("Try: xcsctl --help");
            return ExitCode.Usage;
        }

        InvocationConfiguration configuration = new()
        {
            Output = _streams.Output,
            Error = _streams.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // signals are ours: a terminal has to be restored
        };
        try
        {
            return await parsed.InvokeAsync(configuration);
        }
        catch (XcsException failure)
        {
            _streams.Error.WriteLine($"xcsctl: {TextTable.Printable(failure.Message)}");
            return failure is XcsUnavailableException or XcsDisconnectedException
                ? ExitCode.Unreachable
                : ExitCode.Refused;
        }
        catch (CaptureFileException failure)
        {
            _streams.Error.WriteLine($"xcsctl: {TextTable.Printable(failure.Message)}");
            return ExitCode.BadFile;
        }
        catch (ErrnoException failure) when (failure.Errno is not Errno.EPIPE)
        {
            // Standard output: a full disk, a terminal that was hung up.
            _streams.Error.WriteLine($"xcsctl: {failure.Message}");
            return ExitCode.BadFile;
        }
    }

    private Command List()
    {
        Command command = new("list", "Lists the domains with their channels, consoles and terminals");
        command.SetAction(async (parsed, cancel) =>
        {
            DomainList list = await ConsoleConnection.ListAsync(parsed.GetValue(_socket)!, cancel);
            _streams.Output.Write(parsed.GetValue(_json)
                ? JsonSerializer.Serialize(list, OperatorJson.Default.DomainList) + "\n"
                : Reports.List(list));
            return ExitCode.Ok;
        });
        return command;
    }

    private Command Who()
    {
        Argument<string?> domain = new("DOMAIN")
        {
            Description = "A console, named as for console; without it all that have viewers",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Command command = new("who", "Shows who is attached to consoles, and who types") { domain };
        command.SetAction(async (parsed, cancel) =>
        {
            ViewerList list = await ConsoleConnection.WhoAsync(
                parsed.GetValue(_socket)!, parsed.GetValue(domain) is { Length: > 0 } console ? console : null, cancel);
            _streams.Output.Write(parsed.GetValue(_json)
                ? JsonSerializer.Serialize(list, OperatorJson.Default.ViewerList) + "\n"
                : ViewerReport.Table(list, DateTimeOffset.UtcNow));
            return ExitCode.Ok;
        });
        return command;
    }

    private Command Status()
    {
        Command command = new("status", "Shows the daemon itself: version, what it serves, counters");
        command.SetAction(async (parsed, cancel) =>
        {
            DaemonStatus status = await ConsoleConnection.StatusAsync(parsed.GetValue(_socket)!, cancel);
            _streams.Output.Write(parsed.GetValue(_json)
                ? JsonSerializer.Serialize(status, OperatorJson.Default.DaemonStatus) + "\n"
                : Reports.Status(status));
            return ExitCode.Ok;
        });
        return command;
    }

    private Command Console()
    {
        Argument<string> domain = new("DOMAIN")
        {
            Description = "A domid or a name; with #1 to #9 a secondary console of it, with #control the control channel's",
        };
        Option<int?> number = new("-n")
        {
            Description = "As DOMAIN#N: 1 to 9, a secondary console; 0, the primary ring",
            HelpName = "N",
        };
        Option<bool> fresh = new("--new") { Description = "Begin with nothing old (otherwise: the last screenful)" };
        Option<bool> all = new("--all") { Description = "Begin with all the output that the daemon still has" };
        Option<bool> exitOnEnd = new("--exit-on-eof")
        {
            Description = "Leave when standard input ends (otherwise: when the console or the daemon does)",
        };
        Option<bool> once = new("--once") { Description = "End when the domain does (otherwise: wait for it to start anew)" };
        Option<EscapeKey> escape = new("--escape")
        {
            Description = "The key that opens the menu on a terminal (a dot leaves, ? helps) and leaves in a pipe: ^X with any X, or none, which binary input needs",
            HelpName = "^X|none",
            DefaultValueFactory = _ => EscapeKey.Default,
            CustomParser = ParseEscape,
        };
        Option<bool> readOnly = new("--read-only") { Description = "Never type (otherwise: type when nobody else does)" };
        Option<bool> take = new("--take") { Description = "Type, whoever did before" };
        Option<bool> exclusive = new("--exclusive") { Description = "The same, and nobody else does meanwhile; needs Consoles:Exclusive" };
        Command command = new("console", "Attaches to a domain's console; in a pipe too")
        {
            domain,
            number,
            fresh,
            all,
            readOnly,
            take,
            exclusive,
            exitOnEnd,
            once,
            escape,
        };
        OutputOptions output = new();
        output.AddTo(command, fresh, all);
        domain.Validators.Add(RefuseNoName);
        command.Validators.Add(result =>
        {
            int? which = result.GetResult(number) is { } given ? NumberIn(given) : null;
            if (which is < 0 or > 9)
            {
                result.AddError($"-n {which}: give 0 for the primary console ring, or 1 to 9 for a secondary one");
            }
            else if (which is not null && result.GetValue(domain)?.Contains(OperatorProtocol.ConsoleMark) == true)
            {
                result.AddError("-n and a console in DOMAIN exclude each other");
            }

            if (new[] { readOnly, take, exclusive }.Count(result.GetValue) > 1)
            {
                result.AddError("--read-only, --take and --exclusive exclude each other");
            }
        });
        command.SetAction((parsed, _) => new ConsoleCommand(_streams)
        {
            Socket = parsed.GetValue(_socket)!,
            Domain = parsed.GetValue(number) is int which
                ? $"{parsed.GetValue(domain)}{OperatorProtocol.ConsoleMark}{which}"
                : parsed.GetValue(domain)!,
            Replay = parsed.GetValue(all) ? ConsoleReplay.All : parsed.GetValue(fresh) ? ConsoleReplay.New : ConsoleReplay.Recent,
            Output = output.Of(parsed, follow: !parsed.GetValue(once)),
            Mode = parsed.GetValue(readOnly) ? ConsoleMode.ReadOnly
                : parsed.GetValue(exclusive) ? ConsoleMode.Exclusive
                : parsed.GetValue(take) ? ConsoleMode.TakeOver
                : ConsoleMode.ReadWrite,
            Escape = parsed.GetValue(escape),
            ExitOnEndOfInput = parsed.GetValue(exitOnEnd),
            Json = parsed.GetValue(_json),
        }.RunAsync());
        return command;
    }

    private Command ConsoleAdd()
    {
        Argument<string> domain = new("DOMAIN") { Description = "A domid or a name" };
        domain.Validators.Add(RefuseNoName);
        Command command = new("console-add", "Adds a console to a domain, the guest's hvc1 and so on, and prints its name") { domain };
        command.SetAction(async (parsed, cancel) => Show(
            parsed, await ConsoleConnection.AddAsync(parsed.GetValue(_socket)!, parsed.GetValue(domain)!, cancel)));
        return command;
    }

    private Command ConsoleDelete()
    {
        Argument<string> domain = new("DOMAIN") { Description = "A domid or a name" };
        domain.Validators.Add(RefuseNoName);
        Argument<int?> number = new("N")
        {
            Description = "1 to 9; without it the highest that was added",
            Arity = ArgumentArity.ZeroOrOne,
        };
        number.Validators.Add(static result =>
        {
            if (NumberIn(result) is < 1 or > 9)
            {
                result.AddError("N is the number of a console that was added: give 1 to 9");
            }
        });
        Command command = new("console-del", "Removes a console that console-add has added") { domain, number };
        command.SetAction(async (parsed, cancel) => Show(
            parsed,
            await ConsoleConnection.RemoveAsync(
                parsed.GetValue(_socket)!,
                parsed.GetValue(number) is int which
                    ? $"{parsed.GetValue(domain)}{OperatorProtocol.ConsoleMark}{which}"
                    : parsed.GetValue(domain)!,
                cancel)));
        return command;
    }

    private int Show(ParseResult parsed, (uint Domid, string Name) console)
    {
        _streams.Output.WriteLine(parsed.GetValue(_json)
            ? JsonSerializer.Serialize(new AttachedDocument(console.Domid, console.Name), ConsoleJson.Default.AttachedDocument)
            : TextTable.Printable(console.Name));
        return ExitCode.Ok;
    }

    /// <summary>The number that was given. What is no number at all the parser refuses; asked for its value it would throw here.</summary>
    internal static int? NumberIn(SymbolResult result)
        => result.Tokens is [{ Value: string text }]
            && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
                ? number
                : null;

    internal static void RefuseNoName(ArgumentResult result)
    {
        string? name = result.GetValueOrDefault<string>();
        if (string.IsNullOrWhiteSpace(name) || name.Any(char.IsControl))
        {
            result.AddError("DOMAIN is empty or not one line: give a domid or a name (see: xcsctl list)");
        }
    }

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
