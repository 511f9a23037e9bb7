using XcsSharp.Protocol.Operator;
using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <summary>What <see cref="DomainListing"/> says in less: asked for every second, and of a thousand guests.</summary>
public static class FigureListing
{
    /// <summary>Each of these domains, by domid.</summary>
    internal static FigureList Build(IEnumerable<GuestDomain> domains, ConsoleHandler consoles, DaemonStatus daemon)
    {
        Dictionary<GuestDomain, GuestFigures> all = [];
        foreach (GuestDomain domain in domains)
        {
            all[domain] = new GuestFigures(
                domain.Domid, domain.Generation, domain.Name, StateOf(domain), 0, 0, 0, 0, domain.ThrottledMilliseconds);
        }

        foreach (GuestConsole console in consoles.Consoles)
        {
            if (all.TryGetValue(console.Domain, out GuestFigures? sum))
            {
                all[console.Domain] = sum with
                {
                    Viewers = sum.Viewers + console.Viewers,
                    Out = sum.Out + console.BytesOut,
                    In = sum.In + console.BytesIn,
                    Dropped = sum.Dropped + console.BytesDropped + console.BytesNotLogged,
                };
            }
        }

        return new FigureList(daemon, [.. all.Values.OrderBy(static guest => guest.Domid)]);
    }

    /// <summary><c>quarantined</c> if its channel or one of its consoles is, <c>connected</c> if one of them is, otherwise <c>waiting</c>.</summary>
    public static string StateOf(GuestDomain domain)
    {
        ChannelState? state = domain.Channel?.State;
        foreach (ConsoleStream console in domain.Consoles)
        {
            state = state == ChannelState.Quarantined || (state == ChannelState.Open && console.State != ChannelState.Quarantined)
                ? state
                : console.State;
        }

        return DomainListing.NameOf(state);
    }
}
