using Microsoft.Extensions.Logging;

using XcsSharp.Protocol;
using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <summary>
/// The subscriber that keeps guests' consoles: takes their output, from console rings and from control channels, and sends
/// them input. On control channels it binds and answers as any remote client does, and at once.
/// </summary>
/// <remarks>
/// Loop thread only. Answers do not wait for a viewer, a terminal or a log: what those have not taken is in the
/// console's <see cref="Backlog"/>. A console begins with its first ring or channel and is keyed by the domain's life, so
/// a domid that is used again never shows what was there before. A secondary console ends when its ring is withdrawn, all
/// others with their domain.
/// Names: a domain's name alone means its primary ring, or its control channel's console while it has no primary ring. The
/// links follow: when a ring comes to a domain whose control console has the plain name already, that one gets its full
/// name, once; it never changes back.
/// </remarks>
public sealed class ConsoleHandler : ISubscriber, IConsoleSubscriber, IDisposable
{
    /// <summary>What the disk gets to write down the last output when the daemon ends.</summary>
    private static readonly TimeSpan s_flushAtEnd = TimeSpan.FromSeconds(2);

    /// <summary>A secondary console whose ring does not come back in that time was withdrawn while nobody served.</summary>
    private static readonly TimeSpan s_secondaryPatience = TimeSpan.FromSeconds(10);

    private readonly ControlSwitch _switch;
    private readonly Dictionary<ConsoleId, GuestConsole> _consoles = [];
    private readonly EndingConsoles _ending = new();
    private readonly EndedConsoles _ended;
    private readonly SpooledConsoles _spooled;
    private ulong _lastViewerId;
    private bool _isFollowed;

    /// <summary>Attaches to the switch: from here on every channel and every console ring has a console.</summary>
    /// <exception cref="ArgumentException">A setting is out of range; the message has the remedy.</exception>
    /// <exception cref="IOException">The directory of links or that of logs cannot be used; the message has the remedy.</exception>
    /// <param name="loop">Serves them.</param>
    /// <param name="controlSwitch">Where they come from.</param>
    /// <param name="options">The settings.</param>
    /// <param name="log">Of all consoles.</param>
    /// <param name="terminals">Those that outlive a daemon; null: none do.</param>
    /// <param name="handed">What the daemon before has left; null: nothing.</param>
    public ConsoleHandler(
        EventLoop loop,
        ControlSwitch controlSwitch,
        ConsoleOptions options,
        ILogger<ConsoleHandler> log,
        KeptTerminals? terminals = null,
        HandedConsoles? handed = null)
    {
        if (options.Problems().FirstOrDefault() is string problem)
        {
            throw new ArgumentException(problem, nameof(options));
        }

        Loop = loop;
        Options = options;
        Log = log;
        _ended = new EndedConsoles(loop, options.KeepAfterEnd);
        Successions = new Successions(loop, options.KeepAfterEnd, Departures);
        Histories = new HistoryBudget(Math.Max(options.TotalHistoryBytes, (long)options.BootBytes + options.HistoryBytes));
        Rights = new OperatorRights(options);
        Terminals = terminals;
        Handed = handed;
        _lastViewerId = handed?.LastViewerId ?? 0;
        Links = string.IsNullOrEmpty(options.PtyDirectory) ? null : new PtyLinks(options.PtyDirectory, log, terminals?.FoundDevices);
        Places = new OperatorPlaces(options);
        Denials = new Denials(loop, log);
        ViewerLines = new UserLinePace(loop, (who, lines) => log.ViewerLinesLeftOut(who, lines, UserLinePace.Window.TotalSeconds));
        Sockets = string.IsNullOrEmpty(options.SocketDirectory) ? null : new ConsoleSockets(loop, options, log);
        Logs = string.IsNullOrEmpty(options.LogDirectory) ? null : new GuestLogs(loop, options, log);
        Journal = options.Journal ? new GuestJournal(loop, options.JournalSocket, log) : null;
        Spool = OpenSpool(options, log, handed);
        _spooled = new SpooledConsoles(Spool);
        _switch = controlSwitch;
        _switch.Attach(this);
        _switch.Bind(this, ProtocolLimits.PortWildcard, (ushort)MessageType.Console);
        _switch.AttachConsoles(this);
    }

    public string Name => "console handler";

    /// <summary>The consoles of living domains.</summary>
    public IReadOnlyCollection<GuestConsole> Consoles => _consoles.Values;

    /// <summary>Consoles that are gone, most of them with their domain, and whose readers have not taken everything yet.</summary>
    public int Ending => _ending.Count;

    /// <summary>Consoles that are gone and whose output is kept.</summary>
    public int Kept => _ended.Count;

    /// <summary>Viewers of all consoles.</summary>
    public int Viewers => _consoles.Values.Sum(static console => console.Viewers)
        + _ending.All.Sum(static console => console.Viewers);

    /// <summary>Console requests that were not console data; answered with length 0, as a guest answers what it does not know.</summary>
    public ulong UnknownRequests { get; private set; }

    /// <summary>What the output that is kept takes.</summary>
    public HistoryBudget Histories { get; }

    /// <summary>Viewers between two lives of their domain.</summary>
    internal Successions Successions { get; }

    /// <summary>Connections that have all they get, and whose clients have not taken it.</summary>
    internal Departures Departures { get; } = new();

    internal EventLoop Loop { get; }

    internal ConsoleOptions Options { get; }

    internal ILogger Log { get; }

    internal OperatorRights Rights { get; }

    /// <summary>Another policy, for all that is asked from now on; who is attached stays so.</summary>
    public void ChangeAccess(AccessPolicy? policy) => Rights.Policy = policy;

    /// <summary>
    /// Whether a client of the xcs sockets is served. Who speaks there sees what all guests send and may send anything to each of them, so
    /// with a policy it is for who may do all with every domain. A refusal is in the log, at the pace of the console socket's.
    /// </summary>
    public bool AdmitsToSwitch(UnixStream client)
    {
        // Only a policy asks who somebody is.
        bool admits = Rights.Policy is null || Rights.IsForAll(Client.At(client));
        if (!admits)
        {
            PeerCredentials peer = client.Peer;
            Denials.Note(peer.Uid, peer.Pid, $"it is for {OperatorRights.WhoMayAll}", "xcs socket");
        }

        return admits;
    }

    internal UserNames Users { get; } = new();

    /// <summary>Connections of operators, on whatever socket.</summary>
    internal OperatorPlaces Places { get; }

    internal Denials Denials { get; }

    /// <summary>How often it is logged that somebody attaches, leaves or types.</summary>
    internal UserLinePace ViewerLines { get; }

    internal PtyLinks? Links { get; }

    internal KeptTerminals? Terminals { get; }

    /// <summary>What the daemon before has left, until its domains are known; null: nothing.</summary>
    internal HandedConsoles? Handed { get; private set; }

    internal ConsoleSockets? Sockets { get; }

    internal GuestLogs? Logs { get; }

    internal GuestJournal? Journal { get; }

    /// <summary>What outlives a daemon that is killed; null: nothing does.</summary>
    internal OutputSpool? Spool { get; }

    /// <summary>A console of a living domain; null before its first ring or channel.</summary>
    public GuestConsole? Find(ConsoleId id) => _consoles.GetValueOrDefault(id);

    /// <summary>The console that the domain's name alone means; null while it has neither of the two.</summary>
    public GuestConsole? Find(GuestDomain domain)
        => Find(new ConsoleId(domain, 0)) ?? Find(new ConsoleId(domain, ConsoleId.Control));

    /// <summary>A console of a domain.</summary>
    /// <param name="domain">A living one.</param>
    /// <param name="number">Null: the one that the domain's name alone means.</param>
    internal GuestConsole? Find(GuestDomain domain, int? number)
        => number is int given ? Find(new ConsoleId(domain, given)) : Find(domain);

    /// <summary>All consoles of a domain, the one that its name alone means first.</summary>
    public IEnumerable<GuestConsole> FindAll(GuestDomain domain)
        => IdsOf(domain).Select(Find).OfType<GuestConsole>().OrderBy(static console => console.Suffix.Length > 0);

    /// <summary>The output of a console whose domain is gone, the last of that name; null when none is kept.</summary>
    internal GuestConsole? FindEnded(string domain, int? number) => _ended.Find(domain, number);

    /// <summary>An attached viewer; null when it is gone.</summary>
    internal ConsoleViewer? FindViewer(ulong id)
        => _consoles.Values.SelectMany(static console => console.AllViewers).FirstOrDefault(viewer => viewer.Id == id);

    internal ulong NextViewerId() => ++_lastViewerId;

    public void OnDomainAppeared(GuestDomain domain)
    {
        // Said again for a living domain when it got another name.
        foreach (GuestConsole console in FindAll(domain))
        {
            console.OnRenamed();
            Successions.Offer(console);
        }
    }

    /// <summary>
    /// All domains are known, and what they have was offered. A console that the daemon before had a terminal for goes on with it also while its
    /// guest has no ring or channel; what is left of others goes.
    /// </summary>
    public void OnStarted()
    {
        foreach (ConsoleId id in _switch.Domains.SelectMany(IdsOf).Where(WasLeft).ToArray())
        {
            _ = FindOrMake(id);
            if (id.Number > 0)
            {
                LoopTimer late = Loop.CreateTimer(() => EndIfWithdrawn(id));
                late.Schedule(s_secondaryPatience);
            }
        }

        Handed = null;
        _spooled.Forget();
        Terminals?.ForgetUnclaimed();
        Links?.RemoveLeftovers();
    }

    /// <summary>
    /// Leaves to another daemon what it can go on with: histories, viewers and the places of all readers. The loop runs no more, and
    /// <see cref="Dispose"/> follows.
    /// </summary>
    public ConsolesState Leave(IHandoverSink sink)
    {
        foreach (GuestConsole console in _consoles.Values)
        {
            console.PumpAll();
        }

        _isFollowed = true;
        Logs?.Flush(s_flushAtEnd);
        return new ConsolesState(_lastViewerId, [.. _consoles.Values.Where(static console => !console.IsEnding).Select(console => console.Leave(sink))]);
    }

    /// <summary>
    /// What the spool has stays there for the next daemon, as if this one had been killed: it hears of it from nobody else. <see cref="Dispose"/> follows.
    /// </summary>
    /// <param name="told">Consoles that it does hear of; null: none.</param>
    public void KeepSpool(ConsolesState? told = null)
        => Spool?.Keep((told?.Consoles ?? []).Select(static console => (console.Domid, console.Number)).ToHashSet());

    /// <summary>Also without a spool from now on: what the daemon before had in one comes to the logs now, or years later behind newer output.</summary>
    private static OutputSpool? OpenSpool(ConsoleOptions options, ILogger log, HandedConsoles? handed)
    {
        if (string.IsNullOrEmpty(options.SpoolFile) || (options.SpoolBytes == 0 && !File.Exists(options.SpoolFile)))
        {
            return null;
        }

        OutputSpool? spool = OutputSpool.Open(options.SpoolFile, options.SpoolBytes, log);

        // Of two lives of one name the later has written nothing before the earlier was done. Their numbers are in that order, their places are not.
        foreach (SpooledConsole left in spool?.Left.OrderBy(static left => left.Owner.Number) ?? Enumerable.Empty<SpooledConsole>())
        {
            SpooledLog.BringUpToDate(left, options, log, handed);
        }

        if (options.SpoolBytes > 0)
        {
            return spool;
        }

        spool?.Dispose();
        return null;
    }

    private bool WasLeft(ConsoleId id)
        => Find(id) is null && (Handed?.Has(id) == true || _spooled.Has(id) || (Links is not null && Terminals?.Has(id) == true));

    public void OnDomainGone(GuestDomain domain)
    {
        foreach (ConsoleId id in IdsOf(domain))
        {
            End(id);
        }
    }

    public void OnConsoleOpened(ConsoleStream stream) => FindOrMake(IdOf(stream), stream.HistoryWish).OnStreamOpened(stream);

    public void OnConsoleClosed(ConsoleStream stream, string reason)
    {
        ConsoleId id = IdOf(stream);
        Find(id)?.OnStreamClosed(stream);
        if (stream.Number > 0 && stream.Domain.FindConsole(stream.Number) is null)
        {
            // Taken out of a living domain: no other may ever take its place, and its terminal must not wait for one.
            End(id);
        }
    }

    public void OnConsoleOutput(ConsoleStream stream, ReadOnlySpan<byte> output) => _consoles[IdOf(stream)].Append(output, stream.OutputIndex);

    public void OnConsoleRoom(ConsoleStream stream) => Find(IdOf(stream))?.OnStreamRoom(stream);

    public void OnChannelOpened(ControlChannel channel) => FindOrMake(IdOf(channel)).OnChannelOpened(channel);

    public void OnChannelClosed(ControlChannel channel, string reason) => Find(IdOf(channel))?.OnChannelClosed(channel);

    public void OnRequest(ControlChannel channel, in ControlMessage request, RequestTicket ticket)
    {
        if (request is { Type: MessageType.Console, Subtype: ConsoleInput.DataSubtype })
        {
            _consoles[IdOf(channel)].AppendRequest(request.Data, channel.RequestIndex);
        }
        else
        {
            UnknownRequests++;
        }

        // Whoever holds the write lock may have been first; the switch counts that.
        _ = channel.Answer(this, ticket, ControlMessage.EmptyAnswerTo(request));
    }

    public void OnResponse(ControlChannel channel, in ControlMessage response)
    {
        // The guest took our input; that freed its slot, and OnRequestRoom says so if we wait for it.
    }

    public void OnVirq(int port)
    {
    }

    public void OnRequestRoom(ControlChannel channel) => Find(IdOf(channel))?.OnRequestRoom(channel);

    /// <summary>Opens the files of all logs by their names again: somebody has renamed them.</summary>
    public void ReopenLogs() => Logs?.Reopen();

    /// <summary>
    /// Ends all consoles: their last output is written to the logs, for which it waits up to 2 s, and what the disk has not taken by then is in the spool for who
    /// follows; the links and terminals go, viewers are disconnected.
    /// </summary>
    public void Dispose()
    {
        _switch.DetachConsoles(this);
        _switch.Detach(this);
        Logs?.Flush(s_flushAtEnd);
        GuestConsole[] consoles = [.. _consoles.Values, .. _ending.All];
        if (_isFollowed && consoles.Any(static console => console.IsLogBehind))
        {
            Spool!.Leave();
        }

        foreach (GuestConsole console in consoles)
        {
            console.Drop();
        }

        Successions.Dispose();
        Departures.Dispose();
        ViewerLines.Dispose();
        _ended.Dispose();
        Logs?.Dispose();
        Journal?.Dispose();
        Spool?.Dispose();
    }

    internal void OnDropped(GuestConsole console)
    {
        _ending.Remove(console);
        if (Find(console.Id) == console)
        {
            _ = _consoles.Remove(console.Id);
        }
    }

    private static ConsoleId IdOf(ConsoleStream stream) => new(stream.Domain, stream.Number);

    private static ConsoleId IdOf(ControlChannel channel) => new(channel.Domain, ConsoleId.Control);

    private static IEnumerable<ConsoleId> IdsOf(GuestDomain domain)
        => Enumerable.Range(0, ConsoleStream.MaxNumber + 1).Append(ConsoleId.Control).Select(n => new ConsoleId(domain, n));

    /// <param name="id">Which.</param>
    /// <param name="historyWish">Counts when it is made: what is kept already is not cut.</param>
    private GuestConsole FindOrMake(ConsoleId id, long? historyWish = null)
    {
        if (Find(id) is { } known)
        {
            return known;
        }

        if (id.Number == 0)
        {
            // First: the link with the plain name has to be free.
            Find(id with { Number = ConsoleId.Control })?.TakeFullName();
        }

        ConsoleState? handed = Handed?.Take(id);
        GuestConsole console = new(this, id, historyWish, handed, _spooled.Take(id));
        _consoles.Add(id, console);
        Successions.Offer(console);
        return console;
    }

    private void EndIfWithdrawn(ConsoleId id)
    {
        if (id.Domain.FindConsole(id.Number) is null)
        {
            End(id);
        }
    }

    private void End(ConsoleId id)
    {
        if (_consoles.Remove(id, out GuestConsole? console))
        {
            _ending.Add(console);
            console.End();
            _ended.Add(console);
        }
    }
}
