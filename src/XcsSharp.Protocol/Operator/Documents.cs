using System.Text.Json.Serialization;

namespace XcsSharp.Protocol.Operator;

/// <summary>The answer to <c>LIST</c>: every domain that the daemon serves, by domid.</summary>
public sealed record DomainList(IReadOnlyList<DomainEntry> Domains);

/// <summary>One domain and its console.</summary>
/// <param name="Domid">Xen's id, unique among the living.</param>
/// <param name="Generation">Counts the lives that this daemon has seen of this domid, from 1.</param>
/// <param name="Name">The toolstack's name for it.</param>
/// <param name="Transport"><c>classic</c>, <c>granted</c>, or null while there is no channel.</param>
/// <param name="State"><c>waiting</c> (no channel yet), <c>connected</c>, or <c>quarantined</c>.</param>
/// <param name="Problem">Why it is quarantined; otherwise null.</param>
/// <param name="LocalPort">dom0's event-channel port, or null.</param>
/// <param name="Pty">The stable link to the console's terminal, or null.</param>
/// <param name="PtyDevice">Where the link points now, or null.</param>
/// <param name="Viewers">Viewers attached on the console socket.</param>
/// <param name="BytesOut">Console bytes from the guest.</param>
/// <param name="BytesIn">Console bytes to the guest.</param>
/// <param name="BytesDropped">Console bytes that some reader missed because it was too slow.</param>
/// <param name="Requests">Requests taken from the guest, of all types.</param>
/// <param name="Responses">Answers written to the guest, of all types.</param>
/// <param name="Unanswered">Requests that hold a slot of the guest's ring now (0..8).</param>
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
    int Unanswered);

/// <summary>The answer to <c>STATUS</c>: the daemon itself.</summary>
/// <param name="Version">The daemon's version.</param>
/// <param name="Pid">Its process id.</param>
/// <param name="Backend"><c>xen</c> or <c>sim</c>.</param>
/// <param name="UptimeSeconds">Since it was ready.</param>
/// <param name="Domains">Domains known now.</param>
/// <param name="Channels">Control channels open now.</param>
/// <param name="Quarantined">Channels put aside because the guest lied.</param>
/// <param name="Sessions">Sessions on the xcs sockets.</param>
/// <param name="Viewers">Viewers on the console socket.</param>
/// <param name="Requests">Requests taken from guests.</param>
/// <param name="Responses">Answers written to guests.</param>
/// <param name="AnsweredByDaemon">Of these, written for a subscriber that was absent, gone or silent.</param>
/// <param name="AnswersDropped">Answers of subscribers that came second, or to nothing.</param>
/// <param name="SlowSessionsClosed">Sessions closed because they did not read.</param>
/// <param name="Turns">Turns of the loop.</param>
/// <param name="PortsServed">Event-channel wake-ups served in them.</param>
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
    ulong PortsServed);

/// <summary>Source-generated readers and writers, as NativeAOT needs them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DomainList))]
[JsonSerializable(typeof(DaemonStatus))]
public sealed partial class OperatorJson : JsonSerializerContext;
