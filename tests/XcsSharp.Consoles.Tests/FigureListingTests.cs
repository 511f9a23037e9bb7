using System.Text.Json;

using XcsSharp.Protocol.Operator;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>The answer to <c>TOP</c>.</summary>
public sealed class FigureListingTests
{
    private static readonly DaemonStatus s_status = new(
        "0.1.0", 42, "fake", 1.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

    [Fact]
    public void TOP_has_the_daemon_and_of_each_guest_the_sums_of_its_consoles()
    {
        using var rig = new ConsoleRig(options => options.HistoryBytes = 4096, status: () => s_status);
        var (guest, _, ring, _) = rig.AddRing(3, "web");
        var (_, _, second, _) = rig.AddRing(guest: guest, number: 1);
        rig.AddConsole(9, "db");
        rig.Hypervisor.AddDomain(5, "quiet");
        rig.RunIdle();
        _ = rig.Attach("web");
        _ = rig.Attach("web#1");
        rig.Write(ring, new byte[100]);
        rig.Write(second, new byte[10]);

        TestClient client = rig.Connect();
        client.Send("TOP\n");
        Assert.Equal("OK", rig.ReadLine(client));
        FigureList list = JsonSerializer.Deserialize(rig.ReadLine(client), OperatorJson.Default.FigureList)!;
        Assert.Equal(s_status, list.Daemon);
        Assert.Equal(
            [
                new GuestFigures(3, 1, "web", "connected", 2, 110, 0, 0, 0),
                new GuestFigures(5, 1, "quiet", "waiting", 0, 0, 0, 0, 0),
                new GuestFigures(9, 1, "db", "connected", 0, 0, 0, 0, 0),
            ],
            list.Guests);

        // Nobody reads the terminals.
        rig.Write(ring, new byte[100_000]);
        FigureList after = FigureListing.Build(rig.Switch.Domains, rig.Consoles, s_status);
        Assert.Equal(rig.List().Domains[0].Consoles!.Aggregate(0UL, static (sum, console) => sum + console.BytesDropped), after.Guests[0].Dropped);
        Assert.True(after.Guests[0].Dropped > 0);
    }
}
