using System.Globalization;

namespace XcsSharp.Daemon.Classic;

/// <summary>What a daemon that was started as xcs does at its beginning and its end.</summary>
/// <param name="pidFile">Where its process number goes, or null.</param>
/// <param name="detached">Whether a command waits to be told.</param>
internal sealed class ClassicLife(string? pidFile, bool detached)
{
    private bool _wrote;

    /// <summary>The sockets listen and the domains are known.</summary>
    /// <exception cref="StartFailure">The pid file cannot be written.</exception>
    public void Begin()
    {
        WritePidFile();
        if (detached)
        {
            Detachment.SayReady();
        }
    }

    /// <summary>Nothing is served any more.</summary>
    public void End()
    {
        // Only our own: somebody may have put another daemon in our place.
        if (_wrote && TryRead() == ProcessNumber)
        {
            File.Delete(pidFile!);
        }
    }

    /// <summary>As xcs wrote it: the number and nothing behind it.</summary>
    private static string ProcessNumber => Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    private void WritePidFile()
    {
        if (pidFile is null)
        {
            return;
        }

        try
        {
            // Never into what is there: it may be a link, or another name of somebody's file.
            if (new FileInfo(pidFile).LinkTarget is string target)
            {
                throw new IOException($"it is a link to {target}, which is not followed");
            }

            File.Delete(pidFile);
            using var file = new StreamWriter(new FileStream(pidFile, FileMode.CreateNew, FileAccess.Write, FileShare.Read));
            file.Write(ProcessNumber);
            _wrote = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure(
                ExitCode.CannotStart,
                $"the pid file {pidFile} can not be written: {e.Message}",
                "Remove what is there, or name a file that can be written with -p FILE, or none.",
                e);
        }
    }

    private string? TryRead()
    {
        try
        {
            return File.ReadAllText(pidFile!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
