namespace XcsSharp.Switching;

/// <summary>What one attached subscriber holds; all of it is given back when it detaches.</summary>
internal sealed class SubscriberRecord
{
    public HashSet<(int Port, ushort Type)> Binds { get; } = [];

    /// <summary>Control interfaces that it opened, and how often.</summary>
    public Dictionary<ControlChannel, int> Interfaces { get; } = [];

    /// <summary>Virtual interrupts that it bound.</summary>
    public HashSet<int> VirqPorts { get; } = [];
}
