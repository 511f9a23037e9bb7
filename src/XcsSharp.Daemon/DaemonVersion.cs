namespace XcsSharp.Daemon;

internal static class DaemonVersion
{
    /// <summary>Such as <c>0.1.0</c>.</summary>
    public static string Text { get; } = typeof(DaemonVersion).Assembly.GetName().Version?.ToString(3) ?? "unknown";
}
