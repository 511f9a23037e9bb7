using System.Globalization;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Consoles;

/// <summary>Where in the retained output a viewer begins.</summary>
public enum ReplayFrom
{
    /// <summary>The last 2 KiB of what is attached to, enough to see the prompt that one answers; all of a log.</summary>
    Usual,

    /// <summary>The oldest byte that is retained.</summary>
    Oldest,

    /// <summary>Only what comes from now on.</summary>
    Newest,

    /// <summary>The console's first byte, and a gap mark if it is not retained.</summary>
    Boot,

    /// <summary>What came behind the console's first <see cref="OutputWish.Amount"/> bytes, and a gap mark if that is not retained.</summary>
    Position,

    /// <summary>The last <see cref="OutputWish.Amount"/> bytes.</summary>
    Tail,

    /// <summary>The last <see cref="OutputWish.Amount"/> lines.</summary>
    Lines,

    /// <summary>What came at or after the Unix time of <see cref="OutputWish.Amount"/> milliseconds.</summary>
    Since,
}

/// <summary>Which output of a console a client wants, and how: the words after its name.</summary>
/// <param name="From">Where it begins.</param>
/// <param name="Amount">Of that.</param>
/// <param name="Level">What passes; null: as the settings say.</param>
/// <param name="Follow">Of a log: go on with what comes. Of both: go on when the domain starts anew.</param>
/// <param name="ToEnd">Of a log: go on with what comes, until the domain or the console ends.</param>
/// <param name="Problem">What is wrong with the words, with the remedy; null: nothing.</param>
public readonly record struct OutputWish(
    ReplayFrom From = ReplayFrom.Usual, long Amount = 0, OutputLevel? Level = null, bool Follow = false, bool ToEnd = false, string? Problem = null)
{
    /// <summary>The position that is meant.</summary>
    public long PositionIn(Backlog backlog, OutputTimes times, ReplayFrom usual) => (From == ReplayFrom.Usual ? usual : From) switch
    {
        ReplayFrom.Oldest => backlog.Start,
        ReplayFrom.Newest => backlog.End,
        ReplayFrom.Boot => 0,
        ReplayFrom.Position => Math.Min(Amount, backlog.End),
        ReplayFrom.Tail => backlog.NextRetained(Math.Max(0, backlog.End - Amount)),
        ReplayFrom.Lines => backlog.FindLastLines((int)Math.Min(Amount, int.MaxValue - 1)),
        ReplayFrom.Since => times.Find(DateTimeOffset.FromUnixTimeMilliseconds(Amount)) ?? backlog.End,
        _ => backlog.NextRetained(Math.Max(0, backlog.End - OperatorProtocol.RecentBytes)),
    };

    /// <summary>Null when the word is none of these.</summary>
    internal OutputWish? With(string word)
    {
        bool isFrom = From != ReplayFrom.Usual;
        int equals = word.IndexOf('=', StringComparison.Ordinal) + 1;
        string value = word[equals..];
        return word[..equals] switch
        {
            "" when word == OperatorProtocol.Follow && !Follow && !ToEnd => this with { Follow = true },
            OperatorProtocol.FollowWord when !Follow && !ToEnd => value == OperatorProtocol.End
                ? this with { ToEnd = true }
                : Wrong(word, $"{OperatorProtocol.FollowWord}{OperatorProtocol.End}, or {OperatorProtocol.Follow} alone"),
            "" when word == OperatorProtocol.ReplayAll && !isFrom => this with { From = ReplayFrom.Oldest },
            "" when word == OperatorProtocol.ReplayNew && !isFrom => this with { From = ReplayFrom.Newest },
            OperatorProtocol.From when !isFrom => value == OperatorProtocol.Boot
                ? this with { From = ReplayFrom.Boot }
                : WithAmount(ReplayFrom.Position, word, value, $"bytes (or {OperatorProtocol.Boot})"),
            OperatorProtocol.Tail when !isFrom => WithAmount(ReplayFrom.Tail, word, value, "bytes"),
            OperatorProtocol.Lines when !isFrom => WithAmount(ReplayFrom.Lines, word, value, "lines"),
            OperatorProtocol.Since when !isFrom => WithAmount(ReplayFrom.Since, word, value, "milliseconds since 1970, UTC"),
            OperatorProtocol.Level when Level is null => value switch
            {
                "safe" => this with { Level = OutputLevel.Safe },
                "strip" => this with { Level = OutputLevel.Strip },
                "raw" => this with { Level = OutputLevel.Raw },
                _ => Wrong(word, "level=safe, level=strip or level=raw"),
            },
            _ => null,
        };
    }

    private OutputWish WithAmount(ReplayFrom from, string word, string value, string unit)
        => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long amount)
            && amount <= OperatorProtocol.MostAmount
                ? this with { From = from, Amount = amount }
                : Wrong(word, $"a whole number of {unit}, at most {OperatorProtocol.MostAmount}");

    private OutputWish Wrong(string word, string remedy)
        => this with { Problem = $"'{word}' asks for nothing; give {remedy}", From = From == ReplayFrom.Usual ? ReplayFrom.Newest : From, Level = Level ?? OutputLevel.Safe };
}
