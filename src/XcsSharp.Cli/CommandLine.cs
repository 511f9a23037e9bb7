using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

using XcsSharp.Cli.Doctor;
using XcsSharp.Cli.Dump;
using XcsSharp.Cli.Top;
using XcsSharp.Client;
using XcsSharp.Interop;

namespace XcsSharp.Cli;

/// <summary>The verbs of xcsctl, and what an error of each kind becomes.</summary>
internal sealed class CommandLine
{
    private readonly StandardStreams _streams;
    private readonly Dialogue _dialogue;
    private readonly RootCommand _root;

    public CommandLine(StandardStreams streams)
    {
        _streams = streams;
        _dialogue = new Dialogue(streams);
        Targets targets = new(_dialogue);
        _root = new RootCommand("Looks after the Xen control switch xcsd: its domains, their consoles, the daemon itself.")
        {
            _dialogue.Socket,
            _dialogue.Json,
        };
        Command[] commands =
        [
            .. new ReportCommands(_dialogue, targets).All,
            new ConsoleSyntax(_dialogue, targets).Command,
            new LogCommand(_dialogue, targets).Syntax(),
            .. new ConsoleRingCommands(_dialogue, targets).All,
            .. new GuestCommands(_dialogue, targets).All,
            new DoctorCommand(_dialogue).Syntax(),
            new UpgradeCommand(_dialogue).Syntax(),
            new TopSyntax(_dialogue).Command,
            new DumpSyntax(_dialogue, targets).Command,
        ];
        Array.ForEach(commands, _root.Add);
        TellExitCodes(_root);
    }

    public async Task<int> RunAsync(string[] arguments)
    {
        // A response file would make @NAME unusable as a domain's name.
        ParseResult parsed = _root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction or null)
        {
            foreach (ParseError error in parsed.Errors)
            {
                _dialogue.Say(error.Message);
            }

            Command command = parsed.CommandResult.Command;
            _streams.Error.WriteLine(command == _root ? "Try: xcsctl --help" : $"Try: xcsctl {command.Name} --help");
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
            _dialogue.Say(failure.Message);
            return failure is XcsUnavailableException or XcsDisconnectedException or XcsProtocolException
                ? ExitCode.Unreachable
                : ExitCode.Refused;
        }
        catch (CaptureFileException failure)
        {
            _dialogue.Say(failure.Message);
            return ExitCode.BadFile;
        }
        catch (ErrnoException failure) when (failure.Errno is not Errno.EPIPE)
        {
            // Standard output: a full disk, a terminal that was hung up.
            _dialogue.Say(failure.Message);
            return ExitCode.BadFile;
        }
    }

    /// <summary>In the help of xcsctl itself, behind all else.</summary>
    private static void TellExitCodes(RootCommand root)
    {
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExitCodes((HelpAction)help.Action!);
    }

    private sealed class HelpWithExitCodes(HelpAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            int code = help.Invoke(parseResult);
            if (parseResult.CommandResult.Command is RootCommand)
            {
                int width = ExitCode.Meanings.Max(static one => one.Code.Length);
                parseResult.InvocationConfiguration.Output.Write(
                    "Exit codes:\n" + string.Concat(ExitCode.Meanings.Select(one => $"  {one.Code.PadRight(width)}  {one.Meaning}\n")) + "\n");
            }

            return code;
        }
    }
}
