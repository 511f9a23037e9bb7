namespace XcsSharp.Switching;

/// <summary>How a control channel, or a console's stream, is.</summary>
public enum ChannelState
{
    Open,

    /// <summary>The guest's indexes were impossible: it is put aside and never looked at again.</summary>
    Quarantined,

    Closed,
}
