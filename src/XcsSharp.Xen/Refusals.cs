using Microsoft.Extensions.Logging;

using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Xen;

/// <summary>
/// What is refused of what domains publish: the switch hears of all of it, which counts it and shows it; the log of a few at
/// once, then of the rest in one line a <see cref="Pace"/>.
/// </summary>
/// <remarks>
/// A guest can make up another wrong key every few milliseconds, and each is another reason. What was not said when it came is
/// said at the end of the pace, or when the domain goes; a timer runs only while something is owed.
/// </remarks>
/// <param name="loop">Whose clock and timer.</param>
/// <param name="log">For the operator.</param>
internal sealed class Refusals(EventLoop loop, ILogger log) : IDisposable
{
    /// <summary>Refusals of one domain that are said as they come; so many again after a pace without any.</summary>
    public const int MostSaid = 5;

    /// <summary>How often the others are summed up.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromMinutes(1);

    private readonly List<XenDomain> _owed = [];
    private LoopTimer? _timer;
    private IHypervisorSink? _sink;

    public void Start(IHypervisorSink sink)
    {
        _sink = sink;
        _timer = loop.CreateTimer(SayDue);
    }

    /// <summary>A domain's control page is refused; without effect for the reason that was given last.</summary>
    public void Refuse(XenDomain domain, string problem)
    {
        if (domain.Problem == problem)
        {
            return;
        }

        domain.Problem = problem;
        if (MaySay(domain, problem))
        {
            log.NoChannel(domain, problem);
        }

        _sink!.OnTransportRefused(domain.Domid, problem);
    }

    /// <summary>A console is refused; nobody hears of the reason that was given last again.</summary>
    /// <param name="console">It; one of its tries is spent when the reason may pass.</param>
    /// <param name="problem">Why.</param>
    /// <param name="mayPass">True for what may be otherwise without anything having been said anew.</param>
    /// <returns>True when it is to be tried again.</returns>
    public bool Refuse(XenConsole console, string problem, bool mayPass)
    {
        Say(console, problem);
        return mayPass && console.TriesLeft-- > 0;
    }

    /// <summary>Nothing is wrong with the console any more, or it is there no more.</summary>
    public void Clear(XenConsole console)
    {
        if (console.Problem is not null)
        {
            console.Problem = null;
            _sink!.OnConsoleRefused(console.Domain.Domid, console.Number, null);
        }
    }

    public void OnGone(XenDomain domain)
    {
        if (_owed.Remove(domain))
        {
            Say(domain);
        }
    }

    public void Dispose()
    {
        _timer?.Cancel();
        _owed.ForEach(Say);
        _owed.Clear();
    }

    private void Say(XenConsole console, string problem)
    {
        if (console.Problem == problem)
        {
            return;
        }

        console.Problem = problem;
        if (MaySay(console.Domain, problem))
        {
            log.NoConsole(console.Domain, console.Number, problem);
        }

        _sink!.OnConsoleRefused(console.Domain.Domid, console.Number, problem);
    }

    private bool MaySay(XenDomain domain, string problem)
    {
        RefusalsSaid said = domain.RefusalsSaid;
        long now = loop.Clock.GetTimestamp();
        if (said.Owed == 0 && (said.AtOnce == 0 || now >= said.NextPace))
        {
            said.AtOnce = 0;
            said.NextPace = now + PaceTicks;
        }

        if (said.AtOnce < MostSaid)
        {
            said.AtOnce++;
            return true;
        }

        said.Last = problem;
        if (said.Owed++ == 0)
        {
            _owed.Add(domain);
            Plan();
        }

        return false;
    }

    private long PaceTicks => (long)(Pace.TotalSeconds * loop.Clock.TimestampFrequency);

    private void SayDue()
    {
        long now = loop.Clock.GetTimestamp();
        foreach (XenDomain domain in _owed)
        {
            if (domain.RefusalsSaid.NextPace <= now)
            {
                Say(domain);
                domain.RefusalsSaid.NextPace = now + PaceTicks;
            }
        }

        _owed.RemoveAll(static domain => domain.RefusalsSaid.Owed == 0);
        Plan();
    }

    private void Say(XenDomain domain)
    {
        log.MoreRefused(domain, domain.RefusalsSaid.Owed, domain.RefusalsSaid.Last);
        domain.RefusalsSaid.Owed = 0;
    }

    private void Plan()
    {
        if (_owed.Count > 0)
        {
            TimeSpan wait = loop.Clock.GetElapsedTime(
                loop.Clock.GetTimestamp(), _owed.Min(static domain => domain.RefusalsSaid.NextPace));
            _timer!.Schedule(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        }
    }
}

/// <summary>What the log was told of one domain's refusals.</summary>
internal sealed class RefusalsSaid
{
    /// <summary>Said as they came, in this pace.</summary>
    public int AtOnce { get; set; }

    /// <summary>Not said yet.</summary>
    public int Owed { get; set; }

    /// <summary>The last of those.</summary>
    public string Last { get; set; } = "";

    /// <summary>Timestamp of the pace's end.</summary>
    public long NextPace { get; set; }
}
