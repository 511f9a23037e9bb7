using XcsSharp.Protocol.Operator;
using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <summary>Puts together what the switch and the console handler know of each domain.</summary>
internal static class DomainListing
{
    /// <summary>Each of these domains, by domid.</summary>
    internal static DomainList Build(IEnumerable<GuestDomain> domains, ConsoleHandler consoles)
        => new([.. domains.OrderBy(static d => d.Domid).Select(d => Describe(d, consoles))]);

    private static DomainEntry Describe(GuestDomain domain, ConsoleHandler consoles)
    {
        ControlChannel? channel = domain.Channel;
        GuestConsole? console = consoles.Find(domain);
        return new DomainEntry(
            domain.Domid,
            domain.Generation,
            domain.Name,
            NameOf(channel?.Kind),
            NameOf(channel?.State),
            channel?.Problem ?? domain.Refusal,
            channel?.LocalPort,
            console?.PtyLink,
            console?.PtyDevice,
            console?.Viewers ?? 0,
            console?.BytesOut ?? 0,
            console?.BytesIn ?? 0,
            console?.BytesDropped ?? 0,
            channel?.Counters.Requests ?? 0,
            channel?.Counters.Responses ?? 0,
            channel?.Unanswered ?? 0,
            [.. consoles.FindAll(domain).Select(Describe), .. NeverServed(domain, consoles)],
            domain.ThrottledMilliseconds,
            domain.ThrottledTimes,
            domain.Refusals);
    }

    /// <summary>Consoles that were refused before any ring of theirs was served.</summary>
    private static IEnumerable<ConsoleEntry> NeverServed(GuestDomain domain, ConsoleHandler consoles)
    {
        for (int number = 0; number <= ConsoleStream.MaxNumber; number++)
        {
            ConsoleId id = new(domain, number);
            if (domain.FindConsoleRefusal(number) is { } problem && consoles.Find(id) is null)
            {
                yield return new ConsoleEntry(
                    domain.Name + id.Suffix, number, null, NameOf((ChannelState?)null), problem, null, null, null, 0, 0, 0, 0);
            }
        }
    }

    private static ConsoleEntry Describe(GuestConsole console)
    {
        ControlChannel? channel = console.Id.IsControl ? console.Domain.Channel : null;
        ConsoleStream? stream = console.Id.IsControl ? null : console.Domain.FindConsole(console.Id.Number);
        return new ConsoleEntry(
            console.Name,
            console.Id.Number,
            stream is null ? NameOf(channel?.Kind) : "ring",
            NameOf(stream?.State ?? channel?.State),
            stream?.Problem ?? channel?.Problem ?? console.Domain.FindConsoleRefusal(console.Id.Number),
            stream?.LocalPort ?? channel?.LocalPort,
            console.PtyLink,
            console.PtyDevice,
            console.Viewers,
            console.BytesOut,
            console.BytesIn,
            console.BytesDropped,
            console.LogPath,
            console.BytesLogged,
            console.BytesNotLogged,
            console.SocketPath);
    }

    private static string? NameOf(TransportKind? kind) => kind switch
    {
        TransportKind.Classic => "classic",
        TransportKind.Granted => "granted",
        _ => null,
    };

    internal static string NameOf(ChannelState? state) => state switch
    {
        ChannelState.Open => "connected",
        ChannelState.Quarantined => "quarantined",
        _ => "waiting",
    };
}
