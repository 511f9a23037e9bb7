using System.Text;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Consoles;

/// <summary>What a request line of the console socket asks for.</summary>
public enum OperatorVerb
{
    Unknown,
    Attach,
    Log,
    List,
    Status,
    Top,
    Metrics,
    ConsoleAdd,
    ConsoleDelete,
    Who,
    Take,
    Release,
    Mode,
}

/// <summary>A request line, taken apart. Unrecognised lines give <see cref="OperatorVerb.Unknown"/>.</summary>
/// <param name="Verb">What is asked.</param>
/// <param name="Target">The domain's id or name; of a console with its number; empty for <c>LIST</c>, <c>STATUS</c>, <c>TOP</c> and <c>METRICS</c>.</param>
/// <param name="Wish">Of <c>ATTACH</c> and <c>LOG</c>: what the words after the name ask for.</param>
public readonly record struct OperatorRequest(OperatorVerb Verb, string Target, AttachWish Wish = default)
{
    private static readonly (string Word, OperatorVerb Verb)[] s_viewerVerbs =
    [
        (OperatorProtocol.Who, OperatorVerb.Who),
        (OperatorProtocol.Take, OperatorVerb.Take),
        (OperatorProtocol.Release, OperatorVerb.Release),
        (OperatorProtocol.Mode, OperatorVerb.Mode),
    ];

    /// <summary>Takes a line apart; its line feed, and a carriage return before that, are already gone.</summary>
    public static OperatorRequest Parse(ReadOnlySpan<byte> line)
    {
        string text = Encoding.UTF8.GetString(line).Trim(' ');
        if (text == OperatorProtocol.List)
        {
            return new OperatorRequest(OperatorVerb.List, "");
        }

        if (text == OperatorProtocol.Status)
        {
            return new OperatorRequest(OperatorVerb.Status, "");
        }

        if (text == OperatorProtocol.Top)
        {
            return new OperatorRequest(OperatorVerb.Top, "");
        }

        if (text == OperatorProtocol.Metrics)
        {
            return new OperatorRequest(OperatorVerb.Metrics, "");
        }

        if (TryCutVerb(text, OperatorProtocol.ConsoleAdd, out string target))
        {
            return new OperatorRequest(OperatorVerb.ConsoleAdd, target);
        }

        if (TryCutVerb(text, OperatorProtocol.ConsoleDelete, out target))
        {
            return new OperatorRequest(OperatorVerb.ConsoleDelete, target);
        }

        if (text == OperatorProtocol.Who)
        {
            return new OperatorRequest(OperatorVerb.Who, "");
        }

        foreach ((string word, OperatorVerb ofViewers) in s_viewerVerbs)
        {
            if (TryCutVerb(text, word, out target))
            {
                return new OperatorRequest(ofViewers, target);
            }
        }

        OperatorVerb verb = TryCutVerb(text, OperatorProtocol.Attach, out target) ? OperatorVerb.Attach
            : TryCutVerb(text, OperatorProtocol.Log, out target) ? OperatorVerb.Log
            : OperatorVerb.Unknown;
        if (verb == OperatorVerb.Unknown)
        {
            return default;
        }

        var wish = AttachWish.Cut(target, out string name);
        return new OperatorRequest(verb, name, wish);
    }

    private static bool TryCutVerb(string text, string verb, out string rest)
    {
        bool found = text.StartsWith(verb, StringComparison.Ordinal) && text.Length > verb.Length && text[verb.Length] == ' ';
        rest = found ? text[verb.Length..].TrimStart(' ') : "";
        return found;
    }
}
