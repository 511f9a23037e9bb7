namespace XcsSharp.Xen;

/// <summary>When which domain's keys are looked at: soon after news of them, and not too often.</summary>
/// <remarks>
/// A domain's keys are looked at once a batch, and at most once in <see cref="s_pause"/>: a guest that writes them in a loop
/// gets no more of the daemon's time than that. What is to be tried again is tried after <see cref="s_retry"/>, whatever
/// else is said of the domain meanwhile. The cost is that of the domains with news, not of all.
/// </remarks>
/// <param name="clock">The loop's.</param>
/// <param name="look">Looks at keys, and returns what of them is to be tried again.</param>
internal sealed class LookSchedule(TimeProvider clock, Func<XenDomain, DomainNews, DomainNews> look)
{
    /// <summary>No domain waits.</summary>
    public const long Never = long.MaxValue;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(1);

    private List<XenDomain> _waiting = [];
    private List<XenDomain> _looking = [];

    /// <summary>How often a domain's keys were looked at.</summary>
    public ulong Looks { get; private set; }

    public void Add(XenDomain domain, DomainNews news)
    {
        domain.News |= news;
        Queue(domain);
    }

    /// <summary>Looks at what is due.</summary>
    /// <returns>Timestamp of the next look that is not due yet, or <see cref="Never"/>.</returns>
    public long RunDue()
    {
        (_looking, _waiting) = (_waiting, _looking);
        foreach (XenDomain domain in _looking)
        {
            domain.IsWaiting = false;
            if (!domain.IsGone)
            {
                LookIfDue(domain);
            }
        }

        _looking.Clear();
        long next = Never;
        foreach (XenDomain domain in _waiting)
        {
            next = Math.Min(next, NextLook(domain));
        }

        return next;
    }

    private static long NextLook(XenDomain domain) => Math.Min(
        domain.News != DomainNews.None ? domain.NextLook : Never,
        domain.Again != DomainNews.None ? domain.AgainAt : Never);

    private void LookIfDue(XenDomain domain)
    {
        long now = clock.GetTimestamp();
        DomainNews due = DomainNews.None;
        if (domain.NextLook <= now)
        {
            due |= domain.News;
        }

        if (domain.AgainAt <= now)
        {
            due |= domain.Again;
        }

        if (due != DomainNews.None)
        {
            domain.News &= ~due;
            domain.Again &= ~due;
            Looks++;
            DomainNews again = look(domain, due);
            domain.NextLook = After(s_pause);
            if (again != DomainNews.None)
            {
                domain.Again |= again;
                domain.AgainAt = After(s_retry);
            }
        }

        if ((domain.News | domain.Again) != DomainNews.None)
        {
            Queue(domain);
        }
    }

    private void Queue(XenDomain domain)
    {
        if (!domain.IsWaiting)
        {
            domain.IsWaiting = true;
            _waiting.Add(domain);
        }
    }

    private long After(TimeSpan wait)
        => clock.GetTimestamp() + (long)(wait.TotalSeconds * clock.TimestampFrequency);
}
