using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Switching;

using Xunit;

namespace XcsSharp.Xen.Tests;

public sealed class ClassicTests
{
    [Fact]
    public async Task An_announced_channel_is_offered()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4, classic: true);

        RecordingSink.Life life = GrantedPageTests.UntilServed(world, 4);

        Assert.Equal(TransportKind.Classic, life.Transport!.Kind);
        Assert.Equal(1, life.Transport.RemotePort);
    }

    [Fact]
    public async Task A_channel_that_is_announced_later_is_offered_then_and_withdrawn_with_its_key()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4);
        world.Until(() => world.Sink.Living.ContainsKey(4), "the domain");

        await world.CommandAsync("store", "write", "/tool/xcs/classic/4", "1");
        RecordingSink.Life life = GrantedPageTests.UntilServed(world, 4);
        await world.CommandAsync("store", "rm", "/tool/xcs/classic/4");
        world.Until(() => life.Transport is null, "the withdrawal");

        Assert.Equal(["the toolstack has withdrawn the classic channel"], life.Withdrawals);
        Assert.Equal(0, await GrantedPageTests.PortsOfDom0Async(world));
    }

    [Fact]
    public async Task An_announcement_that_is_no_port_is_refused()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4);
        await world.CommandAsync("store", "write", "/tool/xcs/classic/4", "one");

        world.Until(() => world.Log.Lines.Count == 1, "a line about it");

        Assert.Contains("is 'one' instead of a port", world.Log.Lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_toolstack_opens_a_channel_of_a_domain_that_was_not_announced_nor_seen()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4);

        // No turn of the loop: discovery has not heard of the domain.
        OpenFailure failure = world.Hypervisor.OpenClassic(4, 0, 0, out IChannelTransport? transport);

        Assert.Equal(OpenFailure.None, failure);
        Assert.Equal(["appeared 4 guest4"], world.Sink.Reports);
        Assert.True(transport!.LocalPort > 0);
        Assert.Equal(1, transport.RemotePort);
        transport.Dispose();
        Assert.Equal(0, await GrantedPageTests.PortsOfDom0Async(world));
    }

    [Fact]
    public async Task A_domain_that_does_not_exist_is_a_value()
    {
        await using SimWorld world = await SimWorld.StartAsync();

        Assert.Equal(OpenFailure.NoSuchDomain, world.Hypervisor.OpenClassic(77, 0, 1, out _));
        Assert.Equal(OpenFailure.NoSuchDomain, world.Hypervisor.OpenClassic(uint.MaxValue, 0, 1, out _));
    }

    [Fact]
    public async Task Dom0_is_no_guest_and_has_no_channel_unless_it_announces_one()
    {
        await using SimWorld world = await SimWorld.StartAsync();

        Assert.Equal(OpenFailure.NotSupported, world.Hypervisor.OpenClassic(0, 0, 0, out _));

        Assert.Empty(world.Sink.Reports);
        Assert.Equal(0, await GrantedPageTests.PortsOfDom0Async(world));
    }

    [Fact]
    public async Task Dom0s_own_channel_is_opened_when_it_is_asked_for_and_names_no_port_of_the_other_end()
    {
        await using SimWorld world = await SimWorld.StartAsync();

        // What dom0's kernel did: a port that only dom0 may bind, and the ports' numbers to whom it may concern.
        using EventChannels kernel = world.As(0, EventChannels.Open);
        int port = kernel.BindUnbound(0).OrThrow("bind_unbound");
        await world.CommandAsync("store", "write", "/tool/xcs/classic/0", $"{port}");
        await world.SettleAsync();
        Assert.DoesNotContain("appeared 0 Domain-0", world.Sink.Reports);

        Assert.Equal(OpenFailure.None, world.Hypervisor.OpenClassic(0, 0, 0, out IChannelTransport? own));

        Assert.Contains("appeared 0 Domain-0", world.Sink.Reports);
        Assert.Equal((TransportKind.Classic, -1), (own!.Kind, own.RemotePort));
        Assert.Equal(1, world.MappingsOf(0));
        Assert.Equal(OpenFailure.Failed, world.Hypervisor.OpenClassic(0, 0, 0, out _));
        own.Dispose();
        Assert.Equal(0, world.MappingsOf(0));

        // And again, as after FREE_CC: the kernel's end is unbound now.
        Assert.Equal(OpenFailure.None, world.Hypervisor.OpenClassic(0, own.LocalPort, 0, out own));
        own!.Dispose();
    }

    [Theory]
    [InlineData("none")]
    [InlineData("0")]
    [InlineData("131072")]
    public async Task A_channel_of_dom0_that_is_announced_wrongly_is_not_opened(string port)
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CommandAsync("store", "write", "/tool/xcs/classic/0", port);

        Assert.Equal(OpenFailure.NotSupported, world.Hypervisor.OpenClassic(0, 0, 0, out _));

        Assert.Empty(world.Sink.Reports);
    }

    [Fact]
    public async Task A_local_port_that_is_in_use_is_refused_and_a_closed_one_is_free_again()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4);
        await world.CreateDomainAsync(5);
        Assert.Equal(OpenFailure.None, world.Hypervisor.OpenClassic(4, 0, 1, out IChannelTransport? first));

        Assert.Equal(OpenFailure.PortInUse, world.Hypervisor.OpenClassic(5, first!.LocalPort, 1, out _));
        first.Dispose();
        Assert.Equal(OpenFailure.None, world.Hypervisor.OpenClassic(5, first.LocalPort, 1, out IChannelTransport? second));
        second!.Dispose();
    }

    [Fact]
    public async Task A_guest_port_that_is_taken_is_a_failure_and_leaves_nothing_mapped()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4);
        Assert.Equal(OpenFailure.None, world.Hypervisor.OpenClassic(4, 0, 1, out IChannelTransport? first));

        Assert.Equal(OpenFailure.Failed, world.Hypervisor.OpenClassic(4, 0, 1, out IChannelTransport? second));

        Assert.Null(second);
        first!.Dispose();
    }

    [Fact]
    public async Task On_the_xen_of_today_a_classic_channel_is_not_supported()
    {
        await using SimWorld world = await SimWorld.StartAsync(started: false);
        await world.CreateDomainAsync(4, classic: true);

        // The libraries behind it are the simulated ones; the decision is the adapter's.
        world.OpenHypervisor(HypervisorBackend.Xen);
        world.Hypervisor.Start(world.Sink);

        Assert.Equal(OpenFailure.NotSupported, world.Hypervisor.OpenClassic(4, 0, 1, out _));
        Assert.Contains("no classic control page", Assert.Single(world.Log.Lines), StringComparison.Ordinal);
        Assert.Null(world.Sink.Living[4].Transport);
    }
}
