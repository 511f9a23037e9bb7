using XcsSharp.Reactor;

namespace XcsSharp.Switching;

/// <summary>
/// The pace of such lines of the log as a guest can bring about every few milliseconds: of each domain a few are said as they come, the others in one
/// line a <see cref="Length"/>.
/// </summary>
/// <remarks>
/// Loop thread only. What was not said when it came is said at the end of the pace, or when the domain goes; a timer runs only while something is owed.
/// </remarks>
/// <param name="loop">Whose clock and timer.</param>
/// <param name="most">Lines of one domain that are said as they come; so many again after a pace without any.</param>
public sealed class DomainLinePace(EventLoop loop, int most) : IDisposable
{
    /// <summary>How often the others are summed up.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    private readonly List<PacedLines> _owed = [];
    private LoopTimer? _timer;

    /// <summary>Whether a line is to be said now.</summary>
    /// <param name="lines">Whose line.</param>
    /// <param name="what">What of it is said when it is the last of those that are summed up.</param>
    public bool MaySay(PacedLines lines, string what)
    {
        long now = loop.Clock.GetTimestamp();
        if (lines.Owed == 0 && (lines.AtOnce == 0 || now >= lines.NextPace))
        {
            lines.AtOnce = 0;
            lines.NextPace = now + Ticks;
        }

        if (lines.AtOnce < most)
        {
            lines.AtOnce++;
            return true;
        }

        lines.Last = what;
        if (lines.Owed++ == 0)
        {
            _owed.Add(lines);
            Plan();
        }

        return false;
    }

    /// <summary>The domain goes: says what is owed of it. What is said of its end is as if nothing had been said before.</summary>
    public void Finish(PacedLines lines)
    {
        if (_owed.Remove(lines))
        {
            lines.SumUp();
        }

        lines.AtOnce = 0;
    }

    /// <summary>Says what is owed.</summary>
    public void Dispose()
    {
        _timer?.Cancel();
        _owed.ForEach(static lines => lines.SumUp());
        _owed.Clear();
    }

    private long Ticks => (long)(Length.TotalSeconds * loop.Clock.TimestampFrequency);

    private void SayDue()
    {
        long now = loop.Clock.GetTimestamp();
        foreach (PacedLines lines in _owed)
        {
            if (lines.NextPace <= now)
            {
                lines.SumUp();
                lines.NextPace = now + Ticks;
            }
        }

        _owed.RemoveAll(static lines => lines.Owed == 0);
        Plan();
    }

    private void Plan()
    {
        if (_owed.Count > 0)
        {
            TimeSpan wait = loop.Clock.GetElapsedTime(loop.Clock.GetTimestamp(), _owed.Min(static lines => lines.NextPace));
            _timer ??= loop.CreateTimer(SayDue);
            _timer.Schedule(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        }
    }
}

/// <summary>What the log was told of one domain at a <see cref="DomainLinePace"/>.</summary>
/// <param name="sumUp">Says how many lines were not said, and the last of them.</param>
public sealed class PacedLines(Action<int, string> sumUp)
{
    /// <summary>Said as they came, in this pace.</summary>
    internal int AtOnce { get; set; }

    /// <summary>Not said yet.</summary>
    internal int Owed { get; set; }

    /// <summary>The last of those.</summary>
    internal string Last { get; set; } = "";

    /// <summary>Timestamp of the pace's end.</summary>
    internal long NextPace { get; set; }

    internal void SumUp()
    {
        sumUp(Owed, Last);
        Owed = 0;
    }
}
