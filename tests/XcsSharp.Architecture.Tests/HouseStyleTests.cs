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
    public void Using_directives_are_in_order()
    {
        string[] wrong = [.. AllSources()
            .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) && !AreInOrder(File.ReadLines(file)))
            .Select(file => Path.GetRelativePath(SourceTree.Root, file))];
        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData(true, "using System;", "using System.Text;", "", "using Xunit;")]
    [InlineData(true, "using System.Text;", "", "using Microsoft.Win32;", "", "using XcsSharp.Interop;", "using XcsSharp.Interop.Linux;")]
    [InlineData(false, "using XcsSharp.Xen;", "using XcsSharp.Interop;")]
    [InlineData(false, "using Microsoft.Win32;", "", "using System.Text;")]
    [InlineData(false, "using System.Text;", "using Xunit;")]
    [InlineData(false, "using XcsSharp.Interop;", "", "using XcsSharp.Xen;")]
    public void The_order_rule_sees_what_it_should(bool inOrder, params string[] lines) => Assert.Equal(inOrder, AreInOrder(lines));

    [Fact]
    public void The_top_level_stays_as_it_is()
    {
        string[] strangers = [.. Directory.EnumerateFileSystemEntries(SourceTree.Root)
            .Select(path => Path.GetFileName(path)!)
            .Where(name => !name.StartsWith('.') && !s_topLevel.Contains(name))];
        Assert.Empty(strangers);
    }

    /// <summary>As "dotnet format" puts them: System first, then by the alphabet, an empty line where the first word changes.</summary>
    private static bool AreInOrder(IEnumerable<string> lines)
    {
        string? last = null;
        bool apart = false;
        foreach (string line in lines.TakeWhile(static line => !line.StartsWith("namespace ", StringComparison.Ordinal)))
        {
            if (UsingDirective().Match(line) is not { Success: true } match)
            {
                apart |= line.Length == 0;
                continue;
            }

            string name = match.Groups[1].Value;
            if (last is not null && (string.Compare(SortKey(last), SortKey(name), StringComparison.OrdinalIgnoreCase) > 0
                || apart != (FirstWord(last) != FirstWord(name))))
            {
                return false;
            }

            (last, apart) = (name, false);
        }

        return true;
    }

    private static string SortKey(string name) => FirstWord(name) == "System" ? "\0" + name : name;

    private static string FirstWord(string name) => name.Split('.')[0];

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

    [GeneratedRegex(@"^using ([\w.]+);")]
    private static partial Regex UsingDirective();

    [GeneratedRegex(@"public (?:async Task|Task|void) ([BD])(\d\d)_\w+\(")]
    private static partial Regex BugTest();

    [GeneratedRegex(@"\b(TODO|FIXME|XXX|HACK)\b(?!.*#\d+)")]
    private static partial Regex UnfinishedNote();
}
