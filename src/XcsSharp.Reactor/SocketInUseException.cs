namespace XcsSharp.Reactor;

/// <summary>A living server has the path already.</summary>
public sealed class SocketInUseException(string path) : IOException($"another server listens on {path}")
{
    public string Path { get; } = path;
}
