using System.Text.RegularExpressions;

using Xunit;

namespace XcsSharp.Architecture.Tests;

/// <summary>Rules that no analyzer knows: size of files, words that say nothing, the fixed top level.</summary>
public sealed partial class HouseStyleTests
{
    private const int MaxLines = 450;

    private static readonly string[] s_topLevel =
    [
        "src", "native-shims", "tests", "systemd", "XcsSharp.sln", "build.sh", "README.md", "LICENSE",
        "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json",
        "artifacts", "TestResults", // written by builds and test runs, ignored by git
    ];

    [Fact]
    public void No_source_file_is_longer_than_a_reader_can_hold()
    {
        string[] tooLong = [.. AllSources()
            .Where(file => File.ReadLines(file).Count() > MaxLines)
            .Select(file => Path.GetRelativePath(SourceTree.Root, file))];
        Assert.Empty(tooLong);
    }

    [Fact]
    public void Types_and_methods_do_not_hide_behind_empty_words()
    {
        List<string> found = [];
        foreach (string file in AllSources())
        {
            foreach ((int line, string code) in SourceTree.CodeOf(file))
            {
                if (EmptyWord().Match(code) is { Success: true } match)
                {
                    found.Add($"{Path.GetRelativePath(SourceTree.Root, file)}:{line}: {match.Value}");
                }
            }
        }

        Assert.Empty(found);
    }

    [Theory]
    [InlineData("internal sealed class PortManager", true)]
    [InlineData("private void HandleRequest(int port)", true)]
    [InlineData("public bool ProcessEvent()", true)]
    [InlineData("internal static class StringUtil", true)]
    [InlineData("private readonly SafeHandle _handle;", false)]
    [InlineData("public int ProcessId { get; }", false)]
    public void The_word_rule_sees_what_it_should(string code, bool found)
        => Assert.Equal(found, EmptyWord().IsMatch(code));

    [Fact]
    public void The_top_level_stays_as_it_is()
    {
        string[] strangers = [.. Directory.EnumerateFileSystemEntries(SourceTree.Root)
            .Select(path => Path.GetFileName(path)!)
            .Where(name => !name.StartsWith('.') && !s_topLevel.Contains(name))];
        Assert.Empty(strangers);
    }

    [Fact]
    public void A_note_to_finish_later_has_an_issue_or_does_not_exist()
    {
        string[] notes = [.. AllSources()
            .SelectMany(file => File.ReadLines(file).Select((text, index) => (file, text, index)))
            .Where(line => UnfinishedNote().IsMatch(line.text))
            .Select(line => $"{line.file}:{line.index + 1}")];
        Assert.Empty(notes);
    }

    /// <summary>B: those of the xcs of 2005; D: those of xenconsoled.</summary>
    [Theory]
    [InlineData("B", 21)]
    [InlineData("D", 12)]
    public void Each_bug_of_the_original_has_a_test_of_its_number(string letter, int bugs)
    {
        HashSet<int> tested = [.. AllSources()
            .SelectMany(file => BugTest().Matches(File.ReadAllText(file)))
            .Where(match => match.Groups[1].Value == letter)
            .Select(match => int.Parse(match.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Equal(Enumerable.Range(1, bugs), tested.Order());
    }

    private static IEnumerable<string> AllSources()
        => SourceTree.CSharpBelow(Path.Combine(SourceTree.Root, "src"))
            .Concat(SourceTree.CSharpBelow(Path.Combine(SourceTree.Root, "tests")))
            .Where(file => !file.EndsWith(nameof(HouseStyleTests) + ".cs", StringComparison.Ordinal));

    [GeneratedRegex(@"\b(class|struct|record|interface|enum) \w*(Manager|Helper|Helpers|Util|Utils)\b|\b(Handle|Process)[A-Z]\w*\s*\((?=[^;]*$)(?<=(void|bool|int|Task|string)\s+(Handle|Process)\w*\s*\()")]
    private static partial Regex EmptyWord();

    [GeneratedRegex(@"public (?:async Task|Task|void) ([BD])(\d\d)_\w+\(")]
    private static partial Regex BugTest();

    [GeneratedRegex(@"\b(TODO|FIXME|XXX|HACK)\b(?!.*#\d+)")]
    private static partial Regex UnfinishedNote();
}
