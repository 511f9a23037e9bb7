using Xunit;

namespace XcsSharp.Xen.Tests;

public sealed class DiscoveryTests
{
    [Fact]
    public async Task Domains_that_exist_are_reported_before_the_start_returns()
    {
        await using SimWorld world = await SimWorld.StartAsync(started: false);
        await world.CreateDomainAsync(5, "web");
        await world.CreateDomainAsync(3, "mail");

        world.StartHypervisor();

        Assert.Equal(["appeared 3 mail", "appeared 5 web"], world.Sink.Reports);
    }

    [Fact]
    public async Task A_domain_appears_and_goes()
    {
        await using SimWorld world = await SimWorld.StartAsync();

        SimDomain domain = await world.CreateDomainAsync(4, "web");
        world.Until(() => world.Sink.Living.ContainsKey(4), "the domain");
        await domain.DestroyAsync();
        world.Until(() => world.Sink.Gone.Count == 1, "its end");

        Assert.Equal(["appeared 4 web", "gone 4"], world.Sink.Reports);
    }

    [Fact]
    public async Task A_reused_domid_is_another_life()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain first = await world.CreateDomainAsync(4, "first");
        world.Until(() => world.Sink.Living.ContainsKey(4), "the first life");
        Guid before = world.Sink.Living[4].Uuid;

        // Both happen before the adapter looks: only the uuid tells the two apart.
        await first.DestroyAsync();
        await UntilFreeAsync(world, 4);
        await world.CreateDomainAsync(4, "second");
        world.Until(() => world.Sink.Living.TryGetValue(4, out RecordingSink.Life? life) && life.Uuid != before, "the second life");

        Assert.Equal(["appeared 4 first", "gone 4", "appeared 4 second"], world.Sink.Reports);
    }

    [Fact]
    public async Task What_was_said_of_a_domids_life_before_does_not_reach_the_next()
    {
        // More than the adapter reads of the queue in four turns.
        const int Words = 1500;
        JumpingClock clock = new();
        await using SimWorld world = await SimWorld.StartAsync(clock: clock);
        SimDomain first = await world.CreateDomainAsync(4, "first");
        GuestActor program = first.StartProgram();
        world.Until(() => world.Sink.Living.ContainsKey(4), "the first life");
        world.Until(() => !world.Loop.RunOnce(TimeSpan.FromMilliseconds(50)), "quiet");

        // At the head of the queue is what makes the adapter look at the list of domains; the rest waits behind it.
        await world.CreateDomainAsync(5);
        for (int i = 0; i < Words; i++)
        {
            program.Write("word", $"{i}");
        }

        program.Dispose();
        await first.DestroyAsync();
        await UntilFreeAsync(world, 4);
        await world.CreateDomainAsync(4, "second");
        world.Until(() => world.Sink.Gone.Count == 1, "the second life");
        Assert.Equal("second", world.Sink.Living[4].Name);

        ulong looks = world.Hypervisor.PageLooks;
        for (int turn = 0; turn < 3; turn++)
        {
            clock.Jump(TimeSpan.FromSeconds(1));
            Assert.True(world.Loop.RunOnce(TimeSpan.FromSeconds(5)), "the queue was shorter than the test thinks");
        }

        Assert.Equal(looks, world.Hypervisor.PageLooks);
    }

    [Fact]
    public async Task Nothing_of_a_domain_that_is_gone_is_watched_any_more()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        PrimaryConsoleTests.UntilServed(world, 4);
        await domain.DestroyAsync();
        world.Until(() => world.Sink.Gone.Count == 1, "its end");
        await UntilFreeAsync(world, 4);
        await world.SettleAsync();

        foreach (string key in (string[])["name", "data/xcs/ready", "console/port"])
        {
            await world.CommandAsync("store", "write", $"/local/domain/4/{key}", "1");
        }

        Assert.False(world.Loop.RunOnce(TimeSpan.FromMilliseconds(100)));
    }

    [Fact]
    public async Task A_dying_domain_counts_as_gone()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        world.Until(() => world.Sink.Living.ContainsKey(4), "the domain");

        await world.CommandAsync("fault", "zombie", "4");
        await domain.DestroyAsync();
        world.Until(() => world.Sink.Gone.Count == 1, "its end");
        await world.SettleAsync();

        Assert.DoesNotContain(4u, world.Sink.Living.Keys);
    }

    [Fact]
    public async Task Another_name_is_reported()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4, "before");
        world.Until(() => world.Sink.Living.ContainsKey(4), "the domain");

        await world.CommandAsync("store", "write", "/local/domain/4/name", "af/ter");
        world.Until(() => world.Sink.Living[4].Name == "af_ter", "its new name");

        // A name that vanishes is no other name: it is the first thing that is seen of a domain's end.
        await world.CommandAsync("store", "rm", "/local/domain/4/name");
        await world.SettleAsync();
        Assert.Equal("af_ter", world.Sink.Living[4].Name);
    }

    [Fact]
    public async Task Many_domains_that_come_at_once_cost_few_lists()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await Task.WhenAll(Enumerable.Range(10, 40).Select(domid => world.CreateDomainAsync((uint)domid)));

        world.Until(() => world.Sink.Living.Count == 40, "all of them");

        Assert.Equal(40, world.Sink.Reports.Count);
        Assert.InRange(world.Hypervisor.DomainLists, 2ul, 20ul);
    }

    [Fact]
    public async Task A_domain_that_a_list_missed_is_found_with_the_next()
    {
        await using SimWorld world = await SimWorld.StartAsync();

        // The domain is hidden from the one list that its introduction causes.
        await world.CommandAsync("fault", "info", "4", "--count", "1");
        await world.CreateDomainAsync(4);
        world.Until(() => world.Sink.Reports.Count > 0 || world.Hypervisor.DomainLists > 1, "a list without it");
        await world.CreateDomainAsync(5);
        world.Until(() => world.Sink.Living.Count == 2, "both");
    }

    [Fact]
    public async Task The_end_of_the_machine_leaves_the_loop_with_a_reason()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.Machine.Kill9Async(SimWorld.Cancel);

        HypervisorLostException lost = Assert.Throws<HypervisorLostException>(
            () => world.Until(static () => false, "the loss"));

        Assert.Contains("xenstore", lost.Message, StringComparison.Ordinal);
    }

    internal static async Task UntilFreeAsync(SimWorld world, uint domid)
    {
        while ((await world.CommandAsync("list")).Split('\n').Any(line => line.StartsWith($"{domid} ", StringComparison.Ordinal)))
        {
            SimWorld.Cancel.ThrowIfCancellationRequested();
        }
    }
}
