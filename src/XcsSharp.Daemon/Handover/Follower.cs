namespace XcsSharp.Daemon.Handover;

/// <summary>Who goes on when a daemon has ended.</summary>
internal enum Follower
{
    /// <summary>Nobody.</summary>
    None,

    /// <summary>A daemon that the service manager starts at once, with what it keeps for us.</summary>
    ServiceManagers,

    /// <summary>Another program in this process.</summary>
    Successor,
}
