using XcsSharp.Interop;
using XcsSharp.Interop.Xen;

using Xunit;

namespace XcsSharp.Xen.Tests;

/// <summary>The key <c>limit</c> of a primary console: what the toolstack wants to be kept of its output.</summary>
public sealed class HistoryWishTests
{
    [Theory]
    [InlineData("65536", 65536L)]
    [InlineData("1", 1L)]
    [InlineData("1048575", 1048575L)]
    [InlineData("1048576", null)] // what libxl writes for all
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("0", long.MaxValue)] // xenconsoled's word for no limit
    [InlineData(null, null)]
    public async Task The_toolstacks_number_is_its_wish(string? limit, long? wish)
    {
        await using SimWorld world = await SimWorld.StartAsync();
        RecordedConsole console = await ServeAsync(world, limit);
        Assert.Equal(wish, console.Transport.HistoryWish);
        Assert.Empty(world.Log.Lines);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("1 MiB")]
    [InlineData("0x10000")]
    [InlineData("9223372036854775808")]
    [InlineData("65536\n<6>forged")]
    public async Task What_is_no_number_is_said_once_and_the_console_is_served(string limit)
    {
        await using SimWorld world = await SimWorld.StartAsync();
        RecordedConsole console = await ServeAsync(world, limit);
        Assert.Null(console.Transport.HistoryWish);
        string line = Assert.Single(world.Log.Lines);
        Assert.Contains("guest4 (4)", line, StringComparison.Ordinal);
        Assert.Contains("key limit is '", line, StringComparison.Ordinal);
        Assert.DoesNotContain(line, static character => character < ' ');

        // Another ring, another value that makes no sense: the domain has had its line.
        await world.CommandAsync("store", "write", "/local/domain/4/console/limit", "none");
        await world.CommandAsync("store", "write", "/local/domain/4/console/ring-ref", $"{ConsoleActor.OtherFrame + 1}");
        world.Until(() => world.Sink.Living[4].Console is { } next && next != console, "the other ring");
        Assert.Single(world.Log.Lines);
    }

    private static async Task<RecordedConsole> ServeAsync(SimWorld world, string? limit)
    {
        SimDomain domain = await world.CreateDomainAsync(4);
        using XenStoreConnection store = world.As(0, XenStoreConnection.Open);
        string directory = domain.ConsolePath;
        Assert.True(store.Remove(directory + "/limit") is Errno.OK or Errno.ENOENT);
        foreach ((string key, string? value) in ((string, string?)[])[("limit", limit), ("ring-ref", $"{ConsoleActor.OtherFrame}"), ("port", "1")])
        {
            if (value is not null)
            {
                Assert.Equal(Errno.OK, store.Write($"{directory}/{key}", value));
            }
        }

        return PrimaryConsoleTests.UntilServed(world, 4);
    }
}
