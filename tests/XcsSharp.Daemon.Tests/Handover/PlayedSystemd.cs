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
