namespace XcsSharp.GuestAgent;

/// <summary>How much a flood is. Without a limit it lasts until a signal.</summary>
internal sealed record FloodOptions
{
    /// <summary>Payload bytes in all; the last message may be shorter than the others.</summary>
    public long? Bytes { get; init; }

    public long? Messages { get; init; }

    public double? Seconds { get; init; }

    /// <summary>Random payload that this number decides; otherwise numbered lines.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Messages a second at most; otherwise as many as the ring takes.</summary>
    public double? Rate { get; init; }
}
