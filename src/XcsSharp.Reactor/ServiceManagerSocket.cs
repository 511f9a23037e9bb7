using System.Diagnostics;
using System.Text;

using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop;
using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>
/// The socket on which a service manager hears of its service (sd_notify(3)), for what comes with open descriptors. Messages go in the
/// order in which they were given.
/// </summary>
/// <remarks>
/// Nobody waits for a manager that is slow to read: what it does not take is tried again a moment later, by a timer that exists only
/// then. Guests that start anew again and again make messages without end, and one that hangs takes none: beyond a limit they are dropped.
/// </remarks>
public sealed class ServiceManagerSocket : IDisposable
{
    /// <summary>Messages that wait at most. A manager that is well takes each at once.</summary>
    public const int MostWaiting = 4096;

    /// <summary>The manager's queue holds some hundred messages.</summary>
    private static readonly TimeSpan s_again = TimeSpan.FromMilliseconds(5);

    private readonly SafeFileHandle _socket = Sockets.CreateDatagram();
    private readonly Queue<(byte[] Text, IReadOnlyList<SafeFileHandle> Descriptors)> _waiting = new();
    private readonly string _path;
    private readonly LoopTimer _timer;

    /// <param name="loop">Sends what has to wait.</param>
    /// <param name="path">As NOTIFY_SOCKET names it.</param>
    public ServiceManagerSocket(EventLoop loop, string path)
    {
        _path = path;
        _timer = loop.CreateTimer(() => SendWaiting());
    }

    /// <summary>Messages that the manager has not taken yet.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Messages that could not be sent at all; what was wrong with the last one.</summary>
    public string? Problem { get; private set; }

    /// <param name="text">Lines of NAME=value.</param>
    /// <param name="descriptors">Of which the manager gets copies; one that is closed before its message goes takes that with it.</param>
    public void Send(string text, IReadOnlyList<SafeFileHandle> descriptors)
    {
        if (_waiting.Count == MostWaiting)
        {
            Problem = $"{MostWaiting} messages wait for {_path} already, and later ones were dropped";
            return;
        }

        _waiting.Enqueue((Encoding.UTF8.GetBytes(text), descriptors));
        if (_waiting.Count == 1)
        {
            SendWaiting();
        }
    }

    /// <summary>Waits until the manager has done all that it was told.</summary>
    /// <returns>False: it has not, in that time.</returns>
    public bool Flush(TimeSpan most)
    {
        long start = Stopwatch.GetTimestamp();
        while (!SendWaiting())
        {
            if (Stopwatch.GetElapsedTime(start) >= most)
            {
                return false;
            }

            Thread.Sleep(s_again);
        }

        (SafeFileHandle read, SafeFileHandle write) = Sys.Pipe();
        using (read)
        {
            using (write)
            {
                if (!Sockets.SendTo(_socket, "BARRIER=1"u8, [write], _path).IsOk)
                {
                    return false;
                }
            }

            return Sys.AwaitHangUp(read, most);
        }
    }

    public void Dispose()
    {
        _timer.Cancel();
        _socket.Dispose();
    }

    /// <returns>False when some still wait.</returns>
    private bool SendWaiting()
    {
        while (_waiting.TryPeek(out (byte[] Text, IReadOnlyList<SafeFileHandle> Descriptors) next))
        {
            if (!next.Descriptors.Any(static descriptor => descriptor.IsClosed))
            {
                SysResult sent = Sockets.SendTo(_socket, next.Text, [.. next.Descriptors], _path);
                if (sent.Error is Errno.EAGAIN or Errno.ENOBUFS or Errno.ETOOMANYREFS)
                {
                    _timer.Schedule(s_again);
                    return false;
                }

                if (!sent.IsOk)
                {
                    Problem = new ErrnoException("send to", sent.Error, _path).Message;
                }
            }

            _ = _waiting.Dequeue();
        }

        return true;
    }
}
