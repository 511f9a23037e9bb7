namespace XcsSharp.Switching;

/// <summary>What went through a channel since it was opened.</summary>
public sealed class ChannelCounters
{
    /// <summary>Requests taken from the guest.</summary>
    public ulong Requests { get; internal set; }

    /// <summary>Answers written to the guest, the daemon's own included.</summary>
    public ulong Responses { get; internal set; }

    /// <summary>Of these, written for a subscriber that was absent, gone or silent.</summary>
    public ulong AnsweredByDaemon { get; internal set; }

    /// <summary>Requests put into the guest's ring for subscribers.</summary>
    public ulong RequestsSent { get; internal set; }

    /// <summary>The guest's responses to these.</summary>
    public ulong ResponsesReceived { get; internal set; }

    /// <summary>Signals to the guest.</summary>
    public ulong Notifies { get; internal set; }
}
