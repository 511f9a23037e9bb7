using System.Globalization;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Client;

/// <summary>With what an attached console begins.</summary>
public enum ConsoleReplay
{
    /// <summary>The last screenful, so that a waiting prompt is seen.</summary>
    Recent,

    /// <summary>Nothing old.</summary>
    New,

    /// <summary>Everything that the daemon still has.</summary>
    All,
}

/// <summary>Which output of a console is wanted, beyond a <see cref="ConsoleReplay"/>; at most one of the first five.</summary>
public sealed record ConsoleOutput
{
    /// <summary>Begin with the console's first byte, and a gap mark where the daemon has not kept it.</summary>
    public bool FromBoot { get; init; }

    /// <summary>
    /// Begin behind the console's first so many bytes (<see cref="DomainEntry.BytesOut"/> and the like count them), and with a gap mark where the daemon has not kept
    /// what comes there. An older daemon refuses it: <see cref="OperatorError.BadArgument"/>.
    /// </summary>
    public long? FromPosition { get; init; }

    /// <summary>Begin with so many of the last lines.</summary>
    public int? LastLines { get; init; }

    /// <summary>Begin with so many of the last bytes.</summary>
    public long? LastBytes { get; init; }

    /// <summary>Begin with what came at this time or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>What of the guest's control sequences passes: <c>safe</c>, <c>strip</c> or <c>raw</c>; null: as the daemon is set.</summary>
    public string? Level { get; init; }

    /// <summary>Of a log: go on with what comes. Of an attached console and of a log: go on when the domain starts anew.</summary>
    public bool Follow { get; init; }

    /// <summary>Of a log: go on with what comes until the domain ends; not with <see cref="Follow"/>.</summary>
    public bool FollowToEnd { get; init; }

    internal string Words => string.Create(
        CultureInfo.InvariantCulture,
        $"{(FromBoot ? $" {OperatorProtocol.From}{OperatorProtocol.Boot}" : "")}{Word(OperatorProtocol.From, FromPosition)}{Word(OperatorProtocol.Lines, LastLines)}{Word(OperatorProtocol.Tail, LastBytes)}{Word(OperatorProtocol.Since, Since?.ToUnixTimeMilliseconds())}{(Level is null ? "" : $" {OperatorProtocol.Level}{Level}")}{(Follow ? " " + OperatorProtocol.Follow : "")}{(FollowToEnd ? $" {OperatorProtocol.FollowWord}{OperatorProtocol.End}" : "")}");

    private static string Word(string key, long? value)
        => value is { } number ? string.Create(CultureInfo.InvariantCulture, $" {key}{number}") : "";
}

/// <summary>What a viewer may do with a console's input.</summary>
public enum ConsoleMode
{
    /// <summary>It types when it has the writer's seat: at once when that is free, otherwise when its turn comes.</summary>
    ReadWrite,

    /// <summary>It never types.</summary>
    ReadOnly,

    /// <summary>It takes the seat from whoever has it.</summary>
    TakeOver,

    /// <summary>The same, and nobody else types while it is attached; the daemon's settings may refuse that.</summary>
    Exclusive,
}

/// <summary>How a viewer attaches.</summary>
/// <param name="Replay">With what it begins.</param>
/// <param name="Mode">What it may do.</param>
/// <param name="FramedNotices">Whether its stream tells of changes of the writer, between <see cref="OperatorProtocol.NoticeStart"/> and
/// <see cref="OperatorProtocol.NoticeEnd"/>; otherwise it has the console's bytes alone.</param>
public sealed record ConsoleAttachment(
    ConsoleReplay Replay = ConsoleReplay.Recent, ConsoleMode Mode = ConsoleMode.ReadWrite, bool FramedNotices = false)
{
    /// <summary>Which output, beyond <see cref="Replay"/>.</summary>
    public ConsoleOutput Output { get; init; } = new();
}
