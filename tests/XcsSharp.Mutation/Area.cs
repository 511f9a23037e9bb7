namespace XcsSharp.Mutation;

/// <summary>A part of the sources that is mutated, and the tests that are to notice.</summary>
/// <param name="Name">Also of its Stryker configuration below Areas.</param>
/// <param name="Project">The one that is mutated.</param>
/// <param name="Tests">The test project.</param>
/// <param name="IsUnsafe">A mutant may write where it should not, and what comes after it in the same process would not count: each has a process of its own.</param>
/// <param name="Runner">Which of its tests, in the words of xunit's own runner: those that are about speed, or take seconds, are left out.</param>
/// <param name="Slow">Those that take seconds, for what survives the others; null: there are none.</param>
internal sealed record Area(string Name, string Project, string Tests, bool IsUnsafe, string Runner, string? Slow = null)
{
    public static IReadOnlyList<Area> All { get; } =
    [
        new("rings", "XcsSharp.Rings", "XcsSharp.Rings.Tests", true, "-class- *.TwoThreadsTests -method- *.A_million_hostile_*"),
        new("filter", "XcsSharp.Consoles", "XcsSharp.Consoles.Tests", false,
            "-class *.TerminalFilterTests -class *.TerminalFilterStateTests -class *.OutputReaderTests -method- *.It_allocates_nothing"),
        new("router", "XcsSharp.Switching", "XcsSharp.Switching.Tests", false,
            "-class- *.AllocationTests -class- *.ConsoleStreamTests -class- *.ConsoleStreamCostTests -class- *.ConsoleRestartTests -class- *.RandomScheduleTests -class- *.SplitRecordTests",
            "-class *.ConsoleRestartTests -class *.RandomScheduleTests -class *.SplitRecordTests"),
    ];
}
