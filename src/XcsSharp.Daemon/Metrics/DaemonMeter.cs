using System.Diagnostics.Metrics;

using XcsSharp.Consoles;
using XcsSharp.Protocol.Operator;
using XcsSharp.Switching;

namespace XcsSharp.Daemon.Metrics;

/// <summary>
/// The daemon's meter: all that <c>STATUS</c>, <c>TOP</c> and <c>LIST</c> show, and how the loop's turns are, as instruments.
/// </summary>
/// <remarks>
/// Loop thread only, and made when somebody asks first. Every instrument is an observable one over counters that are there anyway: between two questions they
/// cost nothing. They measure only inside <see cref="Read"/>: a listener of somebody else, on another thread, finds nothing, because the loop's state is the
/// loop's alone.
/// </remarks>
internal sealed partial class DaemonMeter : IDisposable
{
    private readonly Meter _meter = new("XcsSharp.Daemon", DaemonVersion.Text);
    private readonly MeteredParts _parts;
    private readonly MeterReader _reader;
    private readonly double _start;
    private Snapshot? _now;

    /// <param name="parts">Are looked at when somebody asks.</param>
    /// <param name="start">When the daemon was ready.</param>
    public DaemonMeter(MeteredParts parts, DateTimeOffset start)
    {
        _parts = parts;
        _start = start.ToUnixTimeMilliseconds() / 1000.0;
        AddDaemon();
        AddLoop();
        AddSessions();
        AddGuests();
        AddConsoles();
        _reader = new MeterReader(_meter);
    }

    /// <summary>What all instruments measure now.</summary>
    /// <param name="mayView">Whether a guest is to be among them. What is counted over all guests is not changed by that, as in <c>STATUS</c>.</param>
    /// <returns>An <see cref="InstrumentList"/> as JSON.</returns>
    public byte[] Read(Func<GuestDomain, bool> mayView)
    {
        _now = Snapshot.Take(_parts, mayView);
        try
        {
            return _reader.Read();
        }
        finally
        {
            _now = null;
        }
    }

    public void Dispose()
    {
        _reader.Dispose();
        _meter.Dispose();
    }

    private static KeyValuePair<string, object?> Tag(string key, object? value) => new(key, value);

    private void AddDaemon()
    {
        Gauge("xcs.build.info", null, "1, with the version and the hypervisor that is served as tags", _
            => [new Measurement<double>(1, Tag("version", DaemonVersion.Text), Tag("backend", _parts.Hypervisor.Backend))]);
        Gauge("xcs.start.time", "s", "When the daemon was ready, in seconds since 1970", _ => [new Measurement<double>(_start)]);
        Gauge("xcs.domains", "{domain}", "Guests that live now", static status => status.Domains);
        Gauge("xcs.channels", "{channel}", "Control channels open now", static status => status.Channels);
        Gauge("xcs.console.rings", "{ring}", "Console rings open now", static status => status.ConsoleRings);
        Gauge("xcs.quarantined", "{object}", "Channels and console rings that are put aside now, because the guest lied", static status => status.Quarantined);
        Gauge("xcs.sessions", "{session}", "Sessions on the xcs sockets", static status => status.Sessions);
        Gauge("xcs.viewers", "{viewer}", "Viewers of consoles", static status => status.Viewers);
        Counter("xcs.requests", "{message}", "Requests taken from guests", static status => status.Requests);
        Counter("xcs.responses", "{message}", "Answers written to guests", static status => status.Responses);
        Counter("xcs.answered.by.daemon", "{message}", "Answers for a subscriber that was absent, gone or silent", static status => status.AnsweredByDaemon);
        Counter("xcs.answers.dropped", "{message}", "Answers of subscribers that came second, or to nothing", static status => status.AnswersDropped);
        Counter("xcs.requests.locked.out", "{message}", "Requests of clients that another client's write lock kept out", static status => status.RequestsLockedOut);
        Counter("xcs.slow.sessions.closed", "{session}", "Sessions closed because their client did not read", static status => status.SlowSessionsClosed);
        Counter("xcs.sessions.paused", "{pause}", "Times that messages went past an extended session, because its client was slow", static status => status.SessionsPaused);
        Counter("xcs.console.rings.taken", "By", "Taken from guests' console rings", static status => status.ConsoleBytes);
        Counter("xcs.quarantines", "{quarantine}", "Times that a channel or console ring was put aside", static status => status.Quarantines);
        Counter("xcs.refusals", "{refusal}", "Times that something that a guest published could not be served", static status => status.Refusals);
    }

    private void AddLoop()
    {
        Counter("xcs.loop.turns", "{turn}", "Turns of the loop", static status => status.Turns);
        Counter("xcs.loop.ports", "{event}", "Events of guests' ports served", static status => status.PortsServed);
        ObservedDistribution.Create(
            _meter, "xcs.loop.turn.duration", "s", "How long turns took, without their waits; of those at whose end the clock was looked at", _parts.Loop.TurnTimes, 1.0 / _parts.Loop.Clock.TimestampFrequency);
        ObservedDistribution.Create(_meter, "xcs.loop.read.events", "{event}", "Events that one read of the event-channel device brought", _parts.Hypervisor.PortsARead);
        ObservedDistribution.Create(_meter, "xcs.drain.messages", "{message}", "Messages that one drain of a control channel found", _parts.Switch.Counters.MessagesADrain);
        ObservedDistribution.Create(_meter, "xcs.drain.console", "By", "Output that one drain of a console ring found", _parts.Switch.Counters.ConsoleBytesADrain);
    }

    private void AddSessions()
    {
        Gauge("xcs.session.queued", "{record}", "Records that a session's client has not taken", static now => Each(now.Sessions, static figures => figures.Queued));
        Gauge("xcs.session.unanswered", "{message}", "Requests that a session's client was given and has not answered", static now => Each(now.Sessions, static figures => figures.Unanswered));
        Counter("xcs.session.records", "{record}", "Records queued for a session's client (out) and taken from it (in)", static now => Both(now.Sessions, static figures => figures.RecordsOut, static figures => figures.RecordsIn));
    }

    private void AddGuests()
    {
        Gauge("xcs.guest.info", null, "1, with what else is known of the guest as tags", static now => now.Guests.Select(static guest
            => new Measurement<double>(1, [.. guest.Tags, Tag("uuid", guest.Thing.Uuid), Tag("generation", guest.Thing.Generation), Tag("state", FigureListing.StateOf(guest.Thing))])));
        Counter("xcs.guest.messages", "{message}", "Messages on the control channel: out is from the guest", static now => now.Guests.SelectMany(Messages));
        Gauge("xcs.guest.unanswered", "{message}", "Requests that hold one of the eight slots of the guest's ring", static now => Each(now.Guests, static guest => guest.Channel?.Unanswered ?? 0));
        Counter("xcs.guest.throttled", "s", "How long the guest was made to wait, because it cost more than it may", static now => Each(now.Guests, static guest => guest.ThrottledMilliseconds / 1000.0));
        Counter("xcs.guest.throttles", "{wait}", "Times that the guest was made to wait", static now => Each(now.Guests, static guest => guest.ThrottledTimes));
        Counter("xcs.guest.refusals", "{refusal}", "Times that something that the guest published could not be served", static now => Each(now.Guests, static guest => guest.Refusals));
        Gauge("xcs.guest.quarantined", "{object}", "The guest's channel and console rings that are put aside", static now => Each(now.Guests, Quarantined));
    }

    private void AddConsoles()
    {
        Counter("xcs.guest.console", "By", "Bytes of a console: out is from the guest", static now => Both(now.Consoles, static console => console.BytesOut, static console => console.BytesIn));
        Counter("xcs.guest.console.dropped", "By", "Output that a terminal, a viewer, the journal or a reader of the log missed, because it was too slow", static now => Each(now.Consoles, static console => console.BytesDropped));
        Counter("xcs.guest.console.logged", "By", "Output that is in the console's log", static now => Each(now.Consoles, static console => console.BytesLogged));
        Counter("xcs.guest.console.not.logged", "By", "Output that the console's log missed, because the disk was slow or full", static now => Each(now.Consoles, static console => console.BytesNotLogged));
        Counter("xcs.guest.console.gaps", "{gap}", "Gap marks that readers of a console were given", static now => Each(now.Consoles, static console => console.Gaps));
        Gauge("xcs.guest.console.viewers", "{viewer}", "Viewers of a console", static now => Each(now.Consoles, static console => console.Viewers));
    }
}
