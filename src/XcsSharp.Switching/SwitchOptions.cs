namespace XcsSharp.Switching;

/// <summary>The switch's limits and patience. Defaults are those of the design.</summary>
public sealed class SwitchOptions
{
    /// <summary>How long a request that nobody is bound to is kept for a late subscriber.</summary>
    public TimeSpan UnboundGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the subscribers that got a request may be silent before the daemon answers for them.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a session lives on after both of its connections are gone.</summary>
    public TimeSpan SessionWindow { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a new connection may take to say what it is.</summary>
    public TimeSpan FirstRecordTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes that wait for a client to read them, for each of its connections; at the limit its session is closed.</summary>
    public int SessionQueueBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>Requests that wait for room in a guest's ring, for each guest.</summary>
    public int RequestQueue { get; set; } = 64;

    /// <summary>Sessions, and as many connections that have not said yet what they are.</summary>
    public int MaxSessions { get; set; } = 1024;

    /// <summary>
    /// What one guest may cost on its channel and consoles together, in bytes a second; beyond it its events wait, in steps
    /// of at most 10 ms. An event costs at least 512 bytes. 0: no limit.
    /// </summary>
    public int GuestBytesPerSecond { get; set; } = 8 * 1024 * 1024;

    /// <summary>Different bindings that one subscriber can have.</summary>
    public int MaxBindsPerSubscriber { get; set; } = 65536;
}
