namespace XcsSharp.Switching;

/// <summary>What became of an answer.</summary>
public enum AnswerOutcome
{
    /// <summary>It is in the guest's ring.</summary>
    Written,

    /// <summary>Somebody, or the daemon, was first; this one is dropped and counted.</summary>
    AlreadyAnswered,

    /// <summary>Another client holds the write lock. Dropped and counted.</summary>
    LockedOut,

    /// <summary>The channel is closed, or this subscriber was never given that request. Dropped, and counted while the channel is open.</summary>
    Unknown,
}
