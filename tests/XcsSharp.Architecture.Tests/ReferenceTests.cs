using Xunit;

namespace XcsSharp.Architecture.Tests;

/// <summary>The picture at the top of src/ARCHITECTURE.md as a table: references point downward only.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> s_allowed = new()
    {
        ["XcsSharp.Protocol"] = [],
        ["XcsSharp.Interop"] = [],
        ["XcsSharp.Rings"] = ["XcsSharp.Protocol"],
        ["XcsSharp.Reactor"] = ["XcsSharp.Interop"],
        ["XcsSharp.Switching"] = ["XcsSharp.Protocol", "XcsSharp.Rings", "XcsSharp.Reactor"],
        ["XcsSharp.Consoles"] = ["XcsSharp.Protocol", "XcsSharp.Reactor", "XcsSharp.Switching"],
        ["XcsSharp.Handlers"] = ["XcsSharp.Protocol", "XcsSharp.Reactor", "XcsSharp.Switching"],
        ["XcsSharp.Xen"] = ["XcsSharp.Interop", "XcsSharp.Rings", "XcsSharp.Reactor", "XcsSharp.Switching"],
        ["XcsSharp.Guest"] = ["XcsSharp.Protocol", "XcsSharp.Interop", "XcsSharp.Rings", "XcsSharp.Reactor"],
        ["XcsSharp.Client"] = ["XcsSharp.Protocol"],
        ["XcsSharp.Hosting"] = [],
        ["XcsSharp.Daemon"] =
        [
            "XcsSharp.Protocol", "XcsSharp.Interop", "XcsSharp.Reactor", "XcsSharp.Switching", "XcsSharp.Consoles",
            "XcsSharp.Handlers", "XcsSharp.Xen", "XcsSharp.Hosting",
        ],
        ["XcsSharp.Cli"] = ["XcsSharp.Protocol", "XcsSharp.Client", "XcsSharp.Interop"],
        ["XcsSharp.Exporter"] = ["XcsSharp.Protocol", "XcsSharp.Client", "XcsSharp.Hosting"],
        ["XcsSharp.GuestAgent"] = ["XcsSharp.Client", "XcsSharp.Guest", "XcsSharp.Interop", "XcsSharp.Reactor"],
    };

    public static TheoryData<string> Projects => [.. SourceTree.Projects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_is_below_it(string project)
    {
        Assert.True(s_allowed.TryGetValue(project, out string[]? allowed), $"{project} is not in the picture");
        Assert.All(SourceTree.ReferencesOf(project), reference => Assert.Contains(reference, allowed));
    }

    [Fact]
    public void The_table_has_no_circle()
    {
        HashSet<string> placed = [];
        while (placed.Count < s_allowed.Count)
        {
            string[] next = [.. s_allowed
                .Where(row => !placed.Contains(row.Key) && row.Value.All(placed.Contains))
                .Select(row => row.Key)];
            Assert.NotEmpty(next);
            placed.UnionWith(next);
        }
    }

    [Fact]
    public void Every_project_of_the_table_exists()
        => Assert.Equal(s_allowed.Keys.Order(StringComparer.Ordinal), SourceTree.Projects);

    [Theory]
    [MemberData(nameof(Projects))]
    public void Unsafe_blocks_are_allowed_in_rings_and_interop_only(string project)
    {
        bool allowed = SourceTree.ProjectFile(project).Descendants("AllowUnsafeBlocks")
            .Any(setting => bool.Parse(setting.Value));
        Assert.Equal(project is "XcsSharp.Rings" or "XcsSharp.Interop", allowed);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Native_functions_are_declared_in_interop_only(string project)
    {
        if (project == "XcsSharp.Interop")
        {
            return;
        }

        Assert.Empty(Places(
            project,
            "LibraryImport", "DllImport", "NativeLibrary.", "GetDelegateForFunctionPointer", "delegate*"));
    }

    [Theory]
    [InlineData("XcsSharp.Protocol")]
    [InlineData("XcsSharp.Switching")]
    [InlineData("XcsSharp.Consoles")]
    [InlineData("XcsSharp.Handlers")]
    public void The_core_has_no_locks_and_starts_no_threads(string project)
        => Assert.Empty(Places(
            project,
            "lock (", "Monitor.", "Interlocked.", "SemaphoreSlim", "ConcurrentDictionary", "ConcurrentQueue",
            "new Thread(", "Task.Run", "ThreadPool."));

    /// <summary>It loads OpenSSL: not there in a small dom0 or guest, and a program without it is aborted.</summary>
    [Theory]
    [MemberData(nameof(Projects))]
    public void Nothing_needs_OpenSSL(string project)
        => Assert.Empty(Places(project, "System.Security.Cryptography", "SslStream"));

    [Fact]
    public void The_search_for_words_finds_them()
        => Assert.NotEmpty(Places("XcsSharp.Rings", "Volatile."));

    /// <summary>Where a project's code, comments left out, has one of the words.</summary>
    private static string[] Places(string project, params string[] words)
        => [.. SourceTree.SourcesOf(project).SelectMany(
            file => SourceTree.CodeOf(file)
                .Where(line => words.Any(word => line.Code.Contains(word, StringComparison.Ordinal)))
                .Select(line => $"{file}:{line.Line}: {line.Code.Trim()}"))];
}
