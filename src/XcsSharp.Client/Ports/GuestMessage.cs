using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>A message that came from a guest: a request, or an answer to somebody's request.</summary>
public readonly struct GuestMessage : IMarked<GuestMessage>
{
    internal GuestMessage(MessageSource source, in XcsRecord record, int connection, long number)
    {
        Source = source;
        IsRequest = record.Type == RecordType.Request;
        Domid = record.RemoteDomain;
        LocalPort = record.LocalPort;
        Message = record.Message;
        MayBeRepeated = IsRequest && (record.Correlation & XcsRecord.RepeatMark) != 0;
        Correlation = IsRequest ? record.Correlation & ~XcsRecord.RepeatMark : record.Correlation;
        Connection = connection;
        Number = number;
    }

    private GuestMessage(in GuestMessage message, ulong missed)
    {
        this = message;
        Missed = missed;
    }

    /// <summary>Whose.</summary>
    public uint Domid { get; }

    /// <summary>dom0's end of the channel on which it came.</summary>
    public int LocalPort { get; }

    public ControlMessage Message { get; }

    /// <summary>It waits for an answer.</summary>
    public bool IsRequest { get; }

    /// <summary>Another subscriber may have had this request before and left without an answer, or one of a daemon that was killed. Known where
    /// <see cref="Extensions.Repeats"/> is granted; false otherwise.</summary>
    public bool MayBeRepeated { get; }

    /// <summary>So many before it, of the same stream, were dropped because the reader lagged: the mark of a gap. Normally 0.</summary>
    public ulong Missed { get; }

    internal MessageSource? Source { get; }

    internal uint Correlation { get; }

    /// <summary>The connection on which it came; an answer can go on no other.</summary>
    internal int Connection { get; }

    /// <summary>Counts the source's requests, from 1.</summary>
    internal long Number { get; }

    GuestMessage IMarked<GuestMessage>.After(ulong missed) => new(this, missed);
}
