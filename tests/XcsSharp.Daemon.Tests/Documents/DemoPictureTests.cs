using System.Net;
using System.Text.RegularExpressions;

using XcsSharp.Demo;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>README's picture of the demo shows what the demo shows now.</summary>
public sealed partial class DemoPictureTests
{
    [Fact]
    public async Task The_picture_is_what_the_demo_looks_like()
    {
        Assert.SkipWhen(TmuxServer.Unavailable is not null, TmuxServer.Unavailable ?? "");
        string committed = await File.ReadAllTextAsync(Path.Combine(Repository.Root, DemoPicture.Path), Lab.Cancel);
        string now = await DemoPicture.RecordAsync(Lab.Cancel);
        Assert.True(
            WordsOf(committed).SequenceEqual(WordsOf(now)),
            $"the demo shows something else now; run ./build.sh docs --picture\nit was:\n{string.Join('\n', WordsOf(committed))}\nit is:\n{string.Join('\n', WordsOf(now))}");
        Assert.Contains($"]({DemoPicture.Path})", await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"), Lab.Cancel), StringComparison.Ordinal);
    }

    /// <summary>The lines of text, without what differs from run to run: the machine's folder, numbers, and columns that are as wide as these ask for.</summary>
    private static string[] WordsOf(string svg) =>
        [.. Text().Matches(svg).Select(static match => Space().Replace(Number().Replace(Folder().Replace(WebUtility.HtmlDecode(match.Groups[1].Value), "DIR"), "N"), " ").TrimEnd())];

    [GeneratedRegex(@"<text[^>]*>([^<]*)</text>")]
    private static partial Regex Text();

    [GeneratedRegex(@"xcs-m-[0-9a-f]+")]
    private static partial Regex Folder();

    [GeneratedRegex(@"[0-9][0-9.,:]*")]
    private static partial Regex Number();

    [GeneratedRegex(@" +")]
    private static partial Regex Space();
}
