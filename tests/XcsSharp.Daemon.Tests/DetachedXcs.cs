using System.Globalization;

using Mono.Unix.Native;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// A daemon that was started as xend of 2005 starts it, <c>xcs -p FILE</c>, and runs on when the command has ended. It is
/// no child of the test, so it is killed by the number in its file.
/// </summary>
internal sealed class DetachedXcs(DaemonPlaces places) : IAsyncDisposable
{
    public string PidFile => places.Machine["xcs.pid"];

    public string LogFile => places.Machine["xcs.log"];

    public int Pid => int.Parse(File.ReadAllText(PidFile), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>The daemon's settings, in the only place where this command line has room for them.</summary>
    public Dictionary<string, string> Environment(params string[] settings)
    {
        string[] all = [.. places.Arguments().Where(argument => !argument.StartsWith("--settings", StringComparison.Ordinal)),
            $"--Xcs:LogFile={LogFile}", .. settings];
        return all.Select(setting => setting[2..].Split('=', 2))
            .GroupBy(pair => pair[0])
            .ToDictionary(pairs => "XCSD_" + pairs.Key.Replace(":", "__", StringComparison.Ordinal), pairs => pairs.Last()[1]);
    }

    /// <summary>Runs the command to its end, with its pid file.</summary>
    public Task<ChildResult> RunAsync(params string[] settings)
        => RunAsync(["-p", PidFile], settings);

    public Task<ChildResult> RunAsync(string[] arguments, string[] settings)
        => ChildProcess.RunAsync(
            Executables.Xcs, arguments, Lab.Cancel, new() { Name = "xcs", Environment = Environment(settings) });

    public ValueTask DisposeAsync()
    {
        // Not a process that was given the number since.
        if (File.Exists(PidFile) && File.Exists($"/proc/{Pid}/comm") && File.ReadAllText($"/proc/{Pid}/comm") == "xcsd\n")
        {
            _ = Syscall.kill(Pid, Signum.SIGKILL);
        }

        Lab.Print($"--- log of xcs:\n{(File.Exists(LogFile) ? File.ReadAllText(LogFile) : "(none)")}");
        return places.Machine.DisposeAsync();
    }
}
