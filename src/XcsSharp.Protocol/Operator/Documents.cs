using System.Text.Json.Serialization;

namespace XcsSharp.Protocol.Operator;

/// <summary>The answer to <c>LIST</c>: every domain that the daemon serves, by domid.</summary>
/// <param name="Domains">Those that the client may view.</param>
public sealed record DomainList(IReadOnlyList<DomainEntry> Domains);

/// <summary>One domain, its control channel and its consoles.</summary>
/// <param name="Domid">Xen's id, unique among the living.</param>
/// <param name="Generation">Counts the lives that this daemon has seen of this domid, from 1.</param>
/// <param name="Name">The toolstack's name for it.</param>
/// <param name="Transport">Of the control channel: <c>classic</c>, <c>granted</c>, or null while there is none.</param>
/// <param name="State">Of the control channel: <c>waiting</c> (there is none yet), <c>connected</c>, or <c>quarantined</c>.</param>
/// <param name="Problem">Why the channel is quarantined, or what the guest published was refused; otherwise null.</param>
/// <param name="LocalPort">dom0's event-channel port of the control channel, or null.</param>
/// <param name="Pty">The stable link to the terminal of the console that the domain's name alone means, or null.</param>
/// <param name="PtyDevice">Where that link points now, or null.</param>
/// <param name="Viewers">Viewers of that console.</param>
/// <param name="BytesOut">Bytes of that console from the guest.</param>
/// <param name="BytesIn">Bytes of that console to the guest.</param>
/// <param name="BytesDropped">Bytes of that console that some reader missed because it was too slow.</param>
/// <param name="Requests">Requests taken from the guest, of all types.</param>
/// <param name="Responses">Answers written to the guest, of all types.</param>
/// <param name="Unanswered">Requests that hold a slot of the guest's ring now (0..8).</param>
/// <param name="Consoles">Its consoles, the one that the domain's name alone means first. Null from a daemon that knows one
/// console a domain.</param>
/// <param name="ThrottledMs">Milliseconds that the guest was made to wait in all, because it cost more than it may.</param>
/// <param name="ThrottledTimes">How many times it was made to wait.</param>
/// <param name="Refusals">How often something that it published, a control page or a console, could not be served: once for
/// each reason, also those that the log only sums up.</param>
public sealed record DomainEntry(
    uint Domid,
    ulong Generation,
    string Name,
    string? Transport,
    string State,
    string? Problem,
    int? LocalPort,
    string? Pty,
    string? PtyDevice,
    int Viewers,
    ulong BytesOut,
    ulong BytesIn,
    ulong BytesDropped,
    ulong Requests,
    ulong Responses,
    int Unanswered,
    IReadOnlyList<ConsoleEntry>? Consoles = null,
    ulong ThrottledMs = 0,
    ulong ThrottledTimes = 0,
    ulong Refusals = 0);

/// <summary>One console of a domain.</summary>
/// <param name="Name">What <c>ATTACH</c> calls it: <c>web</c>, <c>web#1</c>, <c>web#control</c>.</param>
/// <param name="Number">0: the primary console ring; 1..9: a secondary one; -1: the control channel's.</param>
/// <param name="Transport"><c>ring</c>, <c>granted</c>, <c>classic</c>, or null while there is none: the guest's program or driver
/// is gone, or what it published is refused.</param>
/// <param name="State"><c>waiting</c> (no transport), <c>connected</c>, or <c>quarantined</c>.</param>
/// <param name="Problem">Why it is quarantined, or why it can not be served as it is described now; otherwise null.</param>
/// <param name="LocalPort">dom0's event-channel port, or null.</param>
/// <param name="Pty">The stable link to its terminal, or null.</param>
/// <param name="PtyDevice">Where the link points now, or null.</param>
/// <param name="Viewers">Viewers attached on the console socket.</param>
/// <param name="BytesOut">Bytes from the guest.</param>
/// <param name="BytesIn">Bytes to the guest.</param>
/// <param name="BytesDropped">Bytes that some reader missed because it was too slow.</param>
/// <param name="Log">Its log file, which its first byte makes; null when the daemon keeps no logs.</param>
/// <param name="BytesLogged">Bytes from the guest that are in the log; what has gathered since comes soon.</param>
/// <param name="BytesNotLogged">Bytes that the log has missed, each stretch with a mark, because the disk was slow or full.</param>
/// <param name="Socket">Its own socket, or null.</param>
public sealed record ConsoleEntry(
    string Name,
    int Number,
    string? Transport,
    string State,
    string? Problem,
    int? LocalPort,
    string? Pty,
    string? PtyDevice,
    int Viewers,
    ulong BytesOut,
    ulong BytesIn,
    ulong BytesDropped,
    string? Log = null,
    ulong BytesLogged = 0,
    ulong BytesNotLogged = 0,
    string? Socket = null);

/// <summary>The answer to <c>STATUS</c>: the daemon itself.</summary>
/// <param name="Version">The daemon's version.</param>
/// <param name="Pid">Its process id.</param>
/// <param name="Backend"><c>xen</c> or <c>sim</c>.</param>
/// <param name="UptimeSeconds">Since it was ready.</param>
/// <param name="Domains">Guests that live now. Neither dom0 is one, nor the hypervisor, which <c>LIST</c> shows as a domain for its log.</param>
/// <param name="Channels">Control channels open now.</param>
/// <param name="Quarantined">Channels and console rings that are put aside now, because the guest lied.</param>
/// <param name="Sessions">Sessions on the xcs sockets.</param>
/// <param name="Viewers">Viewers on the console socket.</param>
/// <param name="Requests">Requests taken from guests.</param>
/// <param name="Responses">Answers written to guests.</param>
/// <param name="AnsweredByDaemon">Of these, written for a subscriber that was absent, gone or silent.</param>
/// <param name="AnswersDropped">Answers of subscribers that came second, or to nothing.</param>
/// <param name="SlowSessionsClosed">Sessions closed because they did not read.</param>
/// <param name="Turns">Turns of the loop.</param>
/// <param name="PortsServed">Event-channel wake-ups served in them.</param>
/// <param name="ConsoleRings">Console rings open now.</param>
/// <param name="ConsoleBytes">Bytes taken from console rings.</param>
/// <param name="ThrottledMs">Milliseconds that living guests were made to wait, added up.</param>
/// <param name="Quarantines">How many channels and console rings were put aside since the start.</param>
/// <param name="Refusals">How often something that a guest published could not be served since the start.</param>
/// <param name="RequestsLockedOut">Requests of clients that another client's write lock kept from the guest.</param>
/// <param name="SessionsPaused">Times that an extended session's client was so slow that messages went past it.</param>
public sealed record DaemonStatus(
    string Version,
    int Pid,
    string Backend,
    double UptimeSeconds,
    int Domains,
    int Channels,
    int Quarantined,
    int Sessions,
    int Viewers,
    ulong Requests,
    ulong Responses,
    ulong AnsweredByDaemon,
    ulong AnswersDropped,
    ulong SlowSessionsClosed,
    ulong Turns,
    ulong PortsServed,
    int ConsoleRings = 0,
    ulong ConsoleBytes = 0,
    ulong ThrottledMs = 0,
    ulong Quarantines = 0,
    ulong Refusals = 0,
    ulong RequestsLockedOut = 0,
    ulong SessionsPaused = 0);

/// <summary>The answer to <c>WHO</c>: the consoles, by domid, with their viewers.</summary>
/// <param name="Consoles">The one that was asked for, or all that have viewers.</param>
public sealed record ViewerList(IReadOnlyList<ConsoleViewers> Consoles);

/// <summary>Who is attached to one console.</summary>
/// <param name="Domid">Its domain.</param>
/// <param name="Name">What <c>ATTACH</c> calls it.</param>
/// <param name="Writer">The id of the viewer that types; null while none does.</param>
/// <param name="Exclusive">True when the writer keeps everybody else from typing.</param>
/// <param name="Terminal">The console's terminal, where whoever opened it types too; null when there is none.</param>
/// <param name="TerminalTypedSeconds">How long ago somebody typed there; null: never.</param>
/// <param name="Viewers">On the console socket, as they came.</param>
public sealed record ConsoleViewers(
    uint Domid,
    string Name,
    ulong? Writer,
    bool Exclusive,
    string? Terminal,
    double? TerminalTypedSeconds,
    IReadOnlyList<ViewerEntry> Viewers);

/// <summary>One viewer.</summary>
/// <param name="Id">Of the daemon's life, from 1; for <c>TAKE</c> and its like.</param>
/// <param name="Uid">The user of the process that connected.</param>
/// <param name="User">That user's name; null when this machine's user file has none.</param>
/// <param name="Pid">The process that connected.</param>
/// <param name="Since">When it attached.</param>
/// <param name="Mode"><c>rw</c>, <c>ro</c> or <c>exclusive</c>.</param>
/// <param name="Writer">True of the one that types.</param>
/// <param name="BytesBehind">Bytes of output that it can still get and has not.</param>
/// <param name="BytesLost">Bytes of output that it missed, each stretch with a mark.</param>
/// <param name="InputRefused">Bytes that it typed in vain.</param>
public sealed record ViewerEntry(
    ulong Id,
    uint Uid,
    string? User,
    int Pid,
    DateTimeOffset Since,
    string Mode,
    bool Writer,
    long BytesBehind,
    ulong BytesLost,
    ulong InputRefused);

/// <summary>The answer to <c>TOP</c>: the daemon, and of each guest what changes from second to second, in a tenth of the bytes of <c>LIST</c>.</summary>
/// <param name="Daemon">As <c>STATUS</c> has it.</param>
/// <param name="Guests">By domid; what <c>LIST</c> has, the hypervisor's log included.</param>
public sealed record FigureList(DaemonStatus Daemon, IReadOnlyList<GuestFigures> Guests);

/// <summary>Figures of one guest, of all its consoles together.</summary>
/// <param name="Domid">Xen's id.</param>
/// <param name="Generation">Tells lives of one domid apart.</param>
/// <param name="Name">Its name.</param>
/// <param name="State"><c>quarantined</c> if its channel or one of its consoles is, <c>connected</c> if one of them is, otherwise <c>waiting</c>.</param>
/// <param name="Viewers">On the console socket.</param>
/// <param name="Out">Bytes from the guest.</param>
/// <param name="In">Bytes to the guest.</param>
/// <param name="Dropped">Bytes that a terminal, a viewer or a log has missed.</param>
/// <param name="ThrottledMs">Milliseconds that it was made to wait.</param>
public sealed record GuestFigures(
    uint Domid,
    ulong Generation,
    string Name,
    string State,
    int Viewers,
    ulong Out,
    ulong In,
    ulong Dropped,
    ulong ThrottledMs);

/// <summary>
/// The answer to <c>METRICS</c>: every instrument of the daemon, with what it measures now. Of guests those that the client may view, the
/// hypervisor's log included.
/// </summary>
/// <param name="Instruments">Each with its measurements.</param>
public sealed record InstrumentList(IReadOnlyList<InstrumentEntry> Instruments);

/// <summary>One instrument.</summary>
/// <param name="Name">As OpenTelemetry writes names: <c>xcs.guest.console</c>.</param>
/// <param name="Kind">Of <see cref="InstrumentKind"/>.</param>
/// <param name="Unit">By UCUM: <c>s</c>, <c>By</c>, <c>{message}</c>; null: it has none.</param>
/// <param name="Description">For people.</param>
/// <param name="Measurements">One for each set of tags; none while there is nothing to measure.</param>
public sealed record InstrumentEntry(
    string Name, string Kind, string? Unit, string? Description, IReadOnlyList<MeasurementEntry> Measurements);

/// <summary>What one instrument measures of one thing.</summary>
/// <param name="Tags">Of what: <c>domain</c>, <c>direction</c> and the like.</param>
/// <param name="Value">Of a histogram: the sum of all values.</param>
/// <param name="Buckets">Of a histogram, in ascending order, the last without a bound; otherwise null.</param>
public sealed record MeasurementEntry(
    IReadOnlyDictionary<string, string> Tags,
    double Value,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<BucketEntry>? Buckets = null);

/// <summary>How many values were not above a bound, those of the smaller bounds included.</summary>
/// <param name="Bound">Null: all values.</param>
/// <param name="Count">Values.</param>
public sealed record BucketEntry(double? Bound, double Count);

/// <summary>What an instrument's value does.</summary>
public static class InstrumentKind
{
    /// <summary>It only grows while the daemon, or what it is about, lives.</summary>
    public const string Counter = "counter";

    /// <summary>It goes up and down.</summary>
    public const string Gauge = "gauge";

    /// <summary>Counts of values by size.</summary>
    public const string Histogram = "histogram";
}

/// <summary>Source-generated readers and writers, as NativeAOT needs them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DomainList))]
[JsonSerializable(typeof(DaemonStatus))]
[JsonSerializable(typeof(ViewerList))]
[JsonSerializable(typeof(FigureList))]
[JsonSerializable(typeof(InstrumentList))]
public sealed partial class OperatorJson : JsonSerializerContext;
