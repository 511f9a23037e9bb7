using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Reactor;

/// <summary>
/// A descriptor's place in a loop. Dispose it before the descriptor is closed. From then on its handler hears nothing,
/// also of events that were fetched already: they carry an id that no later registration ever has.
/// </summary>
public sealed class Registration : IDisposable
{
    private readonly EventLoop _loop;
    private readonly SafeFileHandle _fd;
    private bool _disposed;

    internal Registration(EventLoop loop, SafeFileHandle fd, ulong id, Readiness interest, IReadyHandler handler)
    {
        _loop = loop;
        _fd = fd;
        Id = id;
        Interest = interest;
        Handler = handler;
    }

    /// <summary>Never used twice in the life of the loop; it is what epoll knows of us.</summary>
    public ulong Id { get; }

    public Readiness Interest { get; private set; }

    internal IReadyHandler Handler { get; }

    internal SafeFileHandle Descriptor => _fd;

    /// <summary>Asks for other events. Costs no system call when nothing changes.</summary>
    public void ChangeInterest(Readiness interest)
    {
        if (interest == Interest || _disposed)
        {
            return;
        }

        Interest = interest;
        _loop.Modify(this);
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _loop.Remove(this);
    }
}
