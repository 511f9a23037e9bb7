using Microsoft.Extensions.Logging;

using XcsSharp.Protocol;
using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <summary>
/// The subscriber that keeps guests' consoles: takes their output, acknowledges it at once, and sends them input. It binds
/// and answers as any remote client does and has no other way to a guest.
/// </summary>
/// <remarks>
/// Loop thread only. Answers do not wait for a viewer, a terminal or a log: what those have not taken is in the
/// console's <see cref="Backlog"/>. A console begins with its domain's first channel and is keyed by the domain's life, so
/// a domid that is used again never shows what was there before.
/// </remarks>
public sealed class ConsoleHandler : ISubscriber, IDisposable
{
    private readonly ControlSwitch _switch;
    private readonly Dictionary<GuestDomain, GuestConsole> _consoles = [];
    private readonly HashSet<GuestConsole> _ending = [];

    /// <summary>Attaches to the switch: from here on every domain with a channel has a console.</summary>
    /// <exception cref="ArgumentException">A setting is out of range; the message has the remedy.</exception>
    /// <exception cref="IOException">The directory of links cannot be used; the message has the remedy.</exception>
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
        _switch = controlSwitch;
        _switch.Attach(this);
        _switch.Bind(this, ProtocolLimits.PortWildcard, (ushort)MessageType.Console);
    }

    public string Name => "console handler";

    /// <summary>The consoles of living domains.</summary>
    public IReadOnlyCollection<GuestConsole> Consoles => _consoles.Values;

    /// <summary>Consoles whose domain is gone and whose readers have not taken everything yet.</summary>
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

    /// <summary>The console of a domain; null before its first channel and after its end.</summary>
    public GuestConsole? Find(GuestDomain domain) => _consoles.GetValueOrDefault(domain);

    public void OnDomainAppeared(GuestDomain domain)
    {
        // Said again for a living domain when it got another name.
        Find(domain)?.OnRenamed();
    }

    public void OnDomainGone(GuestDomain domain)
    {
        if (_consoles.Remove(domain, out GuestConsole? console))
        {
            _ = _ending.Add(console);
            console.End();
        }
    }

    public void OnChannelOpened(ControlChannel channel)
    {
        if (!_consoles.TryGetValue(channel.Domain, out GuestConsole? console))
        {
            console = new GuestConsole(this, channel.Domain);
            _consoles.Add(channel.Domain, console);
        }

        console.OnChannelOpened(channel);
    }

    public void OnChannelClosed(ControlChannel channel, string reason) => Find(channel.Domain)?.OnChannelClosed(channel);

    public void OnRequest(ControlChannel channel, in ControlMessage request, RequestTicket ticket)
    {
        if (request is { Type: MessageType.Console, Subtype: ConsoleInput.DataSubtype })
        {
            _consoles[channel.Domain].Append(request.Data);
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

    public void OnRequestRoom(ControlChannel channel) => Find(channel.Domain)?.OnRequestRoom(channel);

    /// <summary>Ends all consoles: the links and terminals go, viewers are disconnected.</summary>
    public void Dispose()
    {
        _switch.Detach(this);
        foreach (GuestConsole console in _consoles.Values.Concat(_ending).ToArray())
        {
            console.Drop();
        }
    }

    internal void OnDropped(GuestConsole console)
    {
        _ = _ending.Remove(console);
        _ = _consoles.Remove(console.Domain);
    }
}
