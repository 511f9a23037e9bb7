using XcsSharp.Protocol.Operator;
using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <summary>Puts together what the switch and the console handler know of each domain.</summary>
internal static class DomainListing
{
    /// <summary>Every domain, by domid.</summary>
    internal static DomainList Build(ControlSwitch controlSwitch, ConsoleHandler consoles)
        => new([.. controlSwitch.Domains.OrderBy(static d => d.Domid).Select(d => Describe(d, consoles.Find(d)))]);

    private static DomainEntry Describe(GuestDomain domain, GuestConsole? console)
    {
        ControlChannel? channel = domain.Channel;
        return new DomainEntry(
            domain.Domid,
            domain.Generation,
            domain.Name,
            channel is null ? null : channel.Kind == TransportKind.Classic ? "classic" : "granted",
            channel is null or { State: ChannelState.Closed } ? "waiting"
                : channel.State == ChannelState.Open ? "connected" : "quarantined",
            channel?.Problem,
            channel?.LocalPort,
            console?.PtyLink,
            console?.PtyDevice,
            console?.Viewers ?? 0,
            console?.BytesOut ?? 0,
            console?.BytesIn ?? 0,
            console?.BytesDropped ?? 0,
            channel?.Counters.Requests ?? 0,
            channel?.Counters.Responses ?? 0,
            channel?.Unanswered ?? 0);
    }
}
