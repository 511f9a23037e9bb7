using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Rings;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Xen.Tests;

/// <summary>Wrong keys, hostile rings and failures that simxen injects, at a primary console.</summary>
public sealed class ConsoleFaultTests
{
    public static TheoryData<string, string, string> WrongKeys => new()
    {
        { "ring-ref", "", "key ring-ref is '' instead of a number" },
        { "ring-ref", "-1", "key ring-ref" },
        { "ring-ref", "0x1005", "key ring-ref" },
        { "ring-ref", "4503599627370496", "key ring-ref" },
        { "ring-ref", "18446744073709555717", "key ring-ref" }, // 2^64 + 0x1005
        { "ring-ref", "4503599627370495", "can not be mapped" },
        { "ring-ref", "1", "can not be mapped" },
        { "port", "0", "key port" },
        { "port", "131072", "key port" },
        { "port", "4294967297", "key port" },
        { "port", " 1", "key port" },
        { "port", "1\n<6>forged", "key port is '1?<6>forged'" },
        { "port", "63", "can not be bound" },
        { "port", "100000", "can not be bound" },
    };

    [Theory]
    [MemberData(nameof(WrongKeys))]
    public async Task A_wrong_key_is_logged_once_and_nothing_is_offered(string key, string value, string expected)
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using XenStoreConnection store = world.As(0, XenStoreConnection.Open);
        Write(store, domain, "ring-ref", key == "ring-ref" ? value : $"{ConsoleActor.OtherFrame}");
        Write(store, domain, "port", key == "port" ? value : "1");
        world.Until(() => world.Log.Lines.Count > 0, "a line about it");

        // Saying it again is no news.
        Write(store, domain, key, value);
        await world.SettleAsync();

        string line = Assert.Single(world.Log.Lines);
        Assert.Contains("guest4 (4)", line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.DoesNotContain(line, static character => character < ' ');
        Assert.Null(world.Sink.Living[4].Console);
        await PrimaryConsoleTests.AssertNothingIsLeftAsync(world, 4);
    }

    [Fact]
    public async Task A_wrong_key_leaves_the_console_that_is_served_alone_and_a_right_one_is_served_again()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using ConsoleActor guest = new(domain);
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4);

        await world.CommandAsync("store", "write", $"{domain.ConsolePath}/port", "none");
        world.Until(() => world.Log.Lines.Count == 1, "a line about it");
        guest.Print("unimpressed");

        world.Until(() => console.Output == "unimpressed", "the output");
        Assert.True(console.IsOpen);

        await world.CommandAsync("store", "write", $"{domain.ConsolePath}/port", $"{ConsoleActor.PortOfToolstack}");
        world.Until(() => world.Sink.Reports[^1] == "console refused 4 0: no more", "the end of the refusal");
        Assert.True(console.IsOpen);
    }

    [Theory]
    [InlineData("map", "can not be mapped (ENOMEM)")]
    [InlineData("bind", "can not be bound (ENOMEM)")]
    public async Task D10_A_passing_failure_is_logged_once_and_tried_again(string kind, string expected)
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CommandAsync("fault", "grant", "4");
        await world.CommandAsync("fault", kind, "4", "ENOMEM", "--count", "2");
        await world.CreateDomainAsync(4, console: true);

        // Nothing is said anew: the second and the third try are the adapter's own.
        PrimaryConsoleTests.UntilServed(world, 4);

        Assert.Contains(expected, Assert.Single(world.Log.Lines), StringComparison.Ordinal);
        Assert.Equal(1, await GrantedPageTests.PortsOfDom0Async(world));
        Assert.Equal(1, world.MappingsOf(4));
    }

    [Fact]
    public async Task A_revoked_reserved_grant_is_no_obstacle()
    {
        await using SimWorld world = await SimWorld.StartAsync(started: false);
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using ConsoleActor guest = new(domain);
        await world.CommandAsync("fault", "revoke", "4", "0");
        world.StartHypervisor();

        guest.Print("by frame");

        world.Until(() => world.Sink.Living[4].Console!.Output == "by frame", "the output");
        Assert.Empty(world.Log.Lines);
    }

    [Fact]
    public async Task Keys_that_can_not_be_read_are_tried_again()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CommandAsync("fault", "store", "/local/domain/4/console/type", "EIO", "--count", "1");
        await world.CreateDomainAsync(4, console: true);

        PrimaryConsoleTests.UntilServed(world, 4);

        Assert.Contains("key type can not be read (EIO)", Assert.Single(world.Log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_another_program_of_dom0_has_is_named_as_such()
    {
        await using SimWorld world = await SimWorld.StartAsync(started: false);
        await world.CreateDomainAsync(4, console: true);
        using EventChannels other = world.As(0, EventChannels.Open);
        other.BindInterdomain(4, ConsoleActor.PortOfToolstack).OrThrow("bind");

        world.StartHypervisor();

        string line = Assert.Single(world.Log.Lines);
        Assert.Contains("another program of dom0 has its port 2: a second console daemon?", line, StringComparison.Ordinal);
        Assert.Contains("--Consoles:Rings=off", line, StringComparison.Ordinal);
        Assert.Null(world.Sink.Living[4].Console);
        Assert.Equal(0, world.MappingsOf(4));

        // That daemon stops a moment later, as it does when one takes the other's place.
        other.Dispose();
        PrimaryConsoleTests.UntilServed(world, 4);
        Assert.Single(world.Log.Lines);
    }

    [Theory]
    [InlineData(ConsoleRingLayout.OutputProducer, 2049u)]
    [InlineData(ConsoleRingLayout.OutputProducer, 0xFFFFFFFFu)]
    [InlineData(ConsoleRingLayout.OutputProducer, 0x80000000u)]
    public async Task An_impossible_index_is_a_value_and_costs_the_neighbour_nothing(int offset, uint index)
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        SimDomain neighbour = await world.CreateDomainAsync(5, console: true);
        using ConsoleActor liar = new(domain);
        using ConsoleActor honest = new(neighbour);
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4);
        RecordedConsole other = PrimaryConsoleTests.UntilServed(world, 5);

        liar.Poke(offset, index);
        liar.Notify();
        honest.Print("honest");
        world.Until(() => other.Output == "honest", "the neighbour's output");
        world.Until(() => console.IsCorrupt, "the lie");

        Assert.Equal(0, console.Taken);
    }

    [Fact]
    public async Task An_impossible_index_of_input_takes_no_input()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using ConsoleActor liar = new(domain);
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4);

        liar.Poke(ConsoleRingLayout.InputConsumer, 5);

        Assert.Equal(0, console.Transport.Put("ls\n"u8));
        Assert.True(console.Transport.IsInputCorrupt);
    }

    [Fact]
    public async Task A_storm_on_the_port_is_served_without_allocating_and_output_gets_through()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using ConsoleActor guest = new(domain);
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4);
        await world.CommandAsync("fault", "storm", $"{console.Transport.LocalPort}", "--domid", "0", "--rate", "0");
        console.Keeps = false;
        world.Until(() => console.Events > 100, "the storm");
        byte[] text = new byte[64];

        // A watch event that is still under way may fall into one window, but not into each of them.
        Assert.Equal(0, Allocations.Least(() =>
        {
            int from = console.Events;
            while (console.Events < from + 1000)
            {
                guest.Ring.Put(text);
                world.Loop.RunOnce(TimeSpan.FromSeconds(1));
            }
        }));
        Assert.True(console.Taken > 0);
    }

    [Fact]
    public async Task A_storm_of_the_consoles_keys_costs_few_looks()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using ConsoleActor guest = new(domain);
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4);
        using XenStoreConnection store = world.As(0, XenStoreConnection.Open);
        ulong before = world.Hypervisor.PageLooks;

        for (int i = 0; i < 2000; i++)
        {
            Write(store, domain, "port", "2");
            world.Loop.RunOnce(TimeSpan.Zero);
        }

        await world.SettleAsync();
        guest.Print("calm");
        world.Until(() => console.Output == "calm", "the output");
        Assert.InRange(world.Hypervisor.PageLooks - before, 1ul, 400ul);
    }

    [Fact]
    public async Task A_guest_that_writes_its_control_page_in_a_loop_does_not_use_up_the_consoles_retries()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CommandAsync("fault", "grant", "4");
        await world.CommandAsync("fault", "map", "4", "ENOMEM");
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using GuestActor program = domain.StartProgram();
        world.Until(() => world.Log.Lines.Count == 1, "the failure");

        // More looks than there are retries, all of them at something else.
        for (int i = 0; i < 20; i++)
        {
            program.Write("ready", "0");
            await Task.Delay(TimeSpan.FromMilliseconds(25), SimWorld.Cancel);
            world.Loop.RunOnce(TimeSpan.Zero);
            world.Loop.RunOnce(TimeSpan.FromMilliseconds(25));
        }

        await world.CommandAsync("fault", "clear", "all");
        PrimaryConsoleTests.UntilServed(world, 4);
    }

    [Fact]
    public async Task Nothing_is_left_after_dispose_even_if_a_console_was_forgotten()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4, console: true);
        PrimaryConsoleTests.UntilServed(world, 4);
        Assert.Equal(1, await GrantedPageTests.PortsOfDom0Async(world));

        world.Hypervisor.Dispose();

        await PrimaryConsoleTests.AssertNothingIsLeftAsync(world, 4);
        world.Sink.Living.Clear();
    }

    [Fact]
    public async Task A_disposed_transport_does_not_touch_the_page()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4, console: true);
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4);
        console.Close();

        Assert.Throws<ObjectDisposedException>(() => console.Transport.Put("x"u8));
        Assert.Throws<ObjectDisposedException>(() => console.Transport.TryTake(new byte[1], out _));
        Assert.Throws<ObjectDisposedException>(() => console.Transport.IsInputCorrupt);
        Assert.Throws<ObjectDisposedException>(() => console.Transport.Start(console));
        console.Transport.Dispose();
    }

    private static void Write(XenStoreConnection store, SimDomain domain, string key, string value)
        => Assert.Equal(Errno.OK, store.Write($"{domain.ConsolePath}/{key}", value));
}
