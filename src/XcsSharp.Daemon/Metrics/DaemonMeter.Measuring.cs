using System.Diagnostics.Metrics;

using XcsSharp.Consoles;
using XcsSharp.Protocol.Operator;
using XcsSharp.Switching;

namespace XcsSharp.Daemon.Metrics;

/// <content>How instruments find what they measure.</content>
internal sealed partial class DaemonMeter
{
    private static IEnumerable<Measurement<double>> Each<T>(IEnumerable<Tagged<T>> things, Func<T, double> value)
        => things.Select(thing => new Measurement<double>(value(thing.Thing), thing.Tags));

    private static IEnumerable<Measurement<double>> Both<T>(IEnumerable<Tagged<T>> things, Func<T, double> fromGuest, Func<T, double> toGuest)
        => things.SelectMany(thing => (Measurement<double>[])
        [
            new(fromGuest(thing.Thing), [.. thing.Tags, Tag("direction", "out")]),
            new(toGuest(thing.Thing), [.. thing.Tags, Tag("direction", "in")]),
        ]);

    private static IEnumerable<Measurement<double>> Messages(Tagged<GuestDomain> guest)
    {
        ChannelCounters? counters = guest.Thing.Channel?.Counters;
        return
        [
            Of(counters?.Requests, "request", "out"),
            Of(counters?.Responses, "response", "in"),
            Of(counters?.RequestsSent, "request", "in"),
            Of(counters?.ResponsesReceived, "response", "out"),
        ];

        Measurement<double> Of(ulong? count, string kind, string direction) => new(count ?? 0, [.. guest.Tags, Tag("kind", kind), Tag("direction", direction)]);
    }

    private static double Quarantined(GuestDomain guest)
        => guest.Consoles.Count(static console => console.State == ChannelState.Quarantined)
            + (guest.Channel?.State == ChannelState.Quarantined ? 1 : 0);

    private void Gauge(string name, string unit, string description, Func<DaemonStatus, double> value)
        => Gauge(name, unit, description, now => [new Measurement<double>(value(now.Status))]);

    private void Gauge(string name, string? unit, string description, Func<Snapshot, IEnumerable<Measurement<double>>> measure)
        => _ = _meter.CreateObservableGauge(name, () => Measure(measure), unit, description);

    private void Counter(string name, string unit, string description, Func<DaemonStatus, double> value)
        => Counter(name, unit, description, now => [new Measurement<double>(value(now.Status))]);

    private void Counter(string name, string unit, string description, Func<Snapshot, IEnumerable<Measurement<double>>> measure)
        => _ = _meter.CreateObservableCounter(name, () => Measure(measure), unit, description);

    private IEnumerable<Measurement<double>> Measure(Func<Snapshot, IEnumerable<Measurement<double>>> measure) => _now is { } now ? measure(now) : [];

    /// <summary>Something, and the tags that all that is measured of it has.</summary>
    private sealed record Tagged<T>(T Thing, KeyValuePair<string, object?>[] Tags);

    /// <summary>What there is while one question is answered.</summary>
    private sealed record Snapshot(
        DaemonStatus Status, IReadOnlyList<Tagged<GuestDomain>> Guests, IReadOnlyList<Tagged<GuestConsole>> Consoles, IReadOnlyList<Tagged<SessionFigures>> Sessions)
    {
        public static Snapshot Take(MeteredParts parts, Func<GuestDomain, bool> mayView)
        {
            Dictionary<GuestDomain, Tagged<GuestDomain>> guests = [];
            foreach (GuestDomain domain in parts.Switch.Domains.Where(mayView).OrderBy(static domain => domain.Domid))
            {
                guests[domain] = new(domain, [Tag("domain", domain.Name), Tag("domid", domain.Domid)]);
            }

            return new Snapshot(
                parts.Status(),
                [.. guests.Values],
                [
                    .. parts.Consoles.Consoles.Where(console => guests.ContainsKey(console.Domain)).Select(console
                        => new Tagged<GuestConsole>(console, [.. guests[console.Domain].Tags, Tag("console", console.Name)])),
                ],
                [
                    .. parts.Clients.Sessions.OrderBy(static session => session.Number).Select(static session
                        => new Tagged<SessionFigures>(session, [Tag("session", session.Number), Tag("pid", session.Pid)])),
                ]);
        }
    }
}
