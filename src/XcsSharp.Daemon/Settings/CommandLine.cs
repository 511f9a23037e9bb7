using System.Text;

namespace XcsSharp.Daemon.Settings;

/// <summary>The daemon's arguments, taken apart but not yet judged as settings.</summary>
internal sealed class CommandLine
{
    public const string DefaultSettingsFile = "/etc/xcs/xcsd.json";

    public bool Help { get; private set; }

    public bool Version { get; private set; }

    /// <summary>The file named by <c>--settings</c>, or null. A named one must exist.</summary>
    public string? SettingsFile { get; private set; }

    /// <summary><c>Section:Name</c> and value, the last one winning.</summary>
    public Dictionary<string, string?> Settings { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="StartFailure">An argument that is no setting and no option.</exception>
    public static CommandLine Parse(ReadOnlySpan<string> arguments)
    {
        var parsed = new CommandLine();
        for (int i = 0; i < arguments.Length; i++)
        {
            string argument = arguments[i];
            if (argument is "-h" or "--help")
            {
                parsed.Help = true;
            }
            else if (argument == "--version")
            {
                parsed.Version = true;
            }
            else if (argument.StartsWith("--", StringComparison.Ordinal) && argument.Length > 2)
            {
                int equals = argument.IndexOf('=', StringComparison.Ordinal);
                string name = equals < 0 ? argument[2..] : argument[2..equals];
                string value = equals >= 0 ? argument[(equals + 1)..]
                    : ++i < arguments.Length ? arguments[i]
                    : throw Refused($"{argument} has no value", $"Write {argument}=VALUE.");
                parsed.Take(name, value);
            }
            else
            {
                throw Refused($"unknown argument '{argument}'", "Settings are written --Section:Name=VALUE; see xcsd --help.");
            }
        }

        return parsed;
    }

    public static string Usage()
    {
        var text = new StringBuilder();
        text.Append(
            $"""
            usage: xcsd [--settings FILE] [--Section:Name=VALUE]...

            The control switch of dom0: passes control messages between guests and their subscribers,
            and serves the guests' consoles.

              --settings FILE   read FILE instead of {DefaultSettingsFile} (which may be missing)
              --help            this text
              --version         the version

            Settings come from the file (JSON), the environment (XCSD_Section__Name) and the command line;
            the later one wins.


            """);
        foreach (Setting setting in SettingsTable.All)
        {
            string standard = setting.Default.Length == 0 ? "(empty)" : setting.Default;
            text.Append($"  {setting.Key,-30} {standard,-24} {setting.Meaning}\n");
        }

        text.Append(
            """

            Exit: 0 stopped as asked, 1 failed while running, 2 wrong arguments or settings, 3 cannot start.

            """);
        return text.ToString();
    }

    private static StartFailure Refused(string message, string remedy)
        => new(Daemon.ExitCode.BadSettings, message, remedy);

    private void Take(string name, string value)
    {
        if (name == "settings")
        {
            SettingsFile = value;
        }
        else
        {
            Settings[name] = value;
        }
    }
}
