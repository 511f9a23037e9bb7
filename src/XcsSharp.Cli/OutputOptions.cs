using System.CommandLine;
using System.CommandLine.Parsing;

using XcsSharp.Client;

namespace XcsSharp.Cli;

/// <summary>The options of <c>console</c> and <c>log</c> that say which output.</summary>
internal sealed class OutputOptions
{
    private readonly Option<int?> _tail = new("--tail")
    {
        Description = "Begin with the last N lines",
        HelpName = "N",
        CustomParser = static result => (int?)Targets.Number(result, "--tail", 0, int.MaxValue, "a number of lines, 0 or more"),
    };

    private readonly Option<DateTimeOffset?> _since = new("--since")
    {
        Description = "Begin with what came at that time or later: 10m (ago), 08:00, 2026-11-29T08:00Z",
        HelpName = "TIME",
        CustomParser = ParseTime,
    };

    private readonly Option<bool> _boot = new("--from-boot") { Arity = ArgumentArity.Zero, Description = "Begin with the first output of the domain's life, as far as it is kept" };

    private readonly Option<bool> _raw = new("--raw") { Arity = ArgumentArity.Zero, Description = "Pass every byte of the guest's, also sequences that do harm to a terminal" };

    /// <summary>Adds them to a command.</summary>
    /// <param name="command">Whose they are.</param>
    /// <param name="others">Its own options that say with what it begins.</param>
    public void AddTo(Command command, params Option<bool>[] others)
    {
        command.Add(_tail);
        command.Add(_since);
        command.Add(_boot);
        command.Add(_raw);
        command.Validators.Add(result =>
        {
            IEnumerable<Option> given = others.Append(_boot).Where(result.GetValue)
                .Concat(new Option[] { _tail, _since }.Where(option => result.GetResult(option) is not null));
            string[] names = [.. given.Select(static option => option.Name)];
            if (names.Length > 1)
            {
                result.AddError($"{string.Join(" and ", names)} exclude each other");
            }
        });
    }

    public ConsoleOutput Of(ParseResult parsed, bool follow) => new()
    {
        FromBoot = parsed.GetValue(_boot),
        LastLines = parsed.GetValue(_tail),
        Since = parsed.GetValue(_since),
        Level = parsed.GetValue(_raw) ? "raw" : null,
        Follow = follow,
    };

    private static DateTimeOffset? ParseTime(ArgumentResult argument)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (TimeText.TryParse(text, DateTimeOffset.Now, out DateTimeOffset time))
        {
            return time;
        }

        argument.AddError($"--since {text}: give {TimeText.Allowed}");
        return null;
    }
}
