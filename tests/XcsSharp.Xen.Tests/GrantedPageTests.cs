using XcsSharp.Rings;
using XcsSharp.Switching;

using Xunit;

namespace XcsSharp.Xen.Tests;

public sealed class GrantedPageTests
{
    [Fact]
    public async Task A_published_page_is_offered_and_carries_requests()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram().Publish();
        RecordingSink.Life life = UntilServed(world, 4);

        program.Send(7);
        world.Until(() => life.Taken.Count == 1, "the request");

        Assert.Equal(7, life.Taken[0]);
        Assert.Equal(TransportKind.Granted, life.Transport!.Kind);
        Assert.Equal(program.Port, (uint)life.Transport.RemotePort);
        Assert.True(life.Transport.Notify());
        Assert.Empty(world.Log.Lines);
    }

    [Fact]
    public async Task A_page_that_was_ready_before_the_start_is_offered_by_the_start()
    {
        await using SimWorld world = await SimWorld.StartAsync(started: false);
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram().Publish();

        world.StartHypervisor();

        Assert.Equal(["appeared 4 guest4", "offered 4 Granted"], world.Sink.Reports);
    }

    [Fact]
    public async Task Requests_that_were_put_before_the_port_was_bound_are_found_without_an_event()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram();
        program.Put(1);
        program.Put(2);
        program.Publish();

        RecordingSink.Life life = UntilServed(world, 4);
        world.Until(() => life.Taken.Count == 2, "both requests");
    }

    [Fact]
    public async Task Another_nonce_withdraws_the_page_before_it_offers_the_new_one()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor first = domain.StartProgram().Publish();
        RecordingSink.Life life = UntilServed(world, 4);

        using GuestActor second = domain.StartProgram().Publish();
        world.Until(() => life.Transport?.RemotePort == (int)second.Port, "the second program's page");

        Assert.Equal(
            ["offered 4 Granted", "withdrawn 4: another program of the guest has published a control page", "offered 4 Granted"],
            world.Sink.Reports.Skip(1));
        Assert.Equal(1, await PortsOfDom0Async(world));
    }

    [Fact]
    public async Task A_removed_ready_key_withdraws_the_page()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram().Publish();
        RecordingSink.Life life = UntilServed(world, 4);
        Assert.Equal(2, world.MappingsOf(4));

        program.Withdraw();
        world.Until(() => life.Transport is null, "the withdrawal");
        Assert.Equal(1, world.MappingsOf(4));

        Assert.Equal(["the guest has withdrawn its control page"], life.Withdrawals);
    }

    [Fact]
    public async Task A_nonce_that_was_taken_back_is_refused_once_with_a_remedy_when_it_is_published_again()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram().Publish();
        RecordingSink.Life life = UntilServed(world, 4);

        for (int i = 0; i < 2; i++)
        {
            program.Withdraw();
            await world.SettleAsync();
            Assert.Null(life.Transport);
            program.Publish();
            await world.SettleAsync();
            Assert.Null(life.Transport);
            string line = Assert.Single(world.Log.Lines);
            Assert.Contains($"publishes nonce {program.Nonce} again", line, StringComparison.Ordinal);
            Assert.Contains("take a new nonce", line, StringComparison.Ordinal);
            Assert.Single(world.Sink.Reports, static report => report.StartsWith("refused 4: ", StringComparison.Ordinal));
        }

        // What was said of the old nonce is not said of the new one, whose keys are written twice.
        using GuestActor next = domain.StartProgram().Publish();
        UntilServed(world, 4);
        next.Publish();
        await world.SettleAsync();
        Assert.NotNull(life.Transport);
        Assert.Single(world.Log.Lines);
    }

    [Fact]
    public async Task Keys_that_a_program_left_behind_and_somebody_touches_are_no_news()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        GuestActor program = domain.StartProgram().Publish();
        RecordingSink.Life life = UntilServed(world, 4);
        program.Dispose();
        Assert.False(life.Transport!.Notify());
        world.Until(() => life.Transport is null, "the end of the program");

        using GuestActor next = domain.StartProgram();
        next.Write("ring-ref", $"{next.Reference}");
        await world.SettleAsync();

        Assert.Empty(world.Log.Lines);
        next.Publish();
        UntilServed(world, 4);
    }

    [Fact]
    public async Task A_program_that_ends_in_a_living_domain_loses_its_page_and_its_successor_is_served()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        GuestActor first = domain.StartProgram().Publish();
        RecordingSink.Life life = UntilServed(world, 4);
        first.Send(1);
        world.Until(() => life.Taken.Count == 1, "its request");

        first.Dispose();
        Assert.False(life.Transport!.Notify());
        world.Until(() => life.Transport is null, "the end of the program");
        Assert.Equal(["the program that published the control page has ended"], life.Withdrawals);

        using GuestActor second = domain.StartProgram().Publish();
        UntilServed(world, 4);
        second.Send(2);
        world.Until(() => life.Taken.Count == 2, "the successor's request");
        Assert.Empty(world.Log.Lines);
    }

    [Fact]
    public async Task A_page_whose_program_has_just_ended_is_passed_over_in_silence()
    {
        await using SimWorld world = await SimWorld.StartAsync(started: false);
        SimDomain domain = await world.CreateDomainAsync(4);

        // As on Xen for about a second after the end: the byte is cleared, grant and port can still be had.
        using GuestActor program = domain.StartProgram().Poke(GrantedHeader.AliveOffset, 0).Publish();

        world.StartHypervisor();
        await world.SettleAsync();

        Assert.DoesNotContain("offered 4 Granted", world.Sink.Reports);
        Assert.Empty(world.Log.Lines);
        Assert.Equal(0, await PortsOfDom0Async(world));
    }

    [Fact]
    public async Task Keys_that_a_dead_program_left_behind_open_nothing()
    {
        await using SimWorld world = await SimWorld.StartAsync(started: false);
        SimDomain domain = await world.CreateDomainAsync(4);
        domain.StartProgram().Publish().Dispose();

        world.StartHypervisor();
        await world.SettleAsync();

        Assert.DoesNotContain("offered 4 Granted", world.Sink.Reports);
        Assert.Equal(0, await PortsOfDom0Async(world));
    }

    [Fact]
    public async Task A_domains_death_releases_its_page_and_port()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram().Publish();
        UntilServed(world, 4);

        await domain.DestroyAsync();
        world.Until(() => world.Sink.Gone.Count == 1, "its end");

        Assert.Equal(0, await PortsOfDom0Async(world));
    }

    [Fact]
    public async Task A_transport_that_outlives_its_domain_can_still_be_disposed()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram().Publish();
        RecordingSink.Life life = UntilServed(world, 4);

        await domain.DestroyAsync();
        life.Close();
        world.Until(() => world.Sink.Gone.Count == 1, "its end");

        Assert.Equal(0, await PortsOfDom0Async(world));
    }

    [Fact]
    public async Task Nothing_is_left_bound_after_dispose_even_if_a_transport_was_forgotten()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram().Publish();
        UntilServed(world, 4);
        Assert.Equal(1, await PortsOfDom0Async(world));

        world.Hypervisor.Dispose();

        Assert.Equal(0, await PortsOfDom0Async(world));
    }

    [Fact]
    public async Task A_restarted_adapter_finds_the_guest_and_its_waiting_requests()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram().Publish();
        UntilServed(world, 4);
        world.StopHypervisor();
        program.Put(9);

        world.StartHypervisor();
        RecordingSink.Life life = UntilServed(world, 4);
        world.Until(() => life.Taken.Count == 1, "the request that waited");
        program.Send(10);
        world.Until(() => life.Taken.Count == 2, "the next one");

        Assert.Equal([9, 10], life.Taken);
        Assert.Equal(1, await PortsOfDom0Async(world));
    }

    internal static RecordingSink.Life UntilServed(SimWorld world, uint domid)
    {
        world.Until(
            () => world.Sink.Living.TryGetValue(domid, out RecordingSink.Life? life) && life.Transport is not null,
            $"a channel of domain {domid}");
        return world.Sink.Living[domid];
    }

    internal static async Task<int> PortsOfDom0Async(SimWorld world)
        => (await world.CommandAsync("ports", "0")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
}
