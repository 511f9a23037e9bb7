using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>How much of a console is kept when the toolstack has said what it wants.</summary>
public sealed class HistoryWishTests
{
    private const int Most = 256 * 1024;

    [Theory]
    [InlineData(null, Most, Most)]
    [InlineData(0L, Most, 64 * 1024)]
    [InlineData(1L, Most, 64 * 1024)]
    [InlineData(65537L, Most, 65537)]
    [InlineData(Most - 1L, Most, Most - 1)]
    [InlineData(Most + 1L, Most, Most)]
    [InlineData(long.MaxValue, Most, Most)]
    [InlineData(null, 4096, 4096)]
    [InlineData(1L, 4096, 4096)] // where the setting is below the least, it is the setting
    [InlineData(long.MaxValue, 4096, 4096)]
    public void It_counts_between_what_a_log_writes_at_once_and_the_setting(long? wish, int setting, int kept)
    {
        using var rig = new ConsoleRig(options => options.HistoryBytes = setting);
        var (_, _, _, console) = rig.AddRing(historyWish: wish);
        Assert.Equal(kept, console.Backlog.Limit);
    }

    [Fact]
    public void Of_two_consoles_each_keeps_its_own_newest_bytes()
    {
        const int Wish = 100_000;
        const int Length = 300_000;
        using var rig = new ConsoleRig(options => options.HistoryBytes = Most);
        var (_, _, modest, _) = rig.AddRing(1, historyWish: Wish);
        var (_, _, usual, _) = rig.AddRing(2);
        var stream = new SeededStream(SeededStream.ChooseSeed());
        rig.Write(modest, stream.Take(0, Length));
        rig.Write(usual, stream.Take(0, Length));
        Assert.Equal(stream.Take(Length - Wish, Wish), Kept(rig, "1"));
        Assert.Equal(stream.Take(Length - Most, Most), Kept(rig, "2"));
    }

    [Fact]
    public void A_ring_that_is_offered_again_with_another_wish_cuts_nothing_of_what_is_kept()
    {
        using var rig = new ConsoleRig(options => options.HistoryBytes = Most);
        var (guest, _, program, console) = rig.AddRing();
        var stream = new SeededStream(SeededStream.ChooseSeed());
        rig.Write(program, stream.Take(0, Most));
        _ = guest.AddConsole(historyWish: 64 * 1024);
        rig.RunIdle();
        Assert.Same(console, rig.Console());
        Assert.Equal(stream.Take(0, Most), Kept(rig, "1"));
    }

    private static byte[] Kept(ConsoleRig rig, string domain)
    {
        TestClient client = rig.Connect();
        client.Send($"LOG {domain} level=raw\n");
        Assert.StartsWith("OK ", rig.ReadLine(client), StringComparison.Ordinal);
        List<byte> all = [];
        rig.RunUntil(() => { client.ReceiveInto(all); return client.IsEnded; }, "all that is kept");

        // What is not kept is said before it.
        byte[] got = [.. all];
        int mark = got.AsSpan().StartsWith("\r\n[gap: "u8) ? got.AsSpan().IndexOf("]\r\n"u8) + 3 : 0;
        return got[mark..];
    }
}
