using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

using XcsSharp.Client;

namespace XcsSharp.Exporter;

/// <summary>The options of xcs-exporter.</summary>
internal sealed class CommandLine
{
    /// <summary>Where Prometheus looks unless the command line says otherwise.</summary>
    internal const string DefaultListen = "127.0.0.1:9788";

    /// <summary>With the daemon's own limit of 256 connections a user there is room for its questions.</summary>
    internal const int DefaultMostConsoles = 240;

    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly RootCommand _root;

    private readonly Option<string> _socket = new("--socket")
    {
        Description = "The daemon's console socket",
        HelpName = "PATH",
        DefaultValueFactory = static _ => ConsoleConnection.DefaultPath,
    };

    private readonly Option<string> _listen = new("--listen")
    {
        Description = "Where Prometheus finds /metrics: a loopback address and a port",
        HelpName = "ADDRESS:PORT",
        DefaultValueFactory = static _ => DefaultListen,
    };

    private readonly Option<string?> _otlp = new("--otlp")
    {
        Description = "Send metrics to this OpenTelemetry collector as well, by OTLP over HTTP",
        HelpName = "http://HOST:4318",
    };

    private readonly Option<double> _interval = new("--interval")
    {
        Description = "Seconds between two exports of metrics to the collector",
        HelpName = "SECONDS",
        DefaultValueFactory = static _ => 15,
    };

    private readonly Option<bool> _logs = new("--logs")
    {
        Description = "Send the lines that guests print to the collector too, with domain, domid, uuid and console as attributes",
    };

    private readonly Option<int> _mostConsoles = new("--most-consoles")
    {
        Description = "With --logs: follow so many consoles at the most. Each is a connection to xcsd, whose Consoles:MaxConnectionsPerUser is to be greater by some, for its questions",
        HelpName = "N",
        DefaultValueFactory = static _ => DefaultMostConsoles,
    };

    public CommandLine(TextWriter output, TextWriter error)
    {
        _output = output;
        _error = error;
        Check(_listen, static text => TryParseListen(text, out _, out string problem) ? null : problem);
        Check(_otlp, static text => TryParseCollector(text, out _, out string problem) ? null : problem);
        Check(_socket, static path => path.Length > 0 ? null : "give the path of the daemon's console socket");
        _interval.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: string text }]
                && !(double.TryParse(text, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 1 and <= 3600))
            {
                result.AddError($"--interval: give seconds from 1 to 3600");
            }
        });
        Check(_mostConsoles, static text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int most) && most is >= 1 and <= 65536
            ? null
            : "--most-consoles: give 1 to 65536");
        _root = new RootCommand("Shows the metrics of xcsd to Prometheus, and sends them, and what guests print, to an OpenTelemetry collector.")
        {
            _socket, _listen, _otlp, _interval, _logs, _mostConsoles,
        };
        _root.Validators.Add(result =>
        {
            if (result.GetValue(_logs) && result.GetValue(_otlp) is null)
            {
                result.AddError("--logs: lines go to a collector; name it with --otlp http://HOST:4318");
            }
        });
        _root.SetAction(async (parsed, cancel) => await ServeAsync(parsed, cancel));
    }

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(string[] arguments)
    {
        ParseResult parsed = _root.Parse(arguments);
        if (parsed.Action is ParseErrorAction or null)
        {
            foreach (ParseError error in parsed.Errors)
            {
                _error.WriteLine($"xcs-exporter: {error.Message}");
            }

            _error.WriteLine("Try: xcs-exporter --help");
            return ExitCode.Usage;
        }

        InvocationConfiguration configuration = new()
        {
            Output = _output,
            Error = _error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // signals are the host's
        };
        return await parsed.InvokeAsync(configuration);
    }

    /// <summary>A loopback address and a port: whoever may connect there sees the names of all guests, and nobody is asked who he is.</summary>
    internal static bool TryParseListen(string text, out IPEndPoint listen, out string problem)
    {
        problem = "";
        if (!IPEndPoint.TryParse(text, out IPEndPoint? parsed) || parsed.Port == 0 || !text.EndsWith($":{parsed.Port}", StringComparison.Ordinal))
        {
            problem = $"--listen: '{text}' is no address with a port; give for example {DefaultListen} or [::1]:9788";
        }
        else if (!IPAddress.IsLoopback(parsed.Address))
        {
            problem = $"--listen: {parsed.Address} can be reached from other machines, and nobody is asked for a name; give 127.0.0.1 or [::1], "
                + "and put a proxy that asks before it, or send metrics with --otlp";
        }

        listen = problem.Length == 0 ? parsed! : new IPEndPoint(IPAddress.Loopback, 0);
        return problem.Length == 0;
    }

    /// <summary>Without TLS, which the collector that is near does: xcs-exporter needs no OpenSSL.</summary>
    internal static bool TryParseCollector(string text, out Uri collector, out string problem)
    {
        problem = !Uri.TryCreate(text, UriKind.Absolute, out Uri? parsed) || parsed.Host.Length == 0
            ? $"--otlp: '{text}' is no address of a collector; give for example http://127.0.0.1:4318"
            : parsed.Scheme != Uri.UriSchemeHttp
                ? $"--otlp: {parsed.Scheme} is not spoken here; give http://HOST:4318, a collector on this machine or in its network, and let that one encrypt"
                : parsed.Query.Length + parsed.Fragment.Length + parsed.UserInfo.Length > 0
                    ? "--otlp: give a host, a port and at most a path"
                    : "";
        collector = problem.Length == 0 ? parsed! : new Uri("http://127.0.0.1");
        return problem.Length == 0;
    }

    private static void Check<T>(Option<T> option, Func<string, string?> find)
        => option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: string text }] && find(text) is string problem)
            {
                result.AddError(problem);
            }
        });

    private async Task<int> ServeAsync(ParseResult parsed, CancellationToken cancel)
    {
        _ = TryParseListen(parsed.GetValue(_listen)!, out IPEndPoint listen, out _);
        Uri? collector = parsed.GetValue(_otlp) is string text && TryParseCollector(text, out Uri found, out _) ? found : null;
        ExporterOptions options = new(
            parsed.GetValue(_socket)!, listen, collector, TimeSpan.FromSeconds(parsed.GetValue(_interval)), parsed.GetValue(_logs), parsed.GetValue(_mostConsoles));
        try
        {
            await ExporterHost.RunAsync(options, cancel);
            return ExitCode.Ok;
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            _error.WriteLine($"xcs-exporter: {listen} cannot be listened on: {failure.Message}");
            _error.WriteLine($"{ReasonFor(failure)}; choose another with --listen ADDRESS:PORT.");
            return ExitCode.CannotStart;
        }
    }

    /// <summary>Kestrel has an exception of its own for an address that is in use, and leaves all others as they are.</summary>
    private static string ReasonFor(Exception failure) => (failure as SocketException)?.SocketErrorCode switch
    {
        SocketError.AccessDenied => "Ports below 1024 are root's, and xcs-exporter needs no root",
        SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported => "This machine does not have that address, perhaps because IPv6 is off",
        null => "Another program has it, perhaps a second xcs-exporter (ss -ltnp)",
        _ => "The system refuses it",
    };
}
