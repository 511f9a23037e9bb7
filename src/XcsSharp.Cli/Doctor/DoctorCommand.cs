using System.CommandLine;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli.Doctor;

/// <summary><c>xcsctl doctor</c>: looks at everything that consoles need, and says of what is wrong what to do.</summary>
internal sealed class DoctorCommand(Dialogue dialogue)
{
    private const string MachineVariable = "SIMXEN_MACHINE";
    private const string Simulated = "sim";

    public Command Syntax()
    {
        Command command = new(
            "doctor",
            "Looks at what consoles need: Xen, devices, libraries, xenstore, the daemon, its sockets, other daemons, and says of what is wrong what to do. Ends with 1 when there is a problem");
        command.SetAction(async (parsed, cancel) =>
        {
            List<Finding> findings = await dialogue.AskAsync(parsed, path => LookAsync(path, cancel));
            DoctorReport report = new(
                findings, findings.Count(static one => one.Outcome == Outcome.Problem), findings.Count(static one => one.Outcome == Outcome.Warning));
            _ = dialogue.Show(parsed, report, DoctorJson.Default.DoctorReport, Text);
            return report.Problems == 0 ? ExitCode.Ok : ExitCode.Refused;
        });
        return command;
    }

    /// <summary>A line each, and below it what to do.</summary>
    internal static string Text(DoctorReport report)
    {
        int width = report.Findings.Max(static one => one.Check.Length);
        IEnumerable<string> lines = report.Findings.SelectMany(one =>
        {
            string line = $"{one.Outcome.ToString().ToLowerInvariant(),-7}  {one.Check.PadRight(width)}  {one.Detail}";
            return one.Remedy is null ? [line] : (string[])[line, $"{"",-7}  {"".PadRight(width)}  -> {one.Remedy}"];
        });
        return string.Concat(lines.Select(static line => TextTable.Printable(line) + "\n"))
            + $"{Reports.Counted(report.Problems, "problem")}, {Reports.Counted(report.Warnings, "warning")}\n";
    }

    private static async Task<List<Finding>> LookAsync(string socket, CancellationToken cancel)
    {
        (IReadOnlyList<Finding> daemon, DaemonStatus? status) = await DaemonChecks.LookAsync(socket, DaemonChecks.Patience, cancel);
        string? machine = Environment.GetEnvironmentVariable(MachineVariable) is { Length: > 0 } named ? named : null;
        bool isSimulated = status is not null ? status.Backend == Simulated : machine is not null;
        List<Finding> findings = [];
        if (isSimulated)
        {
            findings.Add(new Finding("Xen", Outcome.Skipped, "the machine is simulated: devices, libraries and other daemons do not matter"));
        }
        else
        {
            MachineChecks checks = new("/");
            findings.Add(checks.Xen());
            findings.AddRange(checks.Devices());
            findings.Add(MachineChecks.Libraries());
            findings.Add(checks.OtherConsoleDaemon());
        }

        if (!isSimulated || machine is not null)
        {
            findings.AddRange(StoreChecks.Look(isSimulated ? machine : null));
        }
        else
        {
            findings.Add(new Finding("xenstore", Outcome.Skipped, $"the simulated machine is not named in {MachineVariable}"));
        }

        findings.AddRange(daemon);
        return findings;
    }
}
