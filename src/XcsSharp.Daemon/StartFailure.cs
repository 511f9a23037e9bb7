namespace XcsSharp.Daemon;

/// <summary>
/// The daemon cannot start, and an operator can mend it: shown as two lines on stderr, without a stack trace.
/// </summary>
internal sealed class StartFailure(int exitCode, string message, string remedy, Exception? cause = null)
    : Exception(message, cause)
{
    /// <summary>A value of <see cref="Daemon.ExitCode"/>.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>What to do about it, as a sentence.</summary>
    public string Remedy { get; } = remedy;
}
