using XcsSharp.Protocol.Operator;

namespace XcsSharp.Client.Tests;

/// <summary>Documents of a daemon.</summary>
internal static class Samples
{
    public static DaemonStatus Status { get; } = new(
        "0.1.0", 4711, "sim", 93784.5, 3, 2, 1, 4, 5, 1234567, 1234560, 7, 8, 9, 100, 250, 20, 3072, 61_000, 12, 3456, 21, 22);

    public static DomainEntry Domain(uint domid, string name) => new(
        domid, 1, name, "granted", "connected", null, 17, "/run/xcs/pty/" + name, "/dev/pts/3", 2, 1536, 10, 0, 30, 30, 0);
}
