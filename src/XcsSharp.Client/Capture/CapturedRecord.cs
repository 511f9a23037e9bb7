using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Client.Capture;

/// <summary>Which way a message went. The numbers are those of capture files.</summary>
public enum MessageDirection : byte
{
    /// <summary>A guest's request, its answer to one of ours, a virtual interrupt, or what the daemon says itself: what a
    /// client receives.</summary>
    FromGuest = 0,

    /// <summary>An answer to a guest's request, a request to a guest, or what the daemon is asked: what a client sends.</summary>
    ToGuest = 1,
}

/// <summary>A record that was seen on its way, with what the record itself does not say.</summary>
public readonly struct CapturedRecord
{
    /// <summary>When it was seen. Text shows this clock: convert it to local time for people.</summary>
    public required DateTimeOffset Time { get; init; }

    public required MessageDirection Direction { get; init; }

    /// <summary>How the guest's structs are laid out.</summary>
    public required PayloadAbi Abi { get; init; }

    /// <summary>The guest; 0 of a record that concerns none (a virtual interrupt, a gap).</summary>
    public required uint Domid { get; init; }

    /// <summary>dom0's port of the channel; 0 if not known.</summary>
    public required int LocalPort { get; init; }

    /// <summary>The guest's name when it was seen; empty if not known. A capture keeps 255 bytes of UTF-8 of it.</summary>
    public required string DomainName { get; init; }

    public required XcsRecord Record { get; init; }

    /// <summary>It carries a control message: a request, a response, or one that went nowhere.</summary>
    public bool HasMessage => Record.HasMessage || Record.Type == RecordType.Undelivered;

    /// <summary>A record as <see cref="XcsSession.ReceiveAsync"/> gave it.</summary>
    public static CapturedRecord Received(
        in XcsRecord record, DateTimeOffset time, string domainName = "", PayloadAbi abi = PayloadAbi.Natural64)
        => Create(record, time, MessageDirection.FromGuest, RecordFields.LocalPortOf(record), domainName, abi);

    /// <summary>A record as a client sends it.</summary>
    /// <param name="record">Its local_port is not looked at: clients leave anything there.</param>
    /// <param name="time">When it was sent.</param>
    /// <param name="localPort">dom0's port of the guest's channel; 0 if not known.</param>
    /// <param name="domainName">The guest's name; empty if not known.</param>
    /// <param name="abi">How the guest's structs are laid out.</param>
    public static CapturedRecord Sent(
        in XcsRecord record, DateTimeOffset time, int localPort = 0, string domainName = "",
        PayloadAbi abi = PayloadAbi.Natural64)
        => Create(record, time, MessageDirection.ToGuest, localPort, domainName, abi);

    /// <summary>Takes the record's payload apart, for <see cref="RecordText"/> and <see cref="RecordJson"/>.</summary>
    public DecodedPayload Decode() => DecodedPayload.Decode(Record.Message, Abi);

    private static CapturedRecord Create(
        in XcsRecord record, DateTimeOffset time, MessageDirection direction, int localPort, string name, PayloadAbi abi)
    {
        return new CapturedRecord
        {
            Time = time,
            Direction = direction,
            Abi = abi,
            Domid = RecordFields.DomainOf(record),
            LocalPort = record.HasMessage ? localPort : RecordFields.LocalPortOf(record),
            DomainName = record.Type == RecordType.DomainNews && name.Length == 0 ? record.DomainName.ToString() : name,
            Record = record,
        };
    }
}
