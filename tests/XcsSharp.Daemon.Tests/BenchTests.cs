using System.Text.Json;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary><c>./build.sh bench</c> itself, with little to measure: that it measures all three switches and says what it has found.</summary>
public sealed class BenchTests
{
    private static string Program => Path.Combine(AppContext.BaseDirectory, "xcs-bench.dll");

    [Fact]
    public async Task All_three_switches_answer_every_request_and_are_in_the_report()
    {
        using PrivateDirectory folder = new("bench");
        ChildResult result = await ChildProcess.RunAsync(
            "dotnet", [Program, "--guests", "1,3", "--order", "20", "--out", folder.Path, "switch"], Lab.Cancel, new() { Environment = Environment() });
        Assert.Equal((0, ""), (result.ExitCode, result.ExitCode == 0 ? "" : result.Error));
        foreach (string subject in (string[])["xcsd", "classic", "floor"])
        {
            Assert.Matches($@"(?m)^\| 3 \| messages/s \| {subject} \| [1-9][0-9,.]* \|", result.Output);
        }

        using JsonDocument json = JsonDocument.Parse(await File.ReadAllTextAsync(folder["bench.json"], Lab.Cancel));
        Assert.Equal(2 * 3 * (2 + 4), json.RootElement.GetProperty("series").GetArrayLength());
        Assert.Contains("<svg", await File.ReadAllTextAsync(folder["bench-throughput.svg"], Lab.Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_it_does_not_understand_is_wrong_use()
    {
        ChildResult result = await ChildProcess.RunAsync("dotnet", [Program, "--guests", "0"], Lab.Cancel, new() { Environment = Environment() });
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("'--guests 0' is not understood", result.Error, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Environment() => new() { ["XCS_BIN"] = Executables.Directory };
}
