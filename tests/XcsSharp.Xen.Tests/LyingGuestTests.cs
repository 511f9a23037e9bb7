using XcsSharp.Rings;

using Xunit;

namespace XcsSharp.Xen.Tests;

/// <summary>Each lie costs the guest its channel and the log one line; the neighbour notices nothing.</summary>
public sealed class LyingGuestTests
{
    public static TheoryData<string, string, string> WrongKeys => new()
    {
        { "version", "2", "version 2" },
        { "version", "0", "version 0" },
        { "version", "99999999999999999999999", "key version" },
        { "version", "", "key version" },
        { "ring-ref", "-1", "key ring-ref" },
        { "ring-ref", "4294967296", "key ring-ref" },
        { "ring-ref", "4294967295", "can not be mapped" },
        { "ring-ref", "60000", "can not be mapped" },
        { "ring-ref", "0x10", "key ring-ref" },
        { "event-channel", "0", "key event-channel" },
        { "event-channel", "131072", "key event-channel" },
        { "event-channel", "-5", "key event-channel" },
        { "event-channel", "63", "can not be bound" },
        { "event-channel", "100000", "can not be bound" },
        { "ready", "0", "key ready" },
        { "ready", "yes", "key ready" },
        { "ready", "18446744073709551616", "key ready" },
        { "ready", "77", "the nonce" },
        { "ready", "1\n<6>forged", "key ready" },
    };

    [Theory]
    [MemberData(nameof(WrongKeys))]
    public async Task A_wrong_key_is_logged_once_and_nothing_is_offered(string key, string value, string expected)
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain liar = await world.CreateDomainAsync(4);
        SimDomain neighbour = await world.CreateDomainAsync(5);
        using GuestActor program = liar.StartProgram();
        program.Publish(
            version: key == "version" ? value : "1",
            reference: key == "ring-ref" ? value : null,
            port: key == "event-channel" ? value : null,
            ready: key == "ready" ? value : null);
        world.Until(() => world.Log.Lines.Count > 0, "a line about it");
        using GuestActor honest = neighbour.StartProgram().Publish();
        RecordingSink.Life served = GrantedPageTests.UntilServed(world, 5);
        honest.Send(1);
        world.Until(() => served.Taken.Count == 1, "the neighbour's request");

        // Saying it again is no news.
        program.Write(key, value);
        program.Write("ready", key == "ready" ? value : $"{program.Nonce}");
        await world.SettleAsync();

        string line = Assert.Single(world.Log.Lines);
        Assert.Contains("guest4 (4)", line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.DoesNotContain(line, static character => character < ' ');
        Assert.Null(world.Sink.Living[4].Transport);
        Assert.DoesNotContain("offered 4 Granted", world.Sink.Reports);
        Assert.Contains(world.Sink.Reports, static report => report.StartsWith("refused 4: ", StringComparison.Ordinal));
        Assert.Equal(1, await GrantedPageTests.PortsOfDom0Async(world));
    }

    [Theory]
    [InlineData(GrantedHeader.MagicOffset, 0x41414141, "no control page")]
    [InlineData(GrantedHeader.VersionOffset, 2, "header of its control page has version 2")]
    [InlineData(GrantedHeader.NonceOffset, 0, "the nonce")]
    public async Task A_page_that_does_not_agree_with_the_keys_is_refused(int offset, int value, string expected)
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain liar = await world.CreateDomainAsync(4);
        using GuestActor program = liar.StartProgram().Poke(offset, value).Publish();

        world.Until(() => world.Log.Lines.Count > 0, "a line about it");

        Assert.Contains(expected, Assert.Single(world.Log.Lines), StringComparison.Ordinal);
        Assert.Null(world.Sink.Living[4].Transport);
        Assert.Equal(1, world.MappingsOf(4)); // the program's own
        Assert.Equal(0, await GrantedPageTests.PortsOfDom0Async(world));
    }

    [Fact]
    public async Task A_missing_key_is_named()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain liar = await world.CreateDomainAsync(4);
        using GuestActor program = liar.StartProgram();
        program.Write("ready", $"{program.Nonce}");

        world.Until(() => world.Log.Lines.Count > 0, "a line about it");

        Assert.Contains("its key version is missing", Assert.Single(world.Log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_guest_that_mends_its_keys_is_served()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram().Publish(version: "2");
        world.Until(() => world.Log.Lines.Count == 1, "the refusal");

        program.Publish();

        GrantedPageTests.UntilServed(world, 4);
    }

    [Fact]
    public async Task A_lie_after_the_offer_withdraws_the_page()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram().Publish();
        RecordingSink.Life life = GrantedPageTests.UntilServed(world, 4);

        program.Write("ready", "nonsense");
        world.Until(() => life.Transport is null, "the withdrawal");

        Assert.Contains("key ready", Assert.Single(life.Withdrawals), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_guest_that_writes_its_keys_in_a_loop_is_looked_at_now_and_then()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram();
        world.Until(() => world.Sink.Living.ContainsKey(4), "the domain");
        ulong before = world.Hypervisor.PageLooks;

        for (int i = 0; i < 2000; i++)
        {
            program.Write("ready", $"{i}x");
            world.Loop.RunOnce(TimeSpan.Zero);
        }

        await world.SettleAsync();
        Assert.InRange(world.Hypervisor.PageLooks - before, 1ul, 400ul);
    }
}
