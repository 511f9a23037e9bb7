using Microsoft.Extensions.Logging;

using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Xen;

/// <summary>
/// What is refused of what domains publish: the switch hears of all of it, which counts it and shows it; the log of a few at
/// once, then of the rest in one line a <see cref="Pace"/>.
/// </summary>
/// <remarks>
/// A guest can make up another wrong key every few milliseconds, and each is another reason.
/// </remarks>
/// <param name="loop">Whose clock and timer.</param>
/// <param name="log">For the operator.</param>
internal sealed class Refusals(EventLoop loop, ILogger log) : IDisposable
{
    /// <summary>Refusals of one domain that are said as they come; so many again after a pace without any.</summary>
    public const int MostSaid = 5;

    /// <summary>How often the others are summed up.</summary>
    public static readonly TimeSpan Pace = DomainLinePace.Length;

    private readonly DomainLinePace _pace = new(loop, MostSaid);
    private IHypervisorSink? _sink;

    public void Start(IHypervisorSink sink) => _sink = sink;

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
        if (domain.RefusalLines is { } lines)
        {
            _pace.Finish(lines);
        }
    }

    public void Dispose() => _pace.Dispose();

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
        => _pace.MaySay(domain.RefusalLines ??= new PacedLines((count, last) => log.MoreRefused(domain, count, last)), problem);
}
