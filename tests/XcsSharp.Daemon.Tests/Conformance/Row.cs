namespace XcsSharp.Daemon.Tests.Conformance;

/// <summary>One fact of the specification that was measured on the original, or one difference from it on purpose.</summary>
/// <param name="Section">Of the specification.</param>
/// <param name="Name">What is so.</param>
/// <param name="Reason">Why it is not as it was: a bug's number or a row of the design's section 4. Null for what is the same.</param>
/// <param name="RunAsync">Sends, receives and compares.</param>
/// <param name="Settings">Of a daemon of its own; without any, rows share one whose patience is without end.</param>
internal sealed record Row(string Section, string Name, string? Reason, Func<Bench, Task> RunAsync, string[] Settings)
{
    public bool IsDifference => Reason is not null;

    public static Row Same(string section, string name, Func<Bench, Task> run, params string[] settings)
        => new(section, name, null, run, settings);

    public static Row Differs(string section, string name, string reason, Func<Bench, Task> run, params string[] settings)
        => new(section, name, reason, run, settings);

    public override string ToString() => IsDifference ? $"{Section} differs ({Reason}): {Name}" : $"{Section}: {Name}";
}
