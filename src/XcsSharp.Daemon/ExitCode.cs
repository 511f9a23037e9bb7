namespace XcsSharp.Daemon;

/// <summary>What systemd and scripts get to see when the daemon ends.</summary>
internal static class ExitCode
{
    /// <summary>Stopped as asked (SIGTERM, SIGINT).</summary>
    public const int Clean = 0;

    /// <summary>The loop failed: a bug of ours, or the hypervisor went away. Restarting is right.</summary>
    public const int LoopFailed = 1;

    /// <summary>Wrong arguments or settings. Restarting does not help.</summary>
    public const int BadSettings = 2;

    /// <summary>Right settings, but the machine does not allow it: a socket in use, no hypervisor, no permission.</summary>
    public const int CannotStart = 3;
}
