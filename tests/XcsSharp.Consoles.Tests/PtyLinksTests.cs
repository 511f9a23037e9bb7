using Microsoft.Extensions.Logging.Abstractions;

using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class PtyLinksTests : IDisposable
{
    private readonly PrivateDirectory _place = new("links");

    public void Dispose() => _place.Dispose();

    [Theory]
    [InlineData("web", "web")]
    [InlineData("Web-1.2_3+4", "Web-1.2_3+4")]
    [InlineData("", "domain-7")]
    [InlineData(".", "domain-7")]
    [InlineData("..", "domain-7")]
    [InlineData(".hidden", "domain-7")]
    [InlineData("../../etc/passwd", "domain-7")]
    [InlineData("/etc/passwd", "domain-7")]
    [InlineData("a b", "domain-7")]
    [InlineData("a\nb", "domain-7")]
    [InlineData("a\0b", "domain-7")]
    [InlineData("früh", "domain-7")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123", "0123456789012345678901234567890123456789012345678901234567890123")]
    [InlineData("01234567890123456789012345678901234567890123456789012345678901234", "domain-7")]
    public void A_domain_name_is_a_link_name_only_if_it_can_do_no_harm(string name, string link)
        => Assert.Equal(link, ConsoleFileNames.BaseFor(name, 7));

    [Fact]
    public void The_directory_is_made_for_all_to_read()
    {
        _ = new PtyLinks(_place["pty"], NullLogger.Instance);
        Assert.Equal("755", Convert.ToString((int)File.GetUnixFileMode(_place["pty"]), 8));
    }

    [Fact]
    public void A_second_domain_of_the_same_name_gets_its_domid_in_the_link()
    {
        PtyLinks links = Make();
        Assert.Equal(_place["web"], links.Add("web", 1, "", "/dev/pts/1"));
        Assert.Equal(_place["web.2"], links.Add("web", 2, "", "/dev/pts/2"));
        Assert.Equal("/dev/pts/1", Target("web"));
        Assert.Equal("/dev/pts/2", Target("web.2"));

        links.Remove(_place["web"]);
        Assert.False(Path.Exists(_place["web"]));
        Assert.Equal(_place["web"], links.Add("web", 3, "", "/dev/pts/3"));
    }

    [Fact]
    public void Two_domains_never_share_a_link_whatever_their_names()
    {
        PtyLinks links = Make();
        string?[] all =
        [
            links.Add("a.7", 1, "", "/dev/pts/1"),
            links.Add("domain-7.1", 2, "", "/dev/pts/2"),
            links.Add("domain-7", 3, "", "/dev/pts/3"),
            links.Add("a", 4, "", "/dev/pts/4"),
            links.Add("a", 7, "", "/dev/pts/7"),
            links.Add("/", 7, "", "/dev/pts/8"),
        ];
        Assert.All(all, Assert.NotNull);
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.Equal(all.Length, Directory.GetFileSystemEntries(_place.Path).Length);
    }

    [Fact]
    public void A_link_is_pointed_elsewhere_without_a_moment_in_which_it_is_missing()
    {
        PtyLinks links = Make();
        string path = links.Add("web", 1, "", "/dev/pts/0")!;
        using var stop = new CancellationTokenSource();
        int missing = 0;
        var watcher = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                missing += new FileInfo(path).LinkTarget is null ? 1 : 0;
            }
        });
        watcher.Start();
        for (int i = 1; i <= 500; i++)
        {
            Assert.True(links.Point(path, $"/dev/pts/{i}"));
        }

        stop.Cancel();
        watcher.Join();
        Assert.Equal(0, missing);
        Assert.Equal("/dev/pts/500", Target("web"));
        Assert.Single(Directory.GetFileSystemEntries(_place.Path));
    }

    [Fact]
    public void Links_of_an_earlier_daemon_go_at_the_start_and_nothing_else_does()
    {
        File.CreateSymbolicLink(_place["old"], "/dev/pts/99");
        File.CreateSymbolicLink(_place[".old.new"], "/dev/pts/98");
        File.CreateSymbolicLink(_place["other"], "/etc/hostname");
        File.CreateSymbolicLink(_place["sly"], "/dev/pts/../../etc/hostname");
        File.WriteAllText(_place["file"], "kept");
        Directory.CreateDirectory(_place["folder"]);

        _ = Make();

        string[] left = [.. Directory.GetFileSystemEntries(_place.Path).Select(path => Path.GetFileName(path)).Order()];
        Assert.Equal(["file", "folder", "other", "sly"], left);
    }

    [Fact]
    public void A_file_that_is_not_a_terminal_link_is_never_replaced_or_removed()
    {
        PtyLinks links = Make();
        File.WriteAllText(_place["passwd"], "root");
        Directory.CreateDirectory(_place["shadow"]);

        Assert.Equal(_place["passwd.5"], links.Add("passwd", 5, "", "/dev/pts/5"));
        Assert.Equal(_place["shadow.6"], links.Add("shadow", 6, "", "/dev/pts/6"));
        Assert.Equal("root", File.ReadAllText(_place["passwd"]));
        Assert.True(Directory.Exists(_place["shadow"]));

        // Somebody put a file where the link was.
        File.Delete(_place["passwd.5"]);
        File.WriteAllText(_place["passwd.5"], "theirs");
        Assert.False(links.Point(_place["passwd.5"], "/dev/pts/6"));
        links.Remove(_place["passwd.5"]);
        Assert.Equal("theirs", File.ReadAllText(_place["passwd.5"]));
    }

    [Fact]
    public void A_directory_that_cannot_be_used_is_refused_with_the_remedy()
    {
        File.WriteAllText(_place["file"], "");
        IOException refused = Assert.Throws<IOException>(() => new PtyLinks(_place["file/pty"], NullLogger.Instance));
        Assert.Contains("Consoles:PtyDirectory", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_that_cannot_be_made_is_no_reason_to_fail()
    {
        PtyLinks links = new(_place["pty"], NullLogger.Instance);
        Directory.Delete(_place["pty"]);
        Assert.Null(links.Add("web", 1, "", "/dev/pts/1"));
        Directory.CreateDirectory(_place["pty"]);
        Assert.Equal(_place["pty/web"], links.Add("web", 1, "", "/dev/pts/1"));
    }

    private PtyLinks Make() => new(_place.Path, NullLogger.Instance);

    private string? Target(string name) => new FileInfo(_place[name]).LinkTarget;
}
