using System.Globalization;

using XcsSharp.Fuzz.Engine;

namespace XcsSharp.Fuzz;

internal enum FuzzCommand
{
    Run,
    Check,
    Replay,
    Minimize,
    Instrument,
    List,
}

/// <summary>The arguments, taken apart.</summary>
internal sealed class FuzzOptions
{
    public const string Usage =
        """
        usage: XcsSharp.Fuzz COMMAND [OPTION]... [ARGUMENT]...

          run [TARGET]...      fuzzes; --seconds N (60) or --executions N for each target, --seed N
          check [TARGET]...    corpora, regressions and a fixed number of executions from a fixed seed; --seconds N: and on, until that is over
          replay FILE...       executes inputs; the name of a file's folder is its target's
          minimize [TARGET]... fuzzes, and makes the target's corpus anew: --files N (18), --bytes N (9000)
          instrument FOLDER    rewrites the assemblies of ours in a copy of this program's folder
          list                 the targets

          --inputs FOLDER      of Corpus and Regressions; --findings FOLDER: where crashes go
        """;

    /// <summary>Any number would do; this one stays, so that a check is the same on every machine.</summary>
    public const ulong CheckSeed = 20261129;

    public FuzzCommand Command { get; private set; }

    public List<string> Arguments { get; } = [];

    public ulong? Seed { get; private set; }

    public long? Executions { get; private set; }

    public TimeSpan? Time { get; private set; }

    public int Files { get; private set; } = 18;

    public int Bytes { get; private set; } = 9000;

    public string Inputs { get; private set; } = Path.Combine("tests", "XcsSharp.Fuzz");

    public string Findings { get; private set; } = Path.Combine("artifacts", "fuzz");

    /// <exception cref="UsageException">Something that is none of these.</exception>
    public static FuzzOptions Parse(string[] arguments)
    {
        FuzzOptions options = new();
        if (arguments.Length == 0 || !Enum.TryParse(arguments[0], ignoreCase: true, out FuzzCommand command) || char.IsDigit(arguments[0][0]))
        {
            throw new UsageException("give a command\n" + Usage);
        }

        options.Command = command;
        for (int i = 1; i < arguments.Length; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal))
            {
                options.Arguments.Add(arguments[i]);
            }
            else if (i + 1 < arguments.Length)
            {
                options.Take(arguments[i], arguments[++i]);
            }
            else
            {
                throw new UsageException($"{arguments[i]} needs a value");
            }
        }

        return options;
    }

    private void Take(string name, string value)
    {
        switch (name)
        {
            case "--seed":
                Seed = (ulong)Number(name, value);
                break;
            case "--executions":
                Executions = Number(name, value);
                break;
            case "--seconds":
                Time = TimeSpan.FromSeconds(Number(name, value));
                break;
            case "--files":
                Files = (int)Number(name, value);
                break;
            case "--bytes":
                Bytes = (int)Number(name, value);
                break;
            case "--inputs":
                Inputs = value;
                break;
            case "--findings":
                Findings = value;
                break;
            default:
                throw new UsageException($"no option {name}\n{Usage}");
        }
    }

    private static long Number(string name, string value)
        => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new UsageException($"{name} is a number, not '{value}'");
}
