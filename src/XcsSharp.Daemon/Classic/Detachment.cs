using System.ComponentModel;
using System.Diagnostics;

using XcsSharp.Interop;

namespace XcsSharp.Daemon.Classic;

/// <summary>
/// How the command becomes a daemon without a terminal. A runtime with threads cannot fork, so the command starts itself
/// anew and waits on a pipe, the other's standard output, until that says that it serves or why it cannot.
/// </summary>
internal static class Detachment
{
    private const string Ready = "ready";

    /// <summary>Starts the daemon and waits until it serves.</summary>
    /// <returns>0, or the exit code of a daemon that could not start; why is on stderr then.</returns>
    public static int Start(string? pidFile, string logFile)
    {
        using Process daemon = Spawn(pidFile);
        string? first = daemon.StandardOutput.ReadLine();
        if (first == Ready)
        {
            return ExitCode.Clean;
        }

        string said = first is null ? "" : $"{first}\n{daemon.StandardOutput.ReadToEnd()}";
        daemon.WaitForExit();
        Console.Error.Write(said.Length > 0
            ? said
            : $"xcs: the daemon ended with {daemon.ExitCode} before it served\n"
                + $"xcs: {(logFile.Length > 0 ? $"{logFile} says why" : "xcs -i shows why")}.\n");
        return daemon.ExitCode == ExitCode.Clean ? ExitCode.LoopFailed : daemon.ExitCode;
    }

    /// <summary>In the daemon, first thing: a session of its own, and the log in the place of stderr.</summary>
    /// <exception cref="StartFailure">The log cannot be written.</exception>
    public static void LeaveTerminal(string logFile)
    {
        StandardDescriptors.BeginSession();
        Environment.CurrentDirectory = "/";
        StandardDescriptors.Replace(0, "/dev/null");
        try
        {
            StandardDescriptors.Replace(2, logFile.Length > 0 ? logFile : "/dev/null");
        }
        catch (IOException e)
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                $"Xcs:LogFile: {logFile} can not be written: {e.Message}",
                "Remove what is there, choose another file in the settings, or leave Xcs:LogFile empty for no log.",
                e);
        }
    }

    /// <summary>In the daemon: it serves; the command ends.</summary>
    public static void SayReady() => Say(Ready + "\n");

    /// <summary>In the daemon: it ends, and the command says why.</summary>
    public static void SayFailure(string text) => Say(text);

    private static Process Spawn(string? pidFile)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!, [XcsCommand.Mark, XcsCommand.Detached])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        if (pidFile is not null)
        {
            start.ArgumentList.Add("-p");
            start.ArgumentList.Add(pidFile);
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                $"{Environment.ProcessPath} can not be started: {e.Message}",
                "Start it in the foreground with -i, or look for what the machine has run out of.",
                e);
        }
    }

    /// <summary>The pipe leaves its number before anything is said: whoever hears it finds a daemon without surroundings.</summary>
    private static void Say(string text)
    {
        // Both ways, because opening a pipe for writing alone waits for a reader, and the command may have been killed.
        using FileStream pipe = new("/proc/self/fd/1", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        StandardDescriptors.Replace(1, "/dev/null");
        pipe.Write(System.Text.Encoding.UTF8.GetBytes(text));
    }
}
