namespace XcsSharp.Exporter;

/// <summary>What the service manager and the shell see.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The command line makes no sense.</summary>
    public const int Usage = 2;

    /// <summary>The address cannot be listened on.</summary>
    public const int CannotStart = 3;
}
