using System.Text;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Consoles;

/// <summary>What a request line of the console socket asks for.</summary>
public enum OperatorVerb
{
    Unknown,
    Attach,
    List,
    Status,
    ConsoleAdd,
    ConsoleDelete,
}

/// <summary>Where in the retained output a viewer begins.</summary>
public enum ReplayFrom
{
    /// <summary>The last 2 KiB: enough to see the prompt that one answers.</summary>
    Recent,

    /// <summary>The oldest byte that is retained.</summary>
    Oldest,

    /// <summary>Only what comes from now on.</summary>
    Newest,
}

/// <summary>A request line, taken apart. Unrecognised lines give <see cref="OperatorVerb.Unknown"/>.</summary>
/// <param name="Verb">What is asked.</param>
/// <param name="Target">The domain's id or name; of a console with its number; empty for <c>LIST</c> and <c>STATUS</c>.</param>
/// <param name="Replay">Where the viewer begins.</param>
public readonly record struct OperatorRequest(OperatorVerb Verb, string Target, ReplayFrom Replay)
{
    /// <summary>Takes a line apart; its line feed, and a carriage return before that, are already gone.</summary>
    public static OperatorRequest Parse(ReadOnlySpan<byte> line)
    {
        string text = Encoding.UTF8.GetString(line).Trim(' ');
        if (text == OperatorProtocol.List)
        {
            return new OperatorRequest(OperatorVerb.List, "", ReplayFrom.Recent);
        }

        if (text == OperatorProtocol.Status)
        {
            return new OperatorRequest(OperatorVerb.Status, "", ReplayFrom.Recent);
        }

        if (TryCutVerb(text, OperatorProtocol.ConsoleAdd, out string target))
        {
            return new OperatorRequest(OperatorVerb.ConsoleAdd, target, ReplayFrom.Recent);
        }

        if (TryCutVerb(text, OperatorProtocol.ConsoleDelete, out target))
        {
            return new OperatorRequest(OperatorVerb.ConsoleDelete, target, ReplayFrom.Recent);
        }

        if (!TryCutVerb(text, OperatorProtocol.Attach, out target))
        {
            return default;
        }

        // Names of domains may have spaces in them, so only a last word that is one of ours is not part of the name.
        if (TryCutLastWord(target, OperatorProtocol.ReplayAll, out string name))
        {
            return new OperatorRequest(OperatorVerb.Attach, name, ReplayFrom.Oldest);
        }

        return TryCutLastWord(target, OperatorProtocol.ReplayNew, out name)
            ? new OperatorRequest(OperatorVerb.Attach, name, ReplayFrom.Newest)
            : new OperatorRequest(OperatorVerb.Attach, target, ReplayFrom.Recent);
    }

    private static bool TryCutVerb(string text, string verb, out string rest)
    {
        bool found = text.StartsWith(verb, StringComparison.Ordinal) && text.Length > verb.Length && text[verb.Length] == ' ';
        rest = found ? text[verb.Length..].TrimStart(' ') : "";
        return found;
    }

    private static bool TryCutLastWord(string target, string word, out string rest)
    {
        rest = target.EndsWith(" " + word, StringComparison.Ordinal) ? target[..^(word.Length + 1)].TrimEnd(' ') : "";
        return rest.Length > 0;
    }
}
