namespace XcsSharp.TestKit;

/// <summary>How a <see cref="ChildProcess"/> is started.</summary>
public sealed record ChildOptions
{
    /// <summary>For messages; the program's name if empty.</summary>
    public string Name { get; init; } = "";

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets the standard output instead of the transcript.</summary>
    public BytesReceived? OnOutput { get; init; }
}

/// <summary>What a program that has ended said.</summary>
public sealed record ChildResult(int ExitCode, string Output, string Error);
