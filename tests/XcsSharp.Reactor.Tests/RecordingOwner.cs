namespace XcsSharp.Reactor.Tests;

/// <summary>Remembers what a stream told it; a test may hook into any of it.</summary>
internal sealed class RecordingOwner : IStreamOwner
{
    public MemoryStream Received { get; } = new();

    public List<int> Pieces { get; } = [];

    public int Rooms { get; private set; }

    public int Vanished { get; private set; }

    public List<StreamEnd> Ends { get; } = [];

    public Action<UnixStream, byte[]>? WhenReceived { get; set; }

    public Action<UnixStream>? WhenRoom { get; set; }

    public Action<UnixStream>? WhenEnded { get; set; }

    public void OnReceived(UnixStream stream, ReadOnlySpan<byte> bytes)
    {
        Received.Write(bytes);
        Pieces.Add(bytes.Length);
        WhenReceived?.Invoke(stream, bytes.ToArray());
    }

    public void OnRoom(UnixStream stream)
    {
        Rooms++;
        WhenRoom?.Invoke(stream);
    }

    public void OnPeerVanished(UnixStream stream) => Vanished++;

    public void OnEnded(UnixStream stream, StreamEnd why)
    {
        Ends.Add(why);
        WhenEnded?.Invoke(stream);
    }
}
