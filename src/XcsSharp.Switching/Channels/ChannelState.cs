namespace XcsSharp.Switching;

/// <summary>How a control channel is.</summary>
public enum ChannelState
{
    Open,

    /// <summary>The guest's indexes were impossible: the channel is put aside and never looked at again.</summary>
    Quarantined,

    Closed,
}
