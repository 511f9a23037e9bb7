using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Interop.Linux;

/// <summary>An epoll instance. Level-triggered; what a registration is called is up to the caller.</summary>
internal sealed unsafe class Epoll : IDisposable
{
    private readonly SafeFileHandle _epoll = Sys.Own(SysResult.From(Libc.epoll_create1(Libc.EPOLL_CLOEXEC)), "epoll_create1");

    public void Add(SafeFileHandle fd, uint events, ulong data) => Change(Libc.EPOLL_CTL_ADD, fd, events, data);

    public void Modify(SafeFileHandle fd, uint events, ulong data) => Change(Libc.EPOLL_CTL_MOD, fd, events, data);

    /// <summary>Must come before the descriptor is closed: a duplicate elsewhere would keep it registered.</summary>
    public void Remove(SafeFileHandle fd) => Change(Libc.EPOLL_CTL_DEL, fd, 0, 0);

    /// <summary>Waits for events.</summary>
    /// <param name="events">Filled from the front.</param>
    /// <param name="timeoutMs">-1 waits for ever. A signal ends the wait early, with no events.</param>
    /// <returns>How many events.</returns>
    public int Wait(Span<epoll_event> events, int timeoutMs)
    {
        // SAFETY: pinned for the call; the kernel writes at most events.Length entries.
        fixed (epoll_event* start = events)
        {
            SysResult result = SysResult.From(Libc.epoll_wait(_epoll, start, events.Length, timeoutMs));
            return result.Error == Errno.EINTR ? 0 : result.OrThrow("epoll_wait");
        }
    }

    public void Dispose() => _epoll.Dispose();

    private void Change(int operation, SafeFileHandle fd, uint events, ulong data)
    {
        epoll_event change = new() { events = events, data = data };

        // SAFETY: on the stack for the call.
        SysResult.From(Libc.epoll_ctl(_epoll, operation, fd, &change)).OrThrow("epoll_ctl");
    }
}
