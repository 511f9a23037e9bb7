namespace XcsSharp.Reference;

/// <summary>Which command of xcsctl prints which document.</summary>
public static class JsonOutputs
{
    public static IReadOnlyList<(string Command, string Document)> All { get; } =
    [
        ("list", "DomainList"),
        ("status", "DaemonStatus"),
        ("who", "ViewerList"),
        ("top", "TopDocument"),
        ("doctor", "DoctorReport"),
        ("console-add", "AttachedDocument"),
        ("console-del", "AttachedDocument"),
        ("shutdown", "AskedDocument"),
        ("reboot", "AskedDocument"),
        ("suspend", "AskedDocument"),
        ("mem-set", "MemoryAnswer"),
        ("upgrade", "UpgradedDaemon"),
        ("dump", "RecordLine"),
    ];
}
