using XcsSharp.Fuzz.Engine;
using XcsSharp.Fuzz.Targets;

namespace XcsSharp.Fuzz;

/// <summary>One row of the table.</summary>
/// <param name="Name">On the command line, and of the folders of its inputs.</param>
/// <param name="CheckExecutions">How many executions <c>./build.sh test</c> gives it: a few seconds' worth.</param>
/// <param name="Make">A new one; it keeps what millions of executions would make anew for nothing.</param>
internal sealed record TargetRow(string Name, long CheckExecutions, Func<IFuzzTarget> Make);

/// <summary>All targets there are. A new one is a class in Targets and a row here.</summary>
internal static class TargetTable
{
    public static readonly TargetRow[] All =
    [
        new("control-page", 150_000, static () => new ControlPageTarget()),
        new("console-ring", 120_000, static () => new ConsoleRingTarget()),
        new("xcs-records", 30_000, static () => new XcsRecordsTarget()),
        new("handshake", 15_000, static () => new ConsoleHandshakeTarget()),
        new("terminal-filter", 250_000, static () => new TerminalFilterTarget()),
        new("payloads", 120_000, static () => new PayloadsTarget()),
        new("capture-files", 300_000, static () => new CaptureFilesTarget()),
        new("store-values", 500_000, static () => new StoreValuesTarget()),
        new("settings", 60_000, static () => new SettingsTarget()),
        new("saved-state", 60_000, static () => new SavedStateTarget()),
        new("spool", 60_000, static () => new SpoolTarget()),
    ];

    /// <exception cref="UsageException">No such target.</exception>
    public static TargetRow Find(string name)
        => Array.Find(All, row => row.Name == name)
            ?? throw new UsageException($"no target '{name}'; there are: {string.Join(", ", All.Select(static row => row.Name))}");
}
