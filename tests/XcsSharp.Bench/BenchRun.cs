using System.Diagnostics;

namespace XcsSharp.Bench;

/// <summary>How much is measured, and where it goes.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="Results">What was measured.</param>
/// <param name="Progress">Gets a line for each step.</param>
/// <param name="Cancel">Ends it.</param>
internal sealed record BenchRun(BenchOptions Options, Results Results, TextWriter Progress, CancellationToken Cancel)
{
    private readonly long _start = Stopwatch.GetTimestamp();

    public bool Quick => Options.Quick;

    public int Rounds => 5;

    public int Order => Options.Order;

    public void Say(string what) => Progress.WriteLine($"[{Stopwatch.GetElapsedTime(_start).TotalSeconds,6:0.0} s] {what}");
}
