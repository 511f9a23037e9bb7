using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Switching;

namespace XcsSharp.Xen;

/// <summary>All consoles of guests, as discovery sees them: which keys speak of them, and what to do when they do.</summary>
internal sealed class GuestConsoles(XenStoreConnection store, PrimaryConsoles primary, SecondaryConsoles secondary)
{
    public void Start(IHypervisorSink sink)
    {
        primary.Start(sink);
        secondary.Start(sink);
    }

    /// <summary>A domain was reported.</summary>
    /// <returns>What of it is to be looked at, and whether its keys can be watched.</returns>
    public (DomainNews News, Errno Watched) OnAppeared(XenDomain domain)
    {
        Errno error = store.Watch(domain.ConsolePath, domain.Token);
        DomainNews news = DomainNews.PrimaryConsole
            | (secondary.Adopt(domain) ? DomainNews.SecondaryConsoles : DomainNews.None);
        return (news, error);
    }

    /// <summary>All domains that were there at the start have been reported.</summary>
    public void OnFirstListed() => secondary.RemoveLeftovers();

    /// <summary>The sink has been told, and has let go of what it had.</summary>
    public void OnGone(XenDomain domain)
    {
        _ = store.Unwatch(domain.ConsolePath, domain.Token);
        secondary.OnDomainGone(domain);
    }

    /// <summary>There is news: what had been given up is taken up again.</summary>
    public static void OnNews(XenDomain domain, DomainNews news)
    {
        if (news.HasFlag(DomainNews.PrimaryConsole))
        {
            domain.PrimaryConsole.TriesLeft = XenConsole.Tries;
        }

        if (news.HasFlag(DomainNews.SecondaryConsoles))
        {
            foreach (SecondaryConsole console in domain.SecondaryConsoles)
            {
                console.TriesLeft = XenConsole.Tries;
            }
        }
    }

    /// <summary>Looks at what there is news of.</summary>
    /// <returns>What of it is to be tried again.</returns>
    public DomainNews Look(XenDomain domain, DomainNews news)
    {
        DomainNews again = DomainNews.None;
        if (news.HasFlag(DomainNews.PrimaryConsole) && primary.Look(domain))
        {
            again |= DomainNews.PrimaryConsole;
        }

        if (news.HasFlag(DomainNews.SecondaryConsoles) && secondary.Look(domain))
        {
            again |= DomainNews.SecondaryConsoles;
        }

        return again;
    }

    public ConsoleFailure Add(XenDomain domain, out int number) => secondary.Add(domain, out number);

    public ConsoleFailure Remove(XenDomain domain, int number, out int removed)
        => secondary.Remove(domain, number, out removed);
}
