using XcsSharp.Reference;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The protocol's reference is what the code says.</summary>
public sealed class ReferenceTests
{
    private const string Remedy = "the code says something else now; run ./build.sh docs";

    public static TheoryData<string> Files => [.. ReferenceFiles.Make().Select(static file => file.Path)];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_is_as_the_code_makes_it(string path)
    {
        string committed = Path.Combine(Repository.Root, path);
        string made = ReferenceFiles.Make().Single(file => file.Path == path).Text;
        Assert.True(File.Exists(committed), $"{path} is missing: {Remedy}");
        string[] was = File.ReadAllLines(committed);
        string[] now = made.TrimEnd('\n').Split('\n');
        int line = Enumerable.Range(0, Math.Max(was.Length, now.Length)).FirstOrDefault(at => was.ElementAtOrDefault(at) != now.ElementAtOrDefault(at), -1);
        Assert.True(
            File.ReadAllText(committed) == made,
            $"{path}:{line + 1} is\n  {was.ElementAtOrDefault(line)}\nand should be\n  {now.ElementAtOrDefault(line)}\n{Remedy}");
    }

    [Fact]
    public void No_schema_is_of_a_document_that_is_no_more()
        => Assert.True(ReferenceFiles.StrayIn(Repository.Root).Count == 0, $"{string.Join(", ", ReferenceFiles.StrayIn(Repository.Root))}: {Remedy}");

    /// <summary>The words, the errors and the numbers that a reader looks for.</summary>
    [Theory]
    [InlineData("| `ATTACH` | Attach |")]
    [InlineData("| `unknown-domain` | UnknownDomain |")]
    [InlineData("| 16 | 64 | 64 bytes, ControlMessage | `Message` |")]
    [InlineData("| 0x100 | ConnectExtended |")]
    [InlineData("| 8 | Correlation |")]
    [InlineData("| 80 | RecordSize |")]
    [InlineData("| `handle` | u32 | 0:4 | 0:4 | 0:4 | 0:4 |")]
    [InlineData("| `bytesDropped` | whole number | Bytes of that console that some reader missed because it was too slow. |")]
    [InlineData("| 3 | Unreachable |")]
    public void It_has_what_it_is_for(string row)
        => Assert.Contains(row, ReferenceFiles.Make()[0].Text, StringComparison.Ordinal);
}
