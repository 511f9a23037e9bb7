using Microsoft.Extensions.Logging;

using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// What was asked on the daemon's sockets and is not allowed, in the log: so many lines in ten seconds at most, because whoever is refused
/// can ask again, and then the number of those that had none.
/// </summary>
internal sealed class Denials(EventLoop loop, ILogger log)
{
    /// <summary>Lines in <see cref="Window"/>.</summary>
    internal const int MostLines = 32;

    internal static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private long _windowStart;
    private int _lines;
    private int _unsaid;

    /// <summary>Somebody was refused something.</summary>
    /// <param name="uid">Who.</param>
    /// <param name="pid">The process that connected.</param>
    /// <param name="sentence">Why, with the remedy.</param>
    /// <param name="place">Where.</param>
    public void Note(uint uid, int pid, string sentence, string place = "Console socket")
    {
        if (loop.Clock.GetElapsedTime(_windowStart, loop.Now) >= Window)
        {
            _windowStart = loop.Now;
            _lines = 0;
        }

        if (_lines == MostLines)
        {
            _unsaid++;
            return;
        }

        _lines++;
        log.AccessDenied(place, uid, pid, sentence, _unsaid);
        _unsaid = 0;
    }
}
