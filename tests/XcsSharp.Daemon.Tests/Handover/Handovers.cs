using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>Another daemon in the place of one that serves.</summary>
internal static class Handovers
{
    /// <summary>A restart by the service manager, or an upgrade in place; returns when the next one serves.</summary>
    /// <returns>The log of the one that was restarted.</returns>
    public static async Task<string> MakeAsync(Lab lab, bool restart)
    {
        if (restart)
        {
            Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));
            string log = lab.Daemon.Log;
            await lab.RestartAsync();
            return log;
        }

        ChildResult result = await ChildProcess.RunAsync(Executables.Cli, ["upgrade", "--socket", lab.Places.Console], Lab.Cancel);
        Assert.True(result.ExitCode == 0, result.Error);
        return "";
    }

    /// <summary>All that is kept of a console's output.</summary>
    public static async Task<byte[]> ReadLogAsync(Lab lab, string console)
    {
        await using ConsoleSocket log = await ConsoleSocket.AskAsync(lab.Places.Console, $"LOG {console}", Lab.Cancel);
        return await log.ReadToEndAsync(Lab.Cancel);
    }
}
