using XcsSharp.Daemon.Settings;

namespace XcsSharp.Daemon.Classic;

/// <summary>
/// The command line of 2005, <c>xcs [-i] [-p FILE]</c>, as xend of that tree starts it. The settings are xcsd's, from its file
/// and the environment.
/// </summary>
internal sealed class XcsCommand
{
    /// <summary>As the first argument it makes any xcsd this command, whatever its name.</summary>
    public const string Mark = "--as-xcs";

    /// <summary>The daemon itself, which the command has started and waits for.</summary>
    public const string Detached = "--detached";

    private const string Name = "xcs";

    private bool _help;
    private bool _foreground;
    private bool _detached;
    private string? _pidFile;

    /// <summary>Is this process meant to be xcs? By the name it was called by, or the mark.</summary>
    public static bool IsMeant(string calledAs, ReadOnlySpan<string> arguments)
        => Path.GetFileName(calledAs) == Name || (arguments.Length > 0 && arguments[0] == Mark);

    /// <returns>The exit code. That of the command, not the daemon's, when it detaches.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        XcsCommand command = new();
        try
        {
            command.Parse(arguments);
            if (command._help)
            {
                Console.Out.Write(Usage);
                return ExitCode.Clean;
            }

            XcsdSettings settings = SettingsReader.Read(new CommandLine());
            if (settings.Sockets.Classic.Length == 0)
            {
                throw new StartFailure(
                    ExitCode.BadSettings,
                    "Sockets:Classic is empty: clients of 2005 would find nobody",
                    "Leave that setting away, or start xcsd instead of xcs.");
            }

            return command._foreground || command._detached
                ? await command.ServeAsync(settings)
                : Detachment.Start(command._pidFile, settings.Xcs.LogFile);
        }
        catch (StartFailure failure)
        {
            string text = $"{Name}: {failure.Message}\n{Name}: {failure.Remedy}\n";
            if (command._detached)
            {
                Detachment.SayFailure(text);
            }
            else
            {
                await Console.Error.WriteAsync(text);
            }

            return failure.ExitCode;
        }
    }

    private Task<int> ServeAsync(XcsdSettings settings)
    {
        if (_detached)
        {
            Detachment.LeaveTerminal(settings.Xcs.LogFile);
        }

        return XcsdHost.RunAsync(settings, new ClassicLife(_pidFile, _detached));
    }

    /// <summary>As getopt(3) reads it: letters may be joined, and a value may follow its letter.</summary>
    private void Parse(ReadOnlySpan<string> arguments)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            string argument = arguments[i];
            if (argument == Mark && i == 0)
            {
                continue;
            }

            if (argument == Detached && i == 1)
            {
                _detached = true;
            }
            else if (argument is "-h" or "--help")
            {
                _help = true;
            }
            else if (!TryTakeLetters(argument, arguments[(i + 1)..], out bool tookNext))
            {
                throw Refused($"unknown argument '{argument}'");
            }
            else if (tookNext)
            {
                i++;
            }
        }
    }

    private bool TryTakeLetters(string argument, ReadOnlySpan<string> next, out bool tookNext)
    {
        tookNext = false;
        if (argument.Length < 2 || argument[0] != '-')
        {
            return false;
        }

        for (int i = 1; i < argument.Length; i++)
        {
            if (argument[i] == 'i')
            {
                _foreground = true;
                continue;
            }

            if (argument[i] != 'p')
            {
                return false;
            }

            tookNext = i + 1 == argument.Length;
            string file = !tookNext ? argument[(i + 1)..] : next.Length > 0 ? next[0] : "";

            // The daemon stands in the root directory, the command wherever it was started.
            _pidFile = file.Length > 0 ? Path.GetFullPath(file) : throw Refused("-p has no file");
            return true;
        }

        return true;
    }

    private static StartFailure Refused(string message)
        => new(ExitCode.BadSettings, message, "It takes -i and -p FILE; see xcs --help.");

    private const string Usage =
        """
        usage: xcs [-i] [-p FILE]

        xcsd under the name and with the command line of 2005. It returns when the daemon accepts connections.

          -i        stay in the foreground, and log to stderr
          -p FILE   write the daemon's process number to FILE; SIGTERM, SIGINT and SIGHUP end it and remove FILE

        Settings are those of xcsd, from /etc/xcs/xcsd.json and the environment; xcsd --help lists them.
        Exit: 0 it serves (with -i: stopped as asked), 1 failed while running, 2 wrong arguments or settings, 3 cannot start.

        """;
}
