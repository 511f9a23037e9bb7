namespace XcsSharp.Cli;

/// <summary>What the shell sees. 128 + n stands for signal n, as shells have it.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The daemon said no: an unknown domain, a console that is full.</summary>
    public const int Refused = 1;

    /// <summary>The command line makes no sense.</summary>
    public const int Usage = 2;

    /// <summary>The daemon cannot be reached, or went away before it answered.</summary>
    public const int Unreachable = 3;

    /// <summary>A file cannot be read or written, or is not what it should be.</summary>
    public const int BadFile = 4;

    /// <summary>A signal ended us.</summary>
    public const int Signalled = 128;
}
