using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace XcsSharp.Cli.Top;

/// <summary>The options of <c>xcsctl top</c>.</summary>
internal sealed class TopSyntax
{
    private const double Least = 0.1;
    private const double Most = 60;

    private readonly Option<double> _interval = new("--interval")
    {
        Description = "Seconds between samples",
        HelpName = "SECONDS",
        DefaultValueFactory = static _ => 1,
        CustomParser = ParseInterval,
    };

    private readonly Option<bool> _once = new("--once")
    {
        Arity = ArgumentArity.Zero,
        Description = "Print one sample of all guests and end; so it does without a terminal, and with --json",
    };

    public TopSyntax(Dialogue dialogue)
    {
        Command = new Command("top", "A live view: guests by the rate of their output, what was dropped, who was throttled") { _interval, _once };
        Command.SetAction((parsed, _) => new TopCommand(dialogue.Streams)
        {
            Socket = dialogue.SocketOf(parsed),
            Interval = TimeSpan.FromSeconds(parsed.GetValue(_interval)),
            Once = parsed.GetValue(_once),
            Json = dialogue.WantsJson(parsed),
        }.RunAsync());
    }

    public Command Command { get; }

    private static double ParseInterval(ArgumentResult result)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds is >= Least and <= Most)
        {
            return seconds;
        }

        result.AddError($"--interval {text}: give {Least.ToString(CultureInfo.InvariantCulture)} to {Most} seconds");
        return 1;
    }
}
