using System.ComponentModel;
using System.Diagnostics;

namespace XcsSharp.Daemon.Systemd;

/// <summary>Why systemd ends us: it says SIGTERM to a service that it stops and to one that it starts again at once.</summary>
internal static class ServiceJob
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>True when another daemon follows at once. False also when systemd cannot be asked: then nothing may be left behind for one.</summary>
    public static async Task<bool> IsRestartAsync()
    {
        using CancellationTokenSource late = new(s_patience);
        try
        {
            ProcessStartInfo start = new("systemctl", ["list-jobs", "--no-legend", "--plain", "--no-pager", UnitName()])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using Process systemctl = Process.Start(start)!;
            try
            {
                // A line is: number, unit, what is to be done, state.
                string jobs = await systemctl.StandardOutput.ReadToEndAsync(late.Token);
                return jobs.Split('\n').Any(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, "restart", ..]);
            }
            catch (OperationCanceledException)
            {
                systemctl.Kill();
                return false;
            }
        }
        catch (Exception e) when (e is Win32Exception or IOException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The last part of our control group's path: <c>0::/system.slice/xcsd.service</c>.</summary>
    private static string UnitName()
    {
        try
        {
            string path = File.ReadLines("/proc/self/cgroup").FirstOrDefault(static line => line.StartsWith("0::", StringComparison.Ordinal)) ?? "";
            string name = Path.GetFileName(path);
            return name.EndsWith(".service", StringComparison.Ordinal) ? name : "xcsd.service";
        }
        catch (IOException)
        {
            return "xcsd.service";
        }
    }
}
