using Xunit;

namespace XcsSharp.Xen.Tests;

/// <summary>
/// Each request to xenstored is a round trip, and most of a start's time: how many a domain costs is held here, so that one more is a
/// decision and no accident.
/// </summary>
public sealed class StartCostTests
{
    private const uint Domains = 10;

    /// <summary>Three watches, and the keys of its name, its control page, a classic channel and a console ring.</summary>
    [Fact]
    public async Task A_domain_that_has_nothing_costs_seven_requests()
        => Assert.Equal(7.0, await RequestsADomainAsync(classic: false, console: false));

    /// <summary>Beside these the type of its console, its port, and what the toolstack wants to be kept of it.</summary>
    [Fact]
    public async Task A_domain_with_a_channel_and_a_console_ring_costs_ten_requests()
        => Assert.Equal(10.0, await RequestsADomainAsync(classic: true, console: true));

    private static async Task<double> RequestsADomainAsync(bool classic, bool console)
    {
        await using SimWorld world = await SimWorld.StartAsync(started: false);
        await world.CreateDomainAsync(1, classic: classic, console: console);
        ulong alone = Start(world);
        world.StopHypervisor();
        for (uint domid = 2; domid <= 1 + Domains; domid++)
        {
            await world.CreateDomainAsync(domid, classic: classic, console: console);
        }

        ulong all = Start(world);
        Assert.Equal(1 + Domains, (uint)world.Sink.Living.Count);
        return (double)(all - alone) / Domains;
    }

    private static ulong Start(SimWorld world)
    {
        world.StartHypervisor();

        // What the start's own watches tell of is over, too.
        world.Until(() => !world.Loop.RunOnce(TimeSpan.FromMilliseconds(60)), "quiet");
        return world.Hypervisor.StoreRequests;
    }
}
