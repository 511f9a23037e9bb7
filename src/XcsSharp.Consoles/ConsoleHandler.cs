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

    private readonly ControlSwitch _switch;
    private readonly Dictionary<ConsoleId, GuestConsole> _consoles = [];
    private readonly HashSet<GuestConsole> _ending = [];

    /// <summary>Attaches to the switch: from here on every channel and every console ring has a console.</summary>
    /// <exception cref="ArgumentException">A setting is out of range; the message has the remedy.</exception>
    /// <exception cref="IOException">The directory of links or that of logs cannot be used; the message has the remedy.</exception>
    public ConsoleHandler(EventLoop loop, ControlSwitch controlSwitch, ConsoleOptions options, ILogger<ConsoleHandler> log)
    {
        if (options.Problems().FirstOrDefault() is string problem)
        {
            throw new ArgumentException(problem, nameof(options));
        }

        Loop = loop;
        Options = options;
        Log = log;
        Links = string.IsNullOrEmpty(options.PtyDirectory) ? null : new PtyLinks(options.PtyDirectory, log);
        Logs = string.IsNullOrEmpty(options.LogDirectory) ? null : new GuestLogs(loop, options, log);
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

    /// <summary>Viewers of all consoles.</summary>
    public int Viewers => _consoles.Values.Sum(static console => console.Viewers)
        + _ending.Sum(static console => console.Viewers);

    /// <summary>Console requests that were not console data; answered with length 0, as a guest answers what it does not know.</summary>
    public ulong UnknownRequests { get; private set; }

    internal EventLoop Loop { get; }

    internal ConsoleOptions Options { get; }

    internal ILogger Log { get; }

    internal PtyLinks? Links { get; }

    internal GuestLogs? Logs { get; }

    /// <summary>A console of a living domain; null before its first ring or channel.</summary>
    public GuestConsole? Find(ConsoleId id) => _consoles.GetValueOrDefault(id);

    /// <summary>The console that the domain's name alone means; null while it has neither of the two.</summary>
    public GuestConsole? Find(GuestDomain domain)
        => Find(new ConsoleId(domain, 0)) ?? Find(new ConsoleId(domain, ConsoleId.Control));

    /// <summary>All consoles of a domain, the one that its name alone means first.</summary>
    public IEnumerable<GuestConsole> FindAll(GuestDomain domain)
        => IdsOf(domain).Select(Find).OfType<GuestConsole>().OrderBy(static console => console.Suffix.Length > 0);

    public void OnDomainAppeared(GuestDomain domain)
    {
        // Said again for a living domain when it got another name.
        foreach (GuestConsole console in FindAll(domain))
        {
            console.OnRenamed();
        }
    }

    public void OnDomainGone(GuestDomain domain)
    {
        foreach (ConsoleId id in IdsOf(domain))
        {
            End(id);
        }
    }

    public void OnConsoleOpened(ConsoleStream stream) => FindOrMake(IdOf(stream)).OnStreamOpened(stream);

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

    public void OnConsoleOutput(ConsoleStream stream, ReadOnlySpan<byte> output) => _consoles[IdOf(stream)].Append(output);

    public void OnConsoleRoom(ConsoleStream stream) => Find(IdOf(stream))?.OnStreamRoom(stream);

    public void OnChannelOpened(ControlChannel channel) => FindOrMake(IdOf(channel)).OnChannelOpened(channel);

    public void OnChannelClosed(ControlChannel channel, string reason) => Find(IdOf(channel))?.OnChannelClosed(channel);

    public void OnRequest(ControlChannel channel, in ControlMessage request, RequestTicket ticket)
    {
        if (request is { Type: MessageType.Console, Subtype: ConsoleInput.DataSubtype })
        {
            _consoles[IdOf(channel)].Append(request.Data);
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
    /// Ends all consoles: their last output is written to the logs, for which it waits up to 2 s; the links and terminals
    /// go, viewers are disconnected.
    /// </summary>
    public void Dispose()
    {
        _switch.DetachConsoles(this);
        _switch.Detach(this);
        Logs?.Flush(s_flushAtEnd);
        foreach (GuestConsole console in _consoles.Values.Concat(_ending).ToArray())
        {
            console.Drop();
        }

        Logs?.Dispose();
    }

    internal void OnDropped(GuestConsole console)
    {
        _ = _ending.Remove(console);
        if (Find(console.Id) == console)
        {
            _ = _consoles.Remove(console.Id);
        }
    }

    private static ConsoleId IdOf(ConsoleStream stream) => new(stream.Domain, stream.Number);

    private static ConsoleId IdOf(ControlChannel channel) => new(channel.Domain, ConsoleId.Control);

    private static IEnumerable<ConsoleId> IdsOf(GuestDomain domain)
        => Enumerable.Range(0, ConsoleStream.MaxNumber + 1).Append(ConsoleId.Control).Select(n => new ConsoleId(domain, n));

    private GuestConsole FindOrMake(ConsoleId id)
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

        GuestConsole console = new(this, id);
        _consoles.Add(id, console);
        return console;
    }

    private void End(ConsoleId id)
    {
        if (_consoles.Remove(id, out GuestConsole? console))
        {
            _ = _ending.Add(console);
            console.End();
        }
    }
}
