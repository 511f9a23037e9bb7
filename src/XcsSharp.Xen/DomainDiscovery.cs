using System.Globalization;

using Microsoft.Extensions.Logging;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Xen;

/// <summary>
/// Follows xenstore: which domains there are, what they are called, and when their keys for a control page or a console
/// have to be looked at again.
/// </summary>
/// <remarks>
/// 1. Watch events are read in batches; however many tell of domains, Xen is asked for its list once a batch, and the
///    list is merged with the table in one pass.
/// 2. Of a domain only those keys are looked at that were spoken of, in the <see cref="LookSchedule"/>'s time.
/// 3. Watch tokens name the domain's life, so no event reaches a successor.
/// 4. A watch's first event comes of the watch itself and is no news: what it watches is read after it was set, on the same
///    connection. xenstored sends events and replies in one order, so that event is out before the read is answered, and no
///    later one is ever joined with it.
/// </remarks>
internal sealed class DomainDiscovery : IReadyHandler, IDisposable
{
    private const int EventsPerTurn = 256;
    private const string DomainsToken = "domains";
    private const string ClassicToken = "classic";

    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(1);

    private readonly HypervisorConnections _connections;
    private readonly ControlPages _pages;
    private readonly GuestConsoles? _consoles;
    private readonly Refusals _refusals;
    private readonly LookSchedule _schedule;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly DomainTable _table = new();
    private readonly List<XenDomain> _gone = [];
    private readonly List<XenDomain> _appeared = [];
    private readonly LoopTimer _timer;
    private readonly EventLoop _loop;
    private Registration? _registration;
    private IHypervisorSink? _sink;
    private bool _domainsChanged;
    private bool _isClassicEchoDue;
    private bool _reporting;

    /// <param name="loop">Where all of it runs.</param>
    /// <param name="connections">To xenstore and Xen.</param>
    /// <param name="pages">Control pages.</param>
    /// <param name="consoles">Null when console rings are not served.</param>
    /// <param name="refusals">Of both.</param>
    /// <param name="log">For what can not be followed.</param>
    public DomainDiscovery(
        EventLoop loop,
        HypervisorConnections connections,
        ControlPages pages,
        GuestConsoles? consoles,
        Refusals refusals,
        ILogger log)
    {
        _refusals = refusals;
        _loop = loop;
        _connections = connections;
        _pages = pages;
        _consoles = consoles;
        _schedule = new LookSchedule(loop.Clock, Look);
        _clock = loop.Clock;
        _log = log;
        _timer = loop.CreateTimer(Settle);
    }

    /// <summary>How often Xen was asked for its list of domains.</summary>
    public ulong Lists { get; private set; }

    /// <summary>How often a domain's keys were looked at.</summary>
    public ulong Looks => _schedule.Looks;

    /// <exception cref="ErrnoException">A watch or the first list was refused.</exception>
    public void Start(IHypervisorSink sink)
    {
        _sink = sink;
        _refusals.Start(sink);
        _pages.Start(sink);
        _consoles?.Start(sink);

        // Watch first, list then: what changes in between is told twice rather than never.
        ThrowIfRefused(_connections.Store.Watch(StorePaths.Introduced, DomainsToken), StorePaths.Introduced);
        ThrowIfRefused(_connections.Store.Watch(StorePaths.Released, DomainsToken), StorePaths.Released);
        ThrowIfRefused(_connections.Store.Watch(StorePaths.Classic, ClassicToken), StorePaths.Classic);
        _isClassicEchoDue = true;
        Errno error = Refresh();
        if (error != Errno.OK)
        {
            throw new ErrnoException("list the domains", error, null);
        }

        _consoles?.OnFirstListed();
        Settle();
        _registration = _loop.Register(_connections.Store.FileDescriptor, Readiness.Readable, this);
    }

    public XenDomain? Find(uint domid) => _table.Find(domid);

    /// <summary>A domain that Xen has, even if discovery had not heard of it before.</summary>
    public XenDomain? FindOrRefresh(uint domid)
    {
        if (_table.Find(domid) is null && _sink is not null)
        {
            _ = Refresh();
        }

        return _table.Find(domid);
    }

    /// <summary>Something was done that its keys do not tell of.</summary>
    public void LookSoon(XenDomain domain, DomainNews news)
    {
        Note(domain, news);
        Plan(0);
    }

    public void OnReady(Readiness ready)
    {
        for (int i = 0; i < EventsPerTurn; i++)
        {
            Errno error = _connections.Store.TryReadWatch(out string? path, out string? token);
            if (error == Errno.EAGAIN)
            {
                break;
            }

            if (error != Errno.OK || path is null || token is null)
            {
                throw new HypervisorLostException($"the connection to xenstore ended ({error})");
            }

            Note(path, token);
        }

        Settle();
    }

    public void Dispose()
    {
        _registration?.Dispose();
        _timer.Cancel();
        _refusals.Dispose();
    }

    private static void ThrowIfRefused(Errno error, string path)
    {
        if (error != Errno.OK)
        {
            throw new ErrnoException("watch in xenstore", error, path);
        }
    }

    private void Note(string path, string token)
    {
        switch (token)
        {
            case DomainsToken:
                _domainsChanged = true;
                break;
            case ClassicToken:
                NoteClassic(path);
                break;
            default:
                NoteDomain(path, token);
                break;
        }
    }

    private void NoteClassic(string path)
    {
        if (_isClassicEchoDue)
        {
            _isClassicEchoDue = false;
        }
        else if (path.Length <= StorePaths.Classic.Length)
        {
            // The directory itself: any of them may have come or gone.
            foreach (XenDomain domain in _table.Living)
            {
                Note(domain, DomainNews.ControlPage);
            }
        }
        else if (TryParseDomid(path.AsSpan(StorePaths.Classic.Length + 1), '/', out uint domid)
            && _table.Find(domid) is { } announced)
        {
            Note(announced, DomainNews.ControlPage);
        }
    }

    private void NoteDomain(string path, string token)
    {
        if (!TryParseDomid(token, ':', out uint domid) || _table.Find(domid) is not { } domain || domain.Token != token)
        {
            return;
        }

        // A name is read when the domains are up to date: it may be that of the next life already.
        DomainNews news = domain.NewsOf(path);
        if ((domain.Echoes & news) != DomainNews.None)
        {
            domain.Echoes &= ~news;
        }
        else if (news != DomainNews.None)
        {
            Note(domain, news);
        }
    }

    private static bool TryParseDomid(ReadOnlySpan<char> text, char end, out uint domid)
    {
        int length = text.IndexOf(end);
        return uint.TryParse(
            length < 0 ? text : text[..length], NumberStyles.None, CultureInfo.InvariantCulture, out domid);
    }

    /// <summary>Its keys may have changed: look soon, and take up again what had been given up.</summary>
    private void Note(XenDomain domain, DomainNews news)
    {
        if (news.HasFlag(DomainNews.ControlPage))
        {
            domain.TriesLeft = ControlPages.Tries;
        }

        GuestConsoles.OnNews(domain, news);
        _schedule.Add(domain, news);
    }

    /// <summary>Does what the events of a batch asked for, and plans what is not due yet.</summary>
    private void Settle()
    {
        long next = LookSchedule.Never;
        if (_domainsChanged)
        {
            Errno error = Refresh();
            _domainsChanged = error != Errno.OK;
            if (_domainsChanged)
            {
                _log.NotListed(error);
                next = After(s_retry);
            }
        }

        Plan(Math.Min(next, _schedule.RunDue()));
    }

    private void Plan(long next)
    {
        if (next != LookSchedule.Never)
        {
            TimeSpan wait = _clock.GetElapsedTime(_clock.GetTimestamp(), next);
            _timer.Schedule(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        }
    }

    private DomainNews Look(XenDomain domain, DomainNews news)
    {
        DomainNews again = DomainNews.None;
        if (news.HasFlag(DomainNews.Name))
        {
            Rename(domain);
        }

        if (news.HasFlag(DomainNews.ControlPage) && _pages.Look(domain))
        {
            again |= DomainNews.ControlPage;
        }

        if (_consoles is not null)
        {
            again |= _consoles.Look(domain, news);
        }

        return again;
    }

    private void Rename(XenDomain domain)
    {
        // A name that is removed stays: that is the first sign of a domain's end, and no news about its name.
        if (TryReadName(domain) is { } name && name != domain.Name)
        {
            domain.Name = name;
            _sink!.OnDomainAppeared(domain.Domid, name, domain.Uuid);
        }
    }

    private long After(TimeSpan wait)
        => _clock.GetTimestamp() + (long)(wait.TotalSeconds * _clock.TimestampFrequency);

    /// <summary>Lists the domains and reports what changed: first the lives that ended, then the new ones.</summary>
    private Errno Refresh()
    {
        if (_reporting)
        {
            // Asked from inside a report; the table is up to date as of that one.
            return Errno.OK;
        }

        Lists++;
        Errno error = _connections.Domains.List(out ReadOnlySpan<DomainListing> listed);
        if (error != Errno.OK)
        {
            return error;
        }

        _table.Merge(listed, _gone, _appeared);
        _reporting = true;
        foreach (XenDomain domain in _gone)
        {
            // A dead domain's nodes are gone and its watches with them in spirit only: they must be taken back.
            _ = _connections.Store.Unwatch(domain.PagePath, domain.Token);
            _ = _connections.Store.Unwatch(domain.NamePath, domain.Token);
            _sink!.OnDomainGone(domain.Domid);
            _consoles?.OnGone(domain);
            _refusals.OnGone(domain);
        }

        foreach (XenDomain domain in _appeared)
        {
            WatchKeys(domain, domain.NamePath, DomainNews.Name);
            domain.Name = TryReadName(domain) ?? domain.Name;
            _sink!.OnDomainAppeared(domain.Domid, domain.Name, domain.Uuid);
            WatchKeys(domain, domain.PagePath, DomainNews.ControlPage);
            Note(domain, DomainNews.ControlPage | WatchConsoles(domain));
        }

        _gone.Clear();
        _appeared.Clear();
        _reporting = false;
        return Errno.OK;
    }

    private void WatchKeys(XenDomain domain, string path, DomainNews what)
        => NoteWatched(domain, what, _connections.Store.Watch(path, domain.Token));

    private DomainNews WatchConsoles(XenDomain domain)
    {
        if (_consoles is null)
        {
            return DomainNews.None;
        }

        (DomainNews news, Errno error) = _consoles.OnAppeared(domain);
        NoteWatched(domain, DomainNews.PrimaryConsole, error);
        return news;
    }

    private void NoteWatched(XenDomain domain, DomainNews what, Errno error)
    {
        if (error == Errno.OK)
        {
            domain.Echoes |= what;
        }
        else
        {
            _log.NotWatched(domain, error);
        }
    }

    private string? TryReadName(XenDomain domain)
        => _connections.Store.Read(domain.NamePath, out string? name) == Errno.OK
            ? GuestText.DomainName(name, domain.Domid)
            : null;
}
