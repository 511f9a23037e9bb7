using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// Connections that nothing more is said to: what is queued is sent, and then they are closed. A client that does not read keeps its descriptor and what is
/// queued until its time is over, so its connection counts until then, and is found when the daemon ends.
/// </summary>
/// <remarks>Loop thread only.</remarks>
internal sealed class Departures : IDisposable
{
    private readonly HashSet<UnixStream> _leaving = [];

    /// <summary>Sees a connection off.</summary>
    /// <param name="stream">Owned from here on.</param>
    /// <param name="limit">How long its client may take; null: a stream's own limit.</param>
    /// <param name="ended">Called once, when it is closed; maybe before this returns.</param>
    internal void Add(UnixStream stream, TimeSpan? limit, Action ended)
    {
        // Whoever had it is through with it.
        stream.Owner = null;
        _ = _leaving.Add(stream);
        stream.CloseAfterFlush(limit, () =>
        {
            _ = _leaving.Remove(stream);
            ended();
        });
    }

    public void Dispose()
    {
        foreach (UnixStream stream in _leaving.ToArray())
        {
            stream.Dispose();
        }
    }
}
