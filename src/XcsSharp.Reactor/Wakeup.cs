using System.Collections.Concurrent;

using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>The loop's door for other threads: a queue of work and an eventfd that ends the loop's sleep.</summary>
internal sealed class Wakeup : IReadyHandler, IDisposable
{
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly byte[] _drain = new byte[8];
    private int _signalled;

    public SafeFileHandle EventFd { get; } = Sys.EventFd();

    public bool HasWork => !_posted.IsEmpty;

    public void Post(Action work)
    {
        _posted.Enqueue(work);
        Signal();
    }

    public void Signal()
    {
        // One write until the loop has seen it: the flag is cleared before the queue is read, so work queued after
        // that look signals again.
        if (Interlocked.Exchange(ref _signalled, 1) == 0)
        {
            try
            {
                _ = Sys.Signal(EventFd);
            }
            catch (ObjectDisposedException)
            {
                // Another thread may hold on to the loop for longer than it lives; nobody is asleep then.
            }
        }
    }

    public void OnReady(Readiness ready)
    {
        _ = Sys.Read(EventFd, _drain);
        Interlocked.Exchange(ref _signalled, 0);
    }

    /// <summary>Runs what was posted up to now; what that posts is for the next turn.</summary>
    public bool RunPosted()
    {
        int count = _posted.Count;
        for (int i = 0; i < count && _posted.TryDequeue(out Action? work); i++)
        {
            work();
        }

        return count > 0;
    }

    public void Dispose() => EventFd.Dispose();
}
