using System.Threading.Tasks.Sources;

namespace XcsSharp.Client;

/// <summary>
/// Wakes the one reader that waits for something to come. Used again and again, it allocates nothing; the reader goes on
/// on a thread of the pool, never on the one that wakes it.
/// </summary>
/// <param name="gate">Guards what is waited for. <see cref="Wait"/> and <see cref="Wake"/> are called while it is held, so nothing
/// comes between the reader's look and its wait.</param>
internal sealed class ReaderSignal(Lock gate) : IValueTaskSource, IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Waiting = 1;
    private const int Woken = 2;

    private ManualResetValueTaskSourceCore<bool> _core;
    private CancellationTokenRegistration _registration;
    private CancellationToken _cancel;
    private bool _cancelled;
    private int _state;

    /// <exception cref="InvalidOperationException">Somebody waits already.</exception>
    public ValueTask Wait(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) != Idle)
        {
            throw new InvalidOperationException("one reader at a time");
        }

        _core.Reset();
        _cancelled = false;
        _cancel = cancel;
        _registration = cancel.UnsafeRegister(static signal => ((ReaderSignal)signal!).Cancel(), this);
        return new ValueTask(this, _core.Version);
    }

    public void Wake()
    {
        if (Interlocked.CompareExchange(ref _state, Woken, Waiting) == Waiting)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        CancellationTokenRegistration registration;
        lock (gate)
        {
            registration = _registration;
            _registration = default;
        }

        // Not while the gate is held: it waits for a callback that runs.
        registration.Dispose();
        _core.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token)
    {
        bool cancelled = _cancelled;
        _core.GetResult(token);
        Volatile.Write(ref _state, Idle);
        if (cancelled)
        {
            throw new OperationCanceledException(_cancel);
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _core.OnCompleted(continuation, state, token, flags);

    private void Cancel()
    {
        if (Interlocked.CompareExchange(ref _state, Woken, Waiting) == Waiting)
        {
            _cancelled = true;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }
}
