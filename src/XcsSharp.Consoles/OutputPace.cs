using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// When a console's readers get what has come. A guest that floods, and only that one, has its readers wait for a batch: each write
/// to a terminal wakes its reader up, and costs more than the bytes do. What comes first in a window of <see cref="s_window"/> is passed on at
/// once; when it becomes more than a ring's content, the rest gathers.
/// </summary>
/// <param name="console">Pumped at the end of a window in which something has gathered; asks <see cref="Waits"/> again.</param>
/// <param name="enough">So many bytes do not wait.</param>
internal sealed class OutputPace(GuestConsole console, int enough)
{
    /// <summary>So much output in a window, a console ring's content, is a flood; less is passed on at once.</summary>
    private const int FloodBytes = 2048;

    /// <summary>The longest that a flood's readers wait; no eye sees it.</summary>
    private static readonly TimeSpan s_window = TimeSpan.FromMilliseconds(16);

    private LoopTimer? _batch;
    private int _gathered;
    private int _passedInWindow;
    private long _windowStart;
    private bool _isUrgent;

    /// <summary>So much has come.</summary>
    public void Add(int bytes) => _gathered += bytes;

    /// <summary>Whatever there is goes with the next look.</summary>
    public void Urge() => _isUrgent = true;

    /// <summary>True when the readers wait for more, or for the window's end; false when they are to be served now.</summary>
    public bool Waits()
    {
        TimeSpan left = LeftOfWindow();
        if (!_isUrgent && _passedInWindow > 0 && _passedInWindow + _gathered >= FloodBytes && _gathered < enough)
        {
            _batch ??= console.Handler.Loop.CreateTimer(console.PumpSoon);
            if (!_batch.IsScheduled)
            {
                _batch.Schedule(left);
            }

            return true;
        }

        _isUrgent = false;
        _passedInWindow += _gathered;
        _gathered = 0;
        _batch?.Cancel();
        return false;
    }

    /// <summary>Nobody is to be served any more.</summary>
    public void Stop() => _batch?.Cancel();

    private TimeSpan LeftOfWindow()
    {
        EventLoop loop = console.Handler.Loop;
        long now = loop.Now;
        TimeSpan left = s_window - loop.Clock.GetElapsedTime(_windowStart, now);
        if (left > TimeSpan.Zero)
        {
            return left;
        }

        _windowStart = now;
        _passedInWindow = 0;
        return s_window;
    }
}
