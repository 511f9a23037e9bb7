using XcsSharp.Rings;

using Xunit;

namespace XcsSharp.Xen.Tests;

public sealed class PrimaryConsoleTests
{
    [Fact]
    public async Task A_console_is_offered_and_carries_bytes_both_ways()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using ConsoleActor guest = new(domain);
        RecordedConsole console = UntilServed(world, 4);

        guest.Print("hello");
        world.Until(() => console.Output == "hello", "the output");
        Assert.Equal(4, console.Transport.Put("exit"u8));
        Assert.True(console.Transport.Notify());

        Assert.Equal("exit", guest.Read());
        Assert.Equal((0, 2), (console.Transport.Number, console.Transport.RemotePort));
        Assert.True(console.Transport.TakesInput);
        Assert.Empty(world.Log.Lines);
    }

    [Fact]
    public async Task Output_from_before_the_start_is_found_without_an_event_and_the_guest_is_told_that_somebody_reads()
    {
        await using SimWorld world = await SimWorld.StartAsync(started: false);
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using ConsoleActor guest = new(domain);
        guest.Poke(ConsoleRingLayout.Connection, ConsoleRingLayout.Disconnected);
        Assert.False(guest.Ring.IsConnected);
        Assert.Equal(4, guest.Ring.Put("boot"u8));

        world.StartHypervisor();
        RecordedConsole console = world.Sink.Living[4].Console!;
        world.Until(() => console.Output == "boot", "what was printed before");

        Assert.True(guest.Ring.IsConnected);
        Assert.Equal(["appeared 4 guest4", "console offered 4 0"], world.Sink.Reports);
    }

    [Fact]
    public async Task A_console_that_starts_late_gets_an_event_although_the_ports_own_came_before()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        world.Sink.StartsConsoles = false;
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using ConsoleActor guest = new(domain);
        guest.Print("early");
        RecordedConsole console = UntilServed(world, 4);
        world.Until(() => world.Hypervisor.StaleEvents == 1, "the event of the binding, which nobody gets");

        console.Transport.Start(console);

        world.Until(() => console.Output == "early", "the event that is made up");
    }

    [Fact]
    public async Task Without_the_reserved_grant_the_frame_is_mapped()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CommandAsync("fault", "grant", "4", "ENOENT");
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using ConsoleActor guest = new(domain);
        RecordedConsole console = UntilServed(world, 4);

        guest.Print("by frame");

        world.Until(() => console.Output == "by frame", "the output");
        Assert.Empty(world.Log.Lines);
    }

    [Fact]
    public async Task With_the_reserved_grant_the_frame_does_not_matter()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CommandAsync("fault", "map", "4");
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        UntilServed(world, 4);
        Assert.Empty(world.Log.Lines);
    }

    [Theory]
    [InlineData("ioemu")]
    [InlineData("")]
    [InlineData("xenconsoled ")]
    public async Task A_console_of_another_type_is_somebody_elses(string type)
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        await DescribeAsync(world, domain, ConsoleActor.OtherFrame, 1, type);
        await world.SettleAsync();

        Assert.Null(world.Sink.Living[4].Console);
        Assert.Empty(world.Log.Lines);
        Assert.Equal(0, await GrantedPageTests.PortsOfDom0Async(world));
    }

    [Fact]
    public async Task A_console_without_a_type_is_served_when_its_last_key_is_there()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        await world.CommandAsync("store", "write", $"{domain.ConsolePath}/ring-ref", $"{ConsoleActor.OtherFrame}");
        await world.SettleAsync();
        Assert.Null(world.Sink.Living[4].Console);

        await world.CommandAsync("store", "write", $"{domain.ConsolePath}/port", "1");

        UntilServed(world, 4);
        Assert.Empty(world.Log.Lines);
    }

    [Fact]
    public async Task A_console_that_becomes_the_devices_models_is_withdrawn()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        RecordedConsole console = UntilServed(world, 4);

        await world.CommandAsync("store", "write", $"{domain.ConsolePath}/type", "ioemu");
        world.Until(() => !console.IsOpen, "the withdrawal");

        Assert.Equal("console withdrawn 4 0: its console is 'ioemu' now", world.Sink.Reports[^1]);
        await AssertNothingIsLeftAsync(world, 4);
    }

    [Fact]
    public async Task The_same_keys_written_again_change_nothing()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using ConsoleActor guest = new(domain);
        RecordedConsole console = UntilServed(world, 4);

        // As xl save -c does.
        await DescribeAsync(world, domain, ConsoleActor.Frame, ConsoleActor.PortOfToolstack, "xenconsoled");
        await world.SettleAsync();
        guest.Print("still here");

        world.Until(() => console.Output == "still here", "the output");
        Assert.Single(world.Sink.Reports, static report => report.StartsWith("console", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_ring_and_port_take_the_place_of_the_old_ones()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CommandAsync("fault", "grant", "4", "ENOENT"); // the reserved grant always names the old page
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        RecordedConsole old = UntilServed(world, 4);
        using ConsoleActor guest = new(domain, ConsoleActor.OtherFrame, port: null);
        await DescribeAsync(world, domain, ConsoleActor.OtherFrame, guest.Port, "xenconsoled");
        world.Until(() => world.Sink.Living[4].Console is { IsOpen: true } next && next != old, "the new ring");

        guest.Print("anew");
        world.Until(() => world.Sink.Living[4].Console!.Output == "anew", "its output");

        Assert.False(old.IsOpen);
        Assert.Equal(1, await GrantedPageTests.PortsOfDom0Async(world));
        Assert.Equal(2, world.MappingsOf(4)); // the guest's own, and ours
    }

    [Fact]
    public async Task The_same_port_opened_anew_by_the_guest_is_bound_anew()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using ConsoleActor guest = new(domain, ConsoleActor.OtherFrame, port: null);
        await DescribeAsync(world, domain, ConsoleActor.OtherFrame, guest.Port, "xenconsoled");
        RecordedConsole old = UntilServed(world, 4);

        // A soft reset: the toolstack writes what was there before.
        guest.ReopenPort();
        await world.CommandAsync("store", "write", $"{domain.ConsolePath}/port", $"{guest.Port}");
        world.Until(() => world.Sink.Living[4].Console is { IsOpen: true } next && next != old, "the new channel");
        guest.Print("after the reset");

        world.Until(() => world.Sink.Living[4].Console!.Output == "after the reset", "its output");
        Assert.Contains("console withdrawn 4 0: the guest has started its console anew", world.Sink.Reports);
        Assert.Equal(1, await GrantedPageTests.PortsOfDom0Async(world));
    }

    [Fact]
    public async Task Keys_that_vanish_take_nothing_away()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using ConsoleActor guest = new(domain);
        RecordedConsole console = UntilServed(world, 4);

        await world.CommandAsync("store", "rm", domain.ConsolePath);
        await world.SettleAsync();
        guest.Print("still here");

        world.Until(() => console.Output == "still here", "the output");
        Assert.True(console.IsOpen);
        Assert.Empty(world.Log.Lines);
    }

    [Fact]
    public async Task A_domain_that_has_shut_down_and_is_kept_keeps_its_console()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using ConsoleActor guest = new(domain);
        RecordedConsole console = UntilServed(world, 4);

        await world.CommandAsync("shutdown", "4", "3");
        guest.Print("Kernel panic");
        await world.SettleAsync();

        Assert.Equal("Kernel panic", console.Output);
        Assert.True(console.IsOpen);
    }

    [Fact]
    public async Task D01_The_last_words_of_a_domain_are_taken_before_its_page_goes()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        ConsoleActor guest = new(domain);
        RecordedConsole console = UntilServed(world, 4);
        await world.SettleAsync();

        // Nobody turns the loop between these.
        Assert.Equal(10, guest.Ring.Put("last words"u8));
        guest.Dispose();
        await world.CommandAsync("fault", "zombie", "4");
        await world.CommandAsync("store", "rm", domain.ConsolePath); // as xl destroy does first
        await domain.DestroyAsync();
        world.Until(() => world.Sink.Gone.Count == 1, "its end");

        Assert.Equal("last words", console.Output);
        Assert.False(console.IsOpen);
        await AssertNothingIsLeftAsync(world, 4);
    }

    [Fact]
    public async Task D11_A_successor_with_the_same_ring_and_port_is_served_as_another_domain()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain first = await world.CreateDomainAsync(4, "same", console: true);
        RecordedConsole old = UntilServed(world, 4);
        Guid uuid = world.Sink.Living[4].Uuid;
        old.Transport.PublishTerminal("/dev/pts/7");

        await first.DestroyAsync();
        await DiscoveryTests.UntilFreeAsync(world, 4);
        SimDomain second = await world.CreateDomainAsync(4, "same", console: true);
        using ConsoleActor guest = new(second);
        guest.Print("second");
        world.Until(() => world.Sink.Living.TryGetValue(4, out RecordingSink.Life? life) && life.Uuid != uuid, "the second life");
        RecordedConsole console = UntilServed(world, 4);
        world.Until(() => console.Output == "second", "its output");

        Assert.Equal("", old.Output);
        Assert.Equal("", await TerminalAsync(world, second)); // the dead one's stream has touched nothing here
    }

    [Fact]
    public async Task A_restarted_adapter_takes_what_was_printed_meanwhile()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using ConsoleActor guest = new(domain);
        guest.Print("before, ");
        RecordedConsole console = UntilServed(world, 4);
        world.Until(() => console.Output == "before, ", "the output");
        world.StopHypervisor();
        guest.Print("meanwhile");

        world.StartHypervisor();
        RecordedConsole next = UntilServed(world, 4);

        world.Until(() => next.Output == "meanwhile", "what was printed without a reader");
    }

    [Fact]
    public async Task With_console_rings_off_nothing_of_them_is_touched()
    {
        await using SimWorld world = await SimWorld.StartAsync(started: false);
        world.Options.Rings = false;
        SimDomain domain = await world.CreateDomainAsync(4, console: true);

        world.StartHypervisor();
        await world.CommandAsync("store", "write", $"{domain.ConsolePath}/port", "2");
        await world.SettleAsync();

        Assert.Null(world.Sink.Living[4].Console);
        await AssertNothingIsLeftAsync(world, 4);
    }

    internal static RecordedConsole UntilServed(SimWorld world, uint domid, int number = 0)
    {
        world.Until(
            () => world.Sink.Living.TryGetValue(domid, out RecordingSink.Life? life)
                && life.Consoles.TryGetValue(number, out RecordedConsole? console) && console.IsOpen,
            $"console {number} of domain {domid}");
        return world.Sink.Living[domid].Consoles[number];
    }

    internal static async Task DescribeAsync(SimWorld world, SimDomain domain, ulong frame, int port, string type)
    {
        await world.CommandAsync("store", "write", $"{domain.ConsolePath}/type", type);
        await world.CommandAsync("store", "write", $"{domain.ConsolePath}/ring-ref", $"{frame}");
        await world.CommandAsync("store", "write", $"{domain.ConsolePath}/port", $"{port}");
    }

    internal static async Task<string> TerminalAsync(SimWorld world, SimDomain domain)
        => (await world.CommandAsync("store", "read", $"{domain.ConsolePath}/tty")).TrimEnd('\n');

    internal static async Task AssertNothingIsLeftAsync(SimWorld world, uint domid)
    {
        Assert.Equal(0, world.MappingsOf(domid));
        Assert.Equal(0, await GrantedPageTests.PortsOfDom0Async(world));
    }
}
