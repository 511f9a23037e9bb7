using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// systemd as far as a daemon that is followed by another needs it: its store of descriptors, and a <c>systemctl</c> that says which job it
/// works on.
/// </summary>
internal sealed class PlayedSystemd : IDisposable
{
    private const UnixFileMode Runnable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly PrivateDirectory _directory = new("systemd");

    public PlayedSystemd(int capacity = 64)
    {
        Store = new StoredDescriptors(capacity);
        string systemctl = _directory["systemctl"];
        File.WriteAllText(systemctl, $"#!/bin/sh\ncat '{_directory["jobs"]}'\n");
        File.SetUnixFileMode(systemctl, Runnable);
        Job = "restart";
    }

    public StoredDescriptors Store { get; }

    /// <summary>What systemd works on when it ends the daemon: restart, stop, or empty for nothing.</summary>
    public string Job
    {
        set => File.WriteAllText(_directory["jobs"], value.Length == 0 ? "No jobs running.\n" : $"1234 xcsd.service {value} running\n");
    }

    /// <summary>From now on it answers only what is written to the file that this returns, once it is asked and until that is closed.</summary>
    public Task<FileStream> HoldJob()
    {
        string jobs = _directory["jobs"];
        File.Delete(jobs);
        return Mono.Unix.Native.Syscall.mkfifo(jobs, Mono.Unix.Native.FilePermissions.S_IRUSR | Mono.Unix.Native.FilePermissions.S_IWUSR) == 0
            ? Task.Run(() => new FileStream(jobs, FileMode.Open, FileAccess.Write))
            : throw new IOException($"mkfifo: {Mono.Unix.Native.Stdlib.GetLastError()}");
    }

    public DaemonLaunch Launch => new()
    {
        Store = Store,
        Environment = new Dictionary<string, string>
        {
            ["PATH"] = $"{Path.GetDirectoryName(_directory["systemctl"])}:{Environment.GetEnvironmentVariable("PATH")}",
        },
    };

    public void Dispose()
    {
        Store.Dispose();
        _directory.Dispose();
    }
}
