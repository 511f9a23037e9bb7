using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>What people read before they type: the README files, and the sources of the manual pages.</summary>
internal static class DocumentFiles
{
    private static readonly string[] s_folders = ["src", "tests", "native-shims"];

    /// <summary>Paths below the repository's root.</summary>
    public static IReadOnlyList<string> Markdown { get; } =
    [
        "README.md",
        .. s_folders
            .SelectMany(static folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "README.md", SearchOption.AllDirectories))
            .Select(static file => Path.GetRelativePath(Repository.Root, file))
            .Where(static file => !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Likewise.</summary>
    public static IReadOnlyList<string> ManualPages { get; } =
    [
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "systemd/man"), "*.in")
            .Select(static file => Path.GetRelativePath(Repository.Root, file))
            .Order(StringComparer.Ordinal),
    ];

    public static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Repository.Root, file));
}
