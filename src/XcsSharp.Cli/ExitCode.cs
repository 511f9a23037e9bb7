namespace XcsSharp.Cli;

/// <summary>What the shell sees: the one place that says so. <c>xcsctl --help</c> prints <see cref="Meanings"/>, the manual page takes them from there.</summary>
internal static class ExitCode
{
    /// <summary>Done; also when whoever read our output has left.</summary>
    public const int Ok = 0;

    /// <summary>The daemon said no (an unknown domain, a console that is full), the guest did not do it in time, the doctor has found a problem.</summary>
    public const int Refused = 1;

    /// <summary>The command line makes no sense.</summary>
    public const int Usage = 2;

    /// <summary>The daemon cannot be reached, went away before it answered, or says what this version does not know.</summary>
    public const int Unreachable = 3;

    /// <summary>A file cannot be read or written, or is not what it should be.</summary>
    public const int BadFile = 4;

    /// <summary>A signal ended us: with its number added, as shells have it.</summary>
    public const int Signalled = 128;

    /// <summary>For people.</summary>
    public static IReadOnlyList<(string Code, string Meaning)> Meanings { get; } =
    [
        ($"{Ok}", "Done"),
        ($"{Refused}", "The daemon refused, the guest did not do it in time, or the doctor has found a problem"),
        ($"{Usage}", "The command line makes no sense"),
        ($"{Unreachable}", "The daemon cannot be reached, went away before it answered, or is no xcsd that this xcsctl understands"),
        ($"{BadFile}", "A file cannot be read or written, or is not what it should be"),
        ($"{Signalled}+N", "Signal N ended it; a dump that ^C ends is done (0)"),
    ];
}
