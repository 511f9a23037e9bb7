using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>
/// One thread, one epoll: everything above this project happens inside its turns.
/// </summary>
/// <remarks>
/// A turn: wait; call the handler of each ready descriptor; run due timers; run what other threads posted; then the
/// turn-end work, until there is none or a number of rounds is through. An exception of any of these leaves
/// <see cref="Run"/>: it is a bug of ours, and the owner of the loop fails fast.
/// All members but <see cref="Post"/> and <see cref="Stop"/> belong to the loop's thread.
/// </remarks>
public sealed class EventLoop : IDisposable
{
    private const int EventsPerTurn = 256;

    /// <summary>Work that queues itself again gives way to new events after so many rounds.</summary>
    private const int TurnEndRounds = 4;

    private static readonly TimeSpan[] s_turnTimes =
    [
        .. ((double[])[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000]).Select(static ms => TimeSpan.FromMilliseconds(ms)),
    ];

    private readonly Epoll _epoll = new();
    private readonly epoll_event[] _events = new epoll_event[EventsPerTurn];
    private readonly RegistrationTable _registrations = new();
    private readonly Wakeup _wakeup = new();
    private readonly TimerQueue _timers;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(64 * 1024, pinned: true);
    private List<ITurnEndWork> _turnEnd = [];
    private List<ITurnEndWork> _turnEndRunning = [];
    private volatile bool _stopping;
    private bool _goesOn;
    private bool _disposed;
    private int _thread;

    /// <param name="clock">For tests; the timers follow it.</param>
    public EventLoop(TimeProvider? clock = null)
    {
        Clock = clock ?? TimeProvider.System;
        Now = Clock.GetTimestamp();
        _timers = new TimerQueue(Clock);
        TurnTimes = new Distribution([.. s_turnTimes.Select(time => (long)(time.TotalSeconds * Clock.TimestampFrequency))]);
        Buffers = new BufferPool(this);
        Register(_wakeup.EventFd, Readiness.Readable, _wakeup);
    }

    public TimeProvider Clock { get; }

    /// <summary>Memory for queues.</summary>
    internal BufferPool Buffers { get; }

    /// <summary>
    /// <see cref="Clock"/>'s time stamp of when this turn's events came: good enough for whatever is not measured inside a turn, and
    /// free, where reading the clock is a system call (as in dom0, if the kernel does not trust the processor's counter).
    /// </summary>
    public long Now { get; private set; }

    /// <summary>True on the thread that runs the loop now, or ran its last turn.</summary>
    public bool IsLoopThread => _thread == Environment.CurrentManagedThreadId;

    /// <summary>Turns since the start: wake-ups, for whatever reason.</summary>
    public ulong Turns { get; private set; }

    /// <summary>
    /// How long turns took, without their waits, in ticks of <see cref="Clock"/>. Of those turns at whose end the clock was looked at anyway, for
    /// a timer or because the next one followed at once: all of them under a service manager with a watchdog.
    /// </summary>
    public Distribution TurnTimes { get; }

    /// <summary>Events that came for registrations disposed in the same batch.</summary>
    public ulong StaleEvents { get; private set; }

    /// <summary>64 KiB for reading into; its content is valid until the current callback ends.</summary>
    public Span<byte> SharedBuffer => _buffer;

    /// <summary>Runs turns on the calling thread until <see cref="Stop"/>.</summary>
    public void Run()
    {
        while (!_stopping)
        {
            Turn(-1);
        }
    }

    /// <summary>One turn.</summary>
    /// <param name="timeout">How long to wait at most; negative for no limit but the next timer's.</param>
    /// <returns>True when anything was done.</returns>
    public bool RunOnce(TimeSpan timeout)
        => Turn(timeout < TimeSpan.Zero ? -1 : (int)Math.Min(Math.Ceiling(timeout.TotalMilliseconds), int.MaxValue));

    /// <summary>Ends <see cref="Run"/> after the current turn. Any thread, also when the loop is disposed already.</summary>
    public void Stop()
    {
        _stopping = true;
        _wakeup.Signal();
    }

    /// <summary>
    /// Runs work on the loop's thread, in the order of posting. Any thread; the only door for others. What is posted to
    /// a loop that turns no more is never run.
    /// </summary>
    public void Post(Action work) => _wakeup.Post(work);

    /// <summary>Watches a descriptor, level-triggered: the handler is called again until it has done what there was.</summary>
    /// <param name="fd">Stays its owner's; must stay open until the registration is disposed.</param>
    public Registration Register(SafeFileHandle fd, Readiness interest, IReadyHandler handler)
    {
        Registration registration = _registrations.Add(this, fd, interest, handler);
        try
        {
            _epoll.Add(fd, Events(interest), registration.Id);
        }
        catch
        {
            _registrations.Remove(registration.Id);
            throw;
        }

        return registration;
    }

    public LoopTimer CreateTimer(Action callback) => new(_timers, callback);

    /// <summary>
    /// Queues work for the end of this turn. Each call counts: who wants to be called once keeps a flag. Work queued
    /// from within turn-end work runs in the same turn, up to a number of rounds; then new events come first.
    /// </summary>
    public void AtTurnEnd(ITurnEndWork work) => _turnEnd.Add(work);

    /// <summary>Closes the loop. Registrations may be disposed afterwards.</summary>
    public void Dispose()
    {
        _disposed = true;
        _wakeup.Dispose();
        _epoll.Dispose();
    }

    internal void Modify(Registration registration)
    {
        if (!_disposed)
        {
            _epoll.Modify(registration.Descriptor, Events(registration.Interest), registration.Id);
        }
    }

    internal void Remove(Registration registration)
    {
        if (!_disposed)
        {
            _registrations.Remove(registration.Id);
            _epoll.Remove(registration.Descriptor);
        }
    }

    private static uint Events(Readiness interest)
        => ((interest & Readiness.Readable) != 0 ? Libc.EPOLLIN : 0)
            | ((interest & Readiness.Writable) != 0 ? Libc.EPOLLOUT : 0);

    private static Readiness Ready(uint events)
        => ((events & Libc.EPOLLIN) != 0 ? Readiness.Readable : 0)
            | ((events & Libc.EPOLLOUT) != 0 ? Readiness.Writable : 0)
            | ((events & Libc.EPOLLHUP) != 0 ? Readiness.HangUp : 0)
            | ((events & Libc.EPOLLERR) != 0 ? Readiness.Error : 0);

    private bool Turn(int limitMs)
    {
        _thread = Environment.CurrentManagedThreadId;
        int count = _epoll.Wait(_events, TimeoutMs(limitMs));
        BeginTurn(Clock.GetTimestamp());
        for (int i = 0; i < count; i++)
        {
            if (_registrations.Find(_events[i].data) is { } registration)
            {
                registration.Handler.OnReady(Ready(_events[i].events));
            }
            else
            {
                StaleEvents++;
            }
        }

        bool ran = count > 0;
        ran |= _timers.RunDue(Now);
        ran |= _wakeup.RunPosted();
        ran |= RunTurnEnd();
        return ran;
    }

    private void BeginTurn(long now)
    {
        if (_goesOn)
        {
            // There was no wait in between.
            _goesOn = false;
            TurnTimes.Add(now - Now);
        }

        Now = now;
        Turns++;
    }

    private int TimeoutMs(int limitMs)
    {
        if (_turnEnd.Count > 0 || _wakeup.HasWork || _stopping)
        {
            _goesOn = Turns > 0;
            return 0;
        }

        int timer = _timers.NextTimeoutMs(out long? now);
        if (now is long end && Turns > 0)
        {
            TurnTimes.Add(end - Now);
        }

        return timer < 0 ? limitMs : limitMs < 0 ? timer : Math.Min(timer, limitMs);
    }

    private bool RunTurnEnd()
    {
        bool ran = false;
        for (int round = 0; round < TurnEndRounds && _turnEnd.Count > 0; round++)
        {
            // Swapped, so that what is queued meanwhile waits for the next round.
            (_turnEnd, _turnEndRunning) = (_turnEndRunning, _turnEnd);
            for (int i = 0; i < _turnEndRunning.Count; i++)
            {
                _turnEndRunning[i].OnTurnEnd();
            }

            _turnEndRunning.Clear();
            ran = true;
        }

        return ran;
    }
}
