using XcsSharp.Switching;

using Xunit;

namespace XcsSharp.Xen.Tests;

/// <summary>Failures that simxen injects: each is a value, and what was half done is undone.</summary>
public sealed class FaultTests
{
    [Theory]
    [InlineData("grant", "can not be mapped (ENOMEM)")]
    [InlineData("bind", "can not be bound (ENOMEM)")]
    public async Task A_passing_failure_is_logged_and_tried_again(string kind, string expected)
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        GuestActor program = domain.StartProgram();
        await world.CommandAsync("fault", kind, "4", "ENOMEM");
        program.Publish();

        world.Until(() => world.Log.Lines.Count == 1, "a line about it");
        Assert.Contains(expected, world.Log.Lines[0], StringComparison.Ordinal);

        // The guest says nothing anew, and all that it said has been looked at.
        await world.SettleAsync();
        await world.CommandAsync("fault", "clear", "all");
        GrantedPageTests.UntilServed(world, 4);
        Assert.Single(world.Log.Lines);
        program.Dispose();
        world.Hypervisor.Dispose();
        Assert.Equal(0, await GrantedPageTests.PortsOfDom0Async(world));
    }

    [Fact]
    public async Task A_failure_that_does_not_pass_is_given_up_until_the_guest_speaks_again()
    {
        JumpingClock clock = new();
        await using SimWorld world = await SimWorld.StartAsync(clock: clock);
        SimDomain domain = await world.CreateDomainAsync(4);
        GuestActor program = domain.StartProgram();
        await world.CommandAsync("fault", "grant", "4", "ENOMEM");
        program.Publish();
        world.Until(() => world.Log.Lines.Count == 1, "a line about it");
        await world.SettleAsync();

        ulong before = world.Hypervisor.PageLooks;
        for (int second = 0; second < 100; second++)
        {
            clock.Jump(TimeSpan.FromSeconds(1));
            world.Loop.RunOnce(TimeSpan.Zero);
        }

        Assert.InRange(world.Hypervisor.PageLooks - before, 1ul, (ulong)ControlPages.Tries);
        Assert.Single(world.Log.Lines);

        await world.CommandAsync("fault", "clear", "all");
        program.Withdraw();
        program.Publish();
        GrantedPageTests.UntilServed(world, 4);
        program.Dispose();
    }

    [Fact]
    public async Task A_revoked_grant_costs_only_that_guest_its_channel()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram();
        await world.CommandAsync("fault", "revoke", "4", $"{program.Reference}");

        program.Publish();

        world.Until(() => world.Log.Lines.Count == 1, "a line about it");
        Assert.Contains("can not be mapped", world.Log.Lines[0], StringComparison.Ordinal);
        Assert.Null(world.Sink.Living[4].Transport);
    }

    [Fact]
    public async Task A_foreign_mapping_that_fails_is_a_value()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4);
        await world.CommandAsync("fault", "map", "4", "EINVAL");

        OpenFailure failure = world.Hypervisor.OpenClassic(4, 0, 1, out IChannelTransport? transport);

        Assert.Equal(OpenFailure.Failed, failure);
        Assert.Null(transport);
        Assert.Equal(0, await GrantedPageTests.PortsOfDom0Async(world));
    }

    [Fact]
    public async Task Keys_that_may_not_be_read_are_refused()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram();
        program.Publish(ready: "1");
        world.Until(() => world.Log.Lines.Count == 1, "a line about the nonce");
        await world.CommandAsync("fault", "store", $"{domain.PagePath}/ring-ref", "EACCES");

        program.Withdraw();
        _ = await world.CommandAsync("store", "write", $"{domain.PagePath}/ready", $"{program.Nonce}");

        world.Until(() => world.Log.Lines.Count == 2, "a line about the key");
        Assert.Contains("ring-ref can not be read (EACCES)", world.Log.Lines[1], StringComparison.Ordinal);
    }
}
