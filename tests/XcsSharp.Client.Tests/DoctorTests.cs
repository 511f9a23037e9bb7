using System.Text.Json;

using XcsSharp.Cli.Doctor;
using XcsSharp.TestKit;

namespace XcsSharp.Client.Tests;

/// <summary>xcsctl doctor: its document, and what is said of parts of a machine that are played.</summary>
public sealed class DoctorTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task As_json_it_is_one_document_of_the_same()
    {
        ChildResult result = await RunAsync("/nowhere/console.sock", "--json");
        using JsonDocument document = JsonDocument.Parse(result.Output);
        JsonElement root = document.RootElement;
        int problems = root.GetProperty("findings").EnumerateArray().Count(static one => one.GetProperty("outcome").GetString() == "problem");
        Assert.Equal(root.GetProperty("problems").GetInt32(), problems);
        Assert.True(problems > 0);
        Assert.All(root.GetProperty("findings").EnumerateArray(), static one => Assert.NotEqual("", one.GetProperty("detail").GetString()));
    }

    [Theory]
    [InlineData("xen", "control_d", "Ok")]
    [InlineData("xen", "", "Problem")]
    [InlineData("xen", null, "Warning")]
    [InlineData("kvm", "control_d", "Problem")]
    [InlineData(null, null, "Problem")]
    public void A_dom0_is_told_from_a_guest_and_from_no_Xen(string? type, string? capabilities, string outcome)
    {
        using PrivateDirectory root = new("root");
        Write(root, "sys/hypervisor/type", type);
        Write(root, "proc/xen/capabilities", capabilities);
        Finding finding = new MachineChecks(root.Path).Xen();
        Assert.Equal(outcome, $"{finding.Outcome}");
        Assert.Equal(finding.Outcome != Outcome.Ok, finding.Remedy is not null);
    }

    [Fact]
    public void A_device_that_is_missing_names_its_module_and_one_that_is_there_is_opened()
    {
        using PrivateDirectory root = new("root");
        Write(root, "dev/xen/evtchn", "");
        Write(root, "dev/xen/privcmd", "");
        Finding[] findings = [.. new MachineChecks(root.Path).Devices()];
        Assert.Equal([Outcome.Ok, Outcome.Ok, Outcome.Problem], findings.Select(static one => one.Outcome));
        Assert.Contains("modprobe xen-gntdev", findings[2].Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("xenconsoled", "S (sleeping)", 0, true)]
    [InlineData("xenconsoled", "Z (zombie)", 0, false)]
    [InlineData("xenconsoled", "S (sleeping)", 1000, false)]
    [InlineData("xenconsoled2", "S (sleeping)", 0, false)]
    public void Another_console_daemon_is_a_problem_when_it_is_roots_and_runs(string name, string state, int user, bool found)
    {
        using PrivateDirectory root = new("root");
        Write(root, "proc/77/comm", name + "\n");
        Write(root, "proc/77/status", $"Name:\t{name}\nState:\t{state}\nUid:\t{user}\t{user}\t{user}\t{user}\n");
        Finding finding = new MachineChecks(root.Path).OtherConsoleDaemon();
        Assert.Equal(found ? Outcome.Problem : Outcome.Ok, finding.Outcome);
        Assert.Equal(found, finding.Detail.Contains("process 77", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_daemon_that_takes_the_connection_and_says_nothing_is_a_problem()
    {
        using ScriptedServer server = new();
        (IReadOnlyList<Finding> findings, _) = await DaemonChecks.LookAsync(server.Path, TimeSpan.FromMilliseconds(100), Cancel);
        Finding finding = Assert.Single(findings);
        Assert.Equal((Outcome.Problem, $"has taken the connection to {server.Path} and does not answer within 0.1s"), (finding.Outcome, finding.Detail));
        Assert.Contains("systemctl restart xcsd", finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_each_and_below_it_the_remedy()
    {
        string text = DoctorCommand.Text(new DoctorReport(
            [new Finding("Xen", Outcome.Ok, "this is dom0"), new Finding("xenstore", Outcome.Problem, "does not \u001b answer", "start it")], 1, 0));
        Assert.Equal(
            """
            ok       Xen       this is dom0
            problem  xenstore  does not ? answer
                               -> start it
            1 problem, 0 warnings

            """,
            text);
    }

    private static void Write(PrivateDirectory root, string path, string? text)
    {
        if (text is not null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(root[path])!);
            File.WriteAllText(root[path], text);
        }
    }

    private static Task<ChildResult> RunAsync(string socket, params string[] options)
        => ChildProcess.RunAsync(Path.Combine(AppContext.BaseDirectory, "xcsctl"), ["doctor", "--socket", socket, .. options], Cancel);
}
