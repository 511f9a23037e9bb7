using Microsoft.Extensions.Logging;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Protocol;
using XcsSharp.Rings;
using XcsSharp.Switching;

namespace XcsSharp.Xen;

/// <summary>
/// The back end of consoles that are added to a domain: the handshake over both ends' <c>state</c>, and what comes of it.
/// </summary>
/// <remarks>
/// The front end's directory is the guest's: every key in it is its word, and may change at any time. Whatever it says, our
/// state is one of InitWait, Connected, Closing and Closed; a guest's program or kernel that starts anew (a kexec, a driver
/// that is loaded again) goes through Closed or Initialising and is connected anew.
/// </remarks>
internal sealed class SecondaryConsoles
{
    /// <summary>How long a guest may take to let go of a console that is removed.</summary>
    private static readonly TimeSpan s_letGo = TimeSpan.FromSeconds(5);

    /// <summary>Lives of a console that begin as soon as the guest wants; the next one when <see cref="s_lifePace"/> for each of them has passed.</summary>
    private const int LivesAtOnce = 4;

    /// <summary>Each life has a terminal, a history and a place in the spool, and says so: a guest must not have another every few milliseconds.</summary>
    private static readonly TimeSpan s_lifePace = TimeSpan.FromSeconds(1);

    private readonly XenStoreConnection _store;
    private readonly SecondaryConsoleKeys _keys;
    private readonly ConsoleTransports _transports;
    private readonly Refusals _refusals;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private HashSet<uint>? _leftovers;
    private IHypervisorSink? _sink;

    public SecondaryConsoles(
        XenStoreConnection store, ConsoleTransports transports, Refusals refusals, TimeProvider clock, ILogger log)
    {
        _store = store;
        _keys = new SecondaryConsoleKeys(store);
        _transports = transports;
        _refusals = refusals;
        _clock = clock;
        _log = log;
    }

    /// <summary>Finds what an earlier life of the daemon left behind, before the first domain is reported.</summary>
    public void Start(IHypervisorSink sink)
    {
        _sink = sink;
        _leftovers = [.. _keys.Domids()];
    }

    /// <summary>A life begins, or the daemon's: what was made for this very life is taken over, the rest removed.</summary>
    /// <returns>True when there is something to look at.</returns>
    public bool Adopt(XenDomain domain)
    {
        if (_leftovers is null || !_leftovers.Remove(domain.Domid))
        {
            return false;
        }

        _keys.RemoveBackEnds(domain.BackEndConsolesPath, except: domain.Uuid);
        foreach (int number in _keys.OurNumbers(domain.BackEndConsolesPath))
        {
            SecondaryConsole adopted = new(domain, number) { MayNameOldTerminal = true };
            Watch(adopted);
            if (_store.Read(adopted.BackEndPath + "/online", out string? online) == Errno.OK && online == "0")
            {
                _ = Remove(domain, number, out _);
            }
        }

        return domain.SecondaryConsoles.Count > 0;
    }

    /// <summary>All domains that live have been reported: what is left belongs to nobody.</summary>
    public void RemoveLeftovers()
    {
        foreach (uint domid in _leftovers ?? [])
        {
            _keys.RemoveBackEnds($"{SecondaryConsoleKeys.BackEnds}/{domid}");
        }

        _leftovers = null;
    }

    public void OnDomainGone(XenDomain domain)
    {
        if (domain.SecondaryConsoles.Count > 0)
        {
            foreach (SecondaryConsole console in domain.SecondaryConsoles)
            {
                _ = _store.Unwatch(console.FrontEndPath, domain.Token);
            }

            domain.SecondaryConsoles.Clear();
            _keys.RemoveBackEnds(domain.BackEndConsolesPath);
        }
    }

    /// <summary>Adds a console with the lowest number that is free.</summary>
    public ConsoleFailure Add(XenDomain domain, out int number)
    {
        for (number = 1; number <= SecondaryConsole.MaxNumber; number++)
        {
            int wanted = number;
            if (domain.SecondaryConsoles.Exists(console => console.Number == wanted))
            {
                continue;
            }

            var added = new SecondaryConsole(domain, number) { State = XenbusState.InitWait };
            Errno error = _keys.Create(added);
            if (error == Errno.OK)
            {
                Watch(added);
                return ConsoleFailure.None;
            }

            if (error == Errno.ENOENT)
            {
                return ConsoleFailure.NoSuchDomain;
            }

            // The toolstack has one of that number.
            if (error != Errno.EEXIST)
            {
                _log.ConsoleNotChanged(domain, number, "added", error);
                return ConsoleFailure.Failed;
            }
        }

        return ConsoleFailure.NoNumberLeft;
    }

    /// <summary>Asks the guest to let go of a console; it is removed when it has, or after a time.</summary>
    /// <param name="domain">Whose.</param>
    /// <param name="number">0: the highest.</param>
    /// <param name="removed">Which it is.</param>
    public ConsoleFailure Remove(XenDomain domain, int number, out int removed)
    {
        // One that is being removed is gone for whoever asks, however long its guest takes to let go.
        SecondaryConsole? console = domain.SecondaryConsoles
            .Where(known => !known.IsRemoving && (number == 0 || known.Number == number))
            .MaxBy(static known => known.Number);
        removed = console?.Number ?? 0;
        if (console is null)
        {
            return ConsoleFailure.NoSuchConsole;
        }

        console.IsRemoving = true;
        console.RemoveAt = _clock.GetTimestamp() + (long)(s_letGo.TotalSeconds * _clock.TimestampFrequency);
        _ = _keys.WriteOffline(console);
        SetState(console, XenbusState.Closing);
        return ConsoleFailure.None;
    }

    /// <summary>Looks at the keys of all of them and acts on them.</summary>
    /// <returns>True when it should be tried again although nothing was said anew.</returns>
    public bool Look(XenDomain domain)
    {
        bool again = false;
        for (int i = domain.SecondaryConsoles.Count - 1; i >= 0; i--)
        {
            SecondaryConsole console = domain.SecondaryConsoles[i];
            again |= console.IsRemoving ? Release(console) : Look(console);
        }

        return again;
    }

    private bool Look(SecondaryConsole console)
    {
        Errno error = ReadState(console, out XenbusState state, out string? problem);
        if (problem is not null)
        {
            return _refusals.Refuse(console, problem, mayPass: error != Errno.EINVAL);
        }

        switch (state)
        {
            case XenbusState.Initialised:
            case XenbusState.Connected:
                return Serve(console);
            case XenbusState.Closing:
                Withdraw(console, "the guest is closing it");
                SetState(console, XenbusState.Closing);
                return false;
            case XenbusState.Closed:
                Withdraw(console, "the guest has closed it");
                SetState(console, XenbusState.Closed);
                return false;
            default:
                Withdraw(console, "the guest starts it anew");
                SetState(console, XenbusState.InitWait);
                return false;
        }
    }

    /// <summary>Also what the daemon before has served and the guest has closed since, of which nobody else knows.</summary>
    private void Withdraw(SecondaryConsole console, string reason)
    {
        console.Withdraw(_sink!, reason);
        if (console.MayNameOldTerminal)
        {
            console.MayNameOldTerminal = false;
            _keys.RemoveTerminal(console);
        }
    }

    /// <summary>Waits for the guest to let go of a console that is removed, but not for ever.</summary>
    private bool Release(SecondaryConsole console)
    {
        _ = ReadState(console, out XenbusState state, out string? problem);
        bool holds = problem is null && state is XenbusState.Initialised or XenbusState.Connected or XenbusState.Closing;
        if (holds && _clock.GetTimestamp() < console.RemoveAt)
        {
            return true;
        }

        console.Withdraw(_sink!, "it was removed");
        _refusals.Clear(console);
        XenDomain domain = console.Domain;
        _ = _store.Unwatch(console.FrontEndPath, domain.Token);
        domain.SecondaryConsoles.Remove(console);
        Errno error = _keys.Remove(console);
        if (error != Errno.OK)
        {
            _log.ConsoleNotChanged(domain, console.Number, "removed", error);
        }

        return false;
    }

    private bool Serve(SecondaryConsole console)
    {
        string keys = console.FrontEndPath;
        ulong port = 0;
        Errno error = _store.ReadNumber(keys, "ring-ref", 0, uint.MaxValue, out ulong reference, out string? problem);
        if (error == Errno.OK)
        {
            error = _store.ReadNumber(keys, "port", 1, ProtocolLimits.MaxPorts - 1, out port, out problem);
        }

        if (error != Errno.OK)
        {
            return _refusals.Refuse(console, problem!, mayPass: error is not (Errno.EINVAL or Errno.ENOENT));
        }

        if (console.Offered is { } offered)
        {
            if (console.Ring == reference && offered.RemotePort == (int)port && _transports.IsConnected(offered))
            {
                offered.RestoreTerminal();
                _refusals.Clear(console);
                return false;
            }

            // Before mapping the new one: both may be the same page and port.
            console.Withdraw(_sink!, "the guest has another console ring");
        }

        if (!MayBegin(console))
        {
            _ = _refusals.Refuse(console, "its driver begins anew again and again; it is served once a second", mayPass: false);
            return true;
        }

        uint domid = console.Domain.Domid;
        error = _transports.MapGranted(domid, (uint)reference, out ConsoleRing? ring);
        if (ring is null)
        {
            return _refusals.Refuse(console, $"its grant {reference} can not be mapped ({error})", mayPass: true);
        }

        error = _transports.Bind(console, (int)port, console.FrontEndPath, ring, out ConsoleRingTransport? transport);
        if (transport is null)
        {
            return _refusals.Refuse(console, $"its port {port} can not be bound ({error})", mayPass: true);
        }

        _refusals.Clear(console);
        console.Offered = transport;
        console.MayNameOldTerminal = false;
        console.PacedUntil = Math.Max(console.PacedUntil, _clock.GetTimestamp()) + LifePaceTicks;
        console.Ring = reference;
        _log.ConsoleOffered(console.Domain, console.Number, transport.LocalPort, (int)port);
        _sink!.OnConsoleOffered(domid, transport);
        SetState(console, XenbusState.Connected);
        return false;
    }

    private long LifePaceTicks => (long)(s_lifePace.TotalSeconds * _clock.TimestampFrequency);

    private bool MayBegin(SecondaryConsole console)
        => console.PacedUntil - _clock.GetTimestamp() <= (LivesAtOnce - 1) * LifePaceTicks;

    private void Watch(SecondaryConsole console)
    {
        console.Domain.SecondaryConsoles.Add(console);
        Errno error = _store.Watch(console.FrontEndPath, console.Domain.Token);
        if (error != Errno.OK)
        {
            _log.NotWatched(console.Domain, error);
        }
    }

    private void SetState(SecondaryConsole console, XenbusState state)
    {
        if (console.State != state)
        {
            Errno error = _keys.WriteState(console, state);
            if (error == Errno.OK)
            {
                console.State = state;
            }
            else
            {
                _ = _refusals.Refuse(console, $"its state can not be written ({error})", mayPass: false);
            }
        }
    }

    /// <summary>A directory that the guest has removed is as good as closed.</summary>
    private Errno ReadState(SecondaryConsole console, out XenbusState state, out string? problem)
    {
        Errno error = _store.ReadNumber(
            console.FrontEndPath, "state", 0, (ulong)XenbusState.Reconfigured, out ulong number, out problem);
        state = error == Errno.OK ? (XenbusState)number : XenbusState.Closed;
        if (error == Errno.ENOENT)
        {
            problem = null;
        }

        return error;
    }
}
