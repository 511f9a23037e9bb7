using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;

using XcsSharp.Guest;
using XcsSharp.Interop;
using XcsSharp.Protocol;

namespace XcsSharp.GuestAgent;

/// <summary>The commands and options of xcs-guest.</summary>
internal sealed class CommandLine
{
    private const int Usage = 2;
    private const string MachineVariable = "SIMXEN_MACHINE";

    private readonly TextWriter _output = Writer(1);
    private readonly TextWriter _error = Writer(2);
    private readonly RootCommand _root;

    private readonly Option<string> _transport = new("--transport")
    {
        Description = "granted: a page shared with dom0; classic: port 1 and shared_info, as in 2005 (simulated Xen only)",
        HelpName = "granted|classic",
        Recursive = true,
        DefaultValueFactory = _ => "granted",
    };

    private readonly Option<bool> _classic = new("--classic") { Description = "The same as --transport classic", Recursive = true };

    private readonly Option<bool> _announce = new("--announce")
    {
        Description = "Say \"ready\" on standard error when dom0 can find the channel",
        Recursive = true,
    };

    private readonly Option<byte> _type = new("--type")
    {
        Description = "The type of the messages sent, 0..255; 0 is the console",
        HelpName = "N",
        Recursive = true,
    };

    private readonly Option<string> _onShutdown = new("--on-shutdown")
    {
        Description = "Asked to shut down: answer, and go on (as a kernel that knows no such message); answer and exit (not of a suspend); "
            + "or ignore it, which holds a slot of the ring for ever",
        HelpName = "answer|exit|ignore",
        Recursive = true,
        DefaultValueFactory = _ => "answer",
    };

    private readonly Option<string> _onMemory = new("--on-memory")
    {
        Description = "Asked for a size: answer with this status, where =-12 is a failure; unknown: with nothing, as without a balloon "
            + "driver; or ignore it",
        HelpName = "STATUS|unknown|ignore",
        Recursive = true,
        DefaultValueFactory = _ => GuestManners.Unknown,
    };

    public CommandLine()
    {
        _onShutdown.AcceptOnlyFromAmong("answer", "exit", "ignore");
        _onMemory.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<string>() is not { } word || !GuestManners.IsMemoryWord(word))
            {
                result.AddError("--on-memory: give a status from -2147483648 to 2147483647, or unknown, or ignore");
            }
        });
        _transport.AcceptOnlyFromAmong("granted", "classic");
        _root = new RootCommand("Plays a guest: speaks with the control switch in dom0 over this domain's control channel.")
        {
            _transport,
            _classic,
            _type,
            _announce,
            _onShutdown,
            _onMemory,
            Console(),
            Flood(),
            Echo(),
            Replay(),
        };
    }

    public int Run(string[] arguments)
    {
        ParseResult parsed = _root.Parse(arguments);
        if (parsed.Action is ParseErrorAction or null)
        {
            foreach (ParseError error in parsed.Errors)
            {
                _error.WriteLine($"xcs-guest: {error.Message}");
            }

            _error.WriteLine("Try: xcs-guest --help");
            return Usage;
        }

        InvocationConfiguration configuration = new()
        {
            Output = _output,
            Error = _error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // signals are the agent's: it withdraws its channel first
        };
        try
        {
            return parsed.Invoke(configuration);
        }
        catch (Exception failure) when (failure is ErrnoException or DllNotFoundException or EntryPointNotFoundException)
        {
            _error.WriteLine($"xcs-guest: {failure.Message}{Remedy(failure)}");
            return 1;
        }
    }

    private Command Console()
    {
        Option<bool> exit = new("--exit-on-eof")
        {
            Description = "End when standard input has ended and all of it was acknowledged (otherwise: at SIGTERM)",
        };
        Command command = new("console", "Standard input is the console's output, its input is standard output") { exit };
        command.SetAction(parsed => Run(parsed, options => new ConsoleAgent(options, parsed.GetValue(exit))));
        return command;
    }

    private Command Echo()
    {
        Command command = new("echo", "What is typed at the console comes back as its output");
        command.SetAction(parsed => Run(parsed, options => new EchoAgent(options)));
        return command;
    }

    private Command Flood()
    {
        Option<long?> bytes = Limit<long>("--bytes", "End after so many payload bytes", "N");
        Option<long?> messages = Limit<long>("--messages", "End after so many messages", "N");
        Option<double?> seconds = Limit<double>("--seconds", "End after so many seconds", "S");
        Option<double?> rate = Limit<double>("--rate", "At most so many messages a second", "R");
        Option<ulong?> seed = new("--seed") { Description = "Random payload from this seed instead of numbered lines", HelpName = "S" };
        Command command = new("flood", "Keeps all eight slots of the ring full; prints one line of JSON at the end")
        {
            bytes, messages, seconds, rate, seed,
        };
        command.SetAction(parsed => Run(parsed, options => new FloodAgent(options, new FloodOptions
        {
            Bytes = parsed.GetValue(bytes),
            Messages = parsed.GetValue(messages),
            Seconds = parsed.GetValue(seconds),
            Rate = parsed.GetValue(rate),
            Seed = parsed.GetValue(seed),
        })));
        return command;
    }

    private Command Replay()
    {
        Argument<string> capture = new("FILE") { Description = "A capture that xcsctl dump --pcap has written" };
        Option<string?> domain = new("--domain")
        {
            Description = "Whose requests, of a capture of several guests",
            HelpName = "DOMID|NAME",
        };
        Command command = new(
            "replay",
            "Sends a guest's requests out of a capture, unchanged and in order, as fast as they are answered; prints one line of JSON at the end")
        {
            capture, domain,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(_type) is { Implicit: false })
            {
                result.AddError("--type: a replay sends the types of its capture");
            }
        });
        command.SetAction(parsed =>
        {
            CapturedRequests requests;
            try
            {
                requests = CapturedRequests.Open(parsed.GetValue(capture)!, parsed.GetValue(domain));
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                _error.WriteLine($"xcs-guest: the capture cannot be replayed: {failure.Message}");
                return 1;
            }

            using (requests)
            {
                return Run(parsed, options => new ReplayAgent(options, requests));
            }
        });
        return command;
    }

    private static Option<T?> Limit<T>(string name, string description, string helpName)
        where T : struct, System.Numerics.INumber<T>
    {
        Option<T?> option = new(name) { Description = description, HelpName = helpName };
        option.Validators.Add(result =>
        {
            // What is no number at all the parser refuses; asked for its value it would throw here.
            if (result.Tokens is [{ Value: string text }]
                && T.TryParse(text, CultureInfo.InvariantCulture, out T value)
                && value <= T.Zero)
            {
                result.AddError($"{name} {value}: give a number above 0");
            }
        });
        return option;
    }

    private int Run(ParseResult parsed, Func<AgentOptions, Agent> agent)
    {
        GuestTransport transport = parsed.GetValue(_classic) || parsed.GetValue(_transport) == "classic"
            ? GuestTransport.Classic
            : GuestTransport.Granted;
        bool simulated = Environment.GetEnvironmentVariable(MachineVariable) is { Length: > 0 };
        HypervisorBackend backend = simulated ? HypervisorBackend.Sim : HypervisorLibraries.Detect();
        if (backend == HypervisorBackend.Sim && !simulated)
        {
            _error.WriteLine(
                "xcs-guest: this is not a Xen domain (no /dev/xen/evtchn: modprobe xen-evtchn?) and no simulated one"
                + $" ({MachineVariable} is not set: start it with 'simxen run')");
            return 1;
        }

        if (backend == HypervisorBackend.Xen && transport == GuestTransport.Classic)
        {
            _error.WriteLine("xcs-guest: the classic transport exists on simulated Xen only; use --transport granted");
            return Usage;
        }

        HypervisorLibraries.Use(backend);
        GuestManners manners = new(
            Enum.Parse<OnShutdown>(parsed.GetValue(_onShutdown)!, ignoreCase: true), parsed.GetValue(_onMemory)!);
        return agent(new AgentOptions(
            transport, (MessageType)parsed.GetValue(_type), parsed.GetValue(_announce), manners)).Run();
    }

    private static string Remedy(Exception failure) => failure switch
    {
        ErrnoException { Errno: Errno.EACCES or Errno.EPERM } => ": run it as root",
        ErrnoException { Errno: Errno.ENOENT or Errno.ENXIO or Errno.ENODEV, Operation: "xengntshr_open" } =>
            ": modprobe xen-gntalloc",
        DllNotFoundException => $": install the Xen libraries, or name libsimxen.so in {HypervisorLibraries.LibraryVariable}",
        _ => "",
    };

    private static StreamWriter Writer(int descriptor)
        => new(new DescriptorStream(descriptor)) { AutoFlush = true, NewLine = "\n" };
}
