using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <content>What a session did, for operators.</content>
internal sealed partial class ClientSession
{
    /// <summary>Of the process that connected.</summary>
    public int Pid { get; }

    /// <summary>Counts the sessions of this daemon, from 1. The id is the client's secret: who knows it can take its place.</summary>
    public ulong Number { get; }

    /// <summary>Records that the client has sent and that are done, or ignored.</summary>
    public ulong RecordsIn { get; set; }

    /// <summary>Messages and news that were queued for the client.</summary>
    public ulong RecordsOut { get; private set; }

    public SessionFigures Figures => new(
        Number,
        Pid,
        (_extended?.Queue.Count ?? 0) + (((_data?.Queued ?? 0) + ProtocolLimits.RecordSize - 1) / ProtocolLimits.RecordSize),
        _delivered.Count,
        RecordsOut,
        RecordsIn);

    private bool Counted(bool isQueued)
    {
        RecordsOut += isQueued ? 1u : 0u;
        return isQueued;
    }
}
