namespace XcsSharp.Switching;

/// <summary>Why a console could not be added or removed.</summary>
public enum ConsoleFailure
{
    None,
    NoSuchDomain,

    /// <summary>The domain has no such console, or it was not made by this daemon.</summary>
    NoSuchConsole,

    /// <summary>All nine numbers are in use.</summary>
    NoNumberLeft,

    /// <summary>Console rings are not served here.</summary>
    NotSupported,

    /// <summary>xenstore refused; the log says how.</summary>
    Failed,
}
