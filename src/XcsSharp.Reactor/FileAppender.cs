using System.Diagnostics;

using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>
/// Appends to files from a thread of its own: a disk can be slow, full or gone, and the loop waits for none of it. One
/// thread serves all files.
/// </summary>
/// <remarks>
/// The hand-over has no queue that could grow: <see cref="Orders"/> buffers, of which a file has at most one. A file that
/// wants to write stands in line, once, and is asked for its bytes when a buffer is free and not before, so that they
/// gather where they are and one write carries many.
/// Members belong to the loop's thread. What the two threads share is in <see cref="_gate"/>'s keeping; an order belongs to the
/// thread that has taken it.
/// </remarks>
public sealed class FileAppender : IDisposable
{
    /// <summary>Enough that the thread finds the next order ready, few enough that their memory does not count.</summary>
    private const int Orders = 4;

    private static readonly TimeSpan s_endOfThread = TimeSpan.FromSeconds(1);

    private readonly EventLoop _loop;
    private readonly Thread _thread;
    private readonly Action _takeDone;
    private readonly Stack<AppendOrder> _free = new(Orders);
    private readonly Queue<AppendFile> _line = new();

    /// <summary>
    /// What the thread sleeps on: one write and one read wake it, where a monitor takes several futex calls and switches, which in
    /// a PV dom0 cost more than the write to the file.
    /// </summary>
    private readonly SafeFileHandle _wake = Sys.BlockingEventFd();

    private readonly object _gate = new();
    private readonly Queue<AppendOrder> _given = new(Orders);
    private readonly Queue<AppendOrder> _done = new(Orders);
    private bool _isAsleep;
    private bool _isEnding;

    /// <param name="loop">Hears of what is done.</param>
    /// <param name="threadName">At most 15 characters: what tools show.</param>
    /// <param name="compressor">Of old files; owned by the caller, and disposed after this. Null: they stay as they are.</param>
    public FileAppender(EventLoop loop, string threadName, OldFileCompressor? compressor = null)
    {
        _loop = loop;
        Compressor = compressor;
        _takeDone = TakeDone;
        for (int i = 0; i < Orders; i++)
        {
            _free.Push(new AppendOrder());
        }

        _thread = new Thread(Write) { Name = threadName, IsBackground = true };
        _thread.Start();
    }

    internal OldFileCompressor? Compressor { get; }

    /// <summary>True when no file waits and none is being written.</summary>
    public bool IsIdle => _line.Count == 0 && _free.Count == Orders;

    /// <summary>Makes a directory unless it is there, and looks whether files can be made in it.</summary>
    /// <exception cref="IOException">It cannot be made or written.</exception>
    public static void PrepareDirectory(string path, UnixFileMode mode)
    {
        try
        {
            _ = Directory.CreateDirectory(path, mode);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new IOException(failure.Message, failure);
        }

        Sys.MayCreateIn(path).OrThrow("write in", path);
    }

    /// <summary>A file to append to; it is opened, or made, with its first byte.</summary>
    /// <param name="source">Gives the bytes.</param>
    /// <param name="path">Where to.</param>
    /// <param name="limit">Bytes the file never exceeds; at least 1.</param>
    /// <param name="kept">How many full ones are kept beside it; 0: none.</param>
    /// <param name="isPrivate">Only its owner reads it, and no old one is compressed.</param>
    public AppendFile Open(IAppendSource source, string path, long limit, int kept, bool isPrivate = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(kept);
        return new AppendFile(this, source, path, limit, kept, isPrivate);
    }

    /// <summary>
    /// Waits until all that is asked for is written. For the end of the loop's life alone: nothing else runs meanwhile.
    /// </summary>
    /// <returns>False when the disk was not done after this long.</returns>
    public bool Drain(TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        TakeDone();
        while (!IsIdle)
        {
            lock (_gate)
            {
                TimeSpan left = limit - Stopwatch.GetElapsedTime(start);
                if (_done.Count == 0 && (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left)))
                {
                    return false;
                }
            }

            TakeDone();
        }

        return true;
    }

    /// <summary>Ends the thread. It is left to itself when the disk does not let it go.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isEnding)
            {
                return;
            }

            _isEnding = true;
        }

        Wake();
        if (_thread.Join(s_endOfThread))
        {
            _wake.Dispose();
        }
    }

    internal void Line(AppendFile file)
    {
        _line.Enqueue(file);
        GiveOrders();
    }

    /// <summary>Loop thread.</summary>
    private void TakeDone()
    {
        while (true)
        {
            AppendOrder? order;
            lock (_gate)
            {
                if (!_done.TryDequeue(out order))
                {
                    break;
                }
            }

            // Free first: whoever goes on at once takes the same buffer again, and the others need never be made.
            AppendFile file = order.File!;
            order.File = null;
            _free.Push(order);
            file.OnDone(order);
        }

        GiveOrders();
    }

    private void GiveOrders()
    {
        while (_free.Count > 0 && _line.TryDequeue(out AppendFile? file))
        {
            AppendOrder order = _free.Pop();
            if (file.TryMakeOrder(order))
            {
                bool isAsleep;
                lock (_gate)
                {
                    _given.Enqueue(order);
                    (isAsleep, _isAsleep) = (_isAsleep, false);
                }

                if (isAsleep)
                {
                    Wake();
                }
            }
            else
            {
                _free.Push(order);
            }
        }
    }

    /// <summary>The thread.</summary>
    private void Write()
    {
        try
        {
            while (AwaitOrder() is { } order)
            {
                Carry(order);
                bool isFirst;
                lock (_gate)
                {
                    isFirst = _done.Count == 0;
                    _done.Enqueue(order);
                    Monitor.PulseAll(_gate);
                }

                if (isFirst)
                {
                    _loop.Post(_takeDone);
                }
            }
        }
        catch (Exception bug)
        {
            // Of ours, since a disk's faults are results: the loop fails fast.
            _loop.Post(() => throw new InvalidOperationException("The thread that writes files has failed.", bug));
        }
    }

    private AppendOrder? AwaitOrder()
    {
        Span<byte> count = stackalloc byte[8];
        while (true)
        {
            lock (_gate)
            {
                if (_given.TryDequeue(out AppendOrder? order))
                {
                    return order;
                }

                if (_isEnding)
                {
                    return null;
                }

                // Under the same lock as the look: an order that comes from now on wakes us.
                _isAsleep = true;
            }

            _ = Sys.Read(_wake, count);
        }
    }

    private void Wake() => _ = Sys.Signal(_wake);

    private static void Carry(AppendOrder order)
    {
        RotatingFile file = order.File!.OnDisk;
        if (order.IsClose)
        {
            file.Close();
        }
        else if (order.IsLook)
        {
            order.EndsInsideLine = RotatingFile.EndsInsideLine(order.Path, out FileEnd? end);
            order.End = end;
        }
        else
        {
            order.Result = file.Append(order.Path, order.IsReopen, order.Buffer.AsSpan(0, order.Count));
            order.End = file.End;
        }
    }
}
