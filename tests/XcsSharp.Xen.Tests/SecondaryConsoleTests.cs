using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Switching;

using Xunit;

namespace XcsSharp.Xen.Tests;

public sealed class SecondaryConsoleTests
{
    private const string BackEnds = "/local/domain/0/backend/console";

    [Fact]
    public async Task D05_An_added_console_is_served_when_the_guests_driver_has_taken_it_up()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        PrimaryConsoleTests.UntilServed(world, 4);

        Assert.Equal(ConsoleFailure.None, world.Hypervisor.AddConsole(4, out int number));
        Assert.Equal(1, number);
        using FrontEndActor driver = new(domain, 1);
        Assert.Equal("2", driver.ReadBackEnd("state"));
        await world.SettleAsync();
        Assert.DoesNotContain("console offered 4 1", world.Sink.Reports);

        driver.Publish();
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4, 1);
        driver.Write("state", "4");
        driver.Print("login: ");
        world.Until(() => console.Output == "login: ", "the output");
        Assert.Equal(5, console.Transport.Put("root\n"u8));

        Assert.Equal("root\n", driver.Read());
        Assert.Equal("4", driver.ReadBackEnd("state"));
        Assert.Equal((1, driver.Port), (console.Transport.Number, console.Transport.RemotePort));
        Assert.Empty(world.Log.Lines);
    }

    [Fact]
    public async Task Its_nodes_look_as_a_toolstacks_do_and_the_guest_can_not_change_what_root_opens()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain _, FrontEndActor driver, RecordedConsole console) = await ServedAsync(world);
        using FrontEndActor guest = driver;

        console.Transport.PublishTerminal("/dev/pts/7");

        Assert.Equal("/dev/pts/7", await ReadAsync(world, driver.Path + "/tty"));
        Assert.Equal(Errno.EACCES, driver.TryWrite(driver.Path + "/tty", "/dev/sda"));
        Assert.Equal(Errno.EACCES, driver.TryWrite(driver.Path + "/type", "ioemu"));
        Assert.Equal(Errno.EACCES, driver.TryWrite(driver.BackEnd + "/state", "1"));
        Assert.Equal(driver.BackEnd, await ReadAsync(world, driver.Path + "/backend"));
        Assert.Equal(driver.Path, await ReadAsync(world, driver.BackEnd + "/frontend"));
        Assert.Equal("0", await ReadAsync(world, driver.Path + "/backend-id"));
        Assert.Equal("4", await ReadAsync(world, driver.BackEnd + "/frontend-id"));
    }

    [Fact]
    public async Task A_terminal_that_the_guest_replaces_is_put_right_a_few_times_and_no_more()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain _, FrontEndActor driver, RecordedConsole console) = await ServedAsync(world);
        using FrontEndActor guest = driver;
        console.Transport.PublishTerminal("/dev/pts/7");

        for (int i = 1; i <= 6; i++)
        {
            // It owns the directory, so it can make all of it anew, with nodes of its own.
            driver.RemoveDirectory();
            driver.Write("tty", "/dev/sda");
            driver.Publish(state: "4");
            int lines = i;
            world.Until(() => world.Log.Lines.Count == lines, "a line about it");
            Assert.Equal(i <= 5 ? "/dev/pts/7" : "/dev/sda", await ReadAsync(world, driver.Path + "/tty"));
            await world.SettleAsync();
        }

        Assert.Contains("left alone from now on", world.Log.Lines[^1], StringComparison.Ordinal);
        Assert.True(console.IsOpen);
    }

    [Fact]
    public async Task Nine_fit_and_a_number_that_the_toolstack_has_is_left_alone()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4);
        world.Until(() => world.Sink.Living.ContainsKey(4), "the domain");
        await world.CommandAsync("store", "write", "/local/domain/4/device/console/2/type", "ioemu");
        List<int> numbers = [];

        while (world.Hypervisor.AddConsole(4, out int number) == ConsoleFailure.None)
        {
            numbers.Add(number);
        }

        Assert.Equal([1, 3, 4, 5, 6, 7, 8, 9], numbers);
        Assert.Equal(ConsoleFailure.NoNumberLeft, world.Hypervisor.AddConsole(4, out _));
        Assert.Equal(ConsoleFailure.NoSuchConsole, world.Hypervisor.RemoveConsole(4, 2, out _));
        Assert.Equal("ioemu", await ReadAsync(world, "/local/domain/4/device/console/2/type"));
    }

    [Fact]
    public async Task A_removed_console_goes_when_the_guest_has_let_go()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain _, FrontEndActor driver, RecordedConsole console) = await ServedAsync(world);
        using FrontEndActor guest = driver;

        Assert.Equal(ConsoleFailure.None, world.Hypervisor.RemoveConsole(4, 1, out _));
        Assert.Equal(("0", "5"), (driver.ReadBackEnd("online"), driver.ReadBackEnd("state")));
        driver.Print("bye");
        world.Until(() => console.Output == "bye", "what the guest says meanwhile");
        driver.Write("state", "6");
        world.Until(() => !console.IsOpen, "the end");
        await world.SettleAsync();

        Assert.Equal("console withdrawn 4 1: it was removed", world.Sink.Reports.Last(static report => report.StartsWith("console", StringComparison.Ordinal)));
        await AssertNoNodesAsync(world, driver);
        Assert.Equal(ConsoleFailure.NoSuchConsole, world.Hypervisor.RemoveConsole(4, 1, out _));
        Assert.Equal(ConsoleFailure.None, world.Hypervisor.AddConsole(4, out int number));
        Assert.Equal(1, number);
    }

    [Fact]
    public async Task A_guest_that_never_lets_go_is_not_waited_for_for_ever()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain _, FrontEndActor driver, RecordedConsole console) = await ServedAsync(world);
        using FrontEndActor guest = driver;

        Assert.Equal(ConsoleFailure.None, world.Hypervisor.RemoveConsole(4, 1, out _));
        world.Until(() => !console.IsOpen, "the end");

        await AssertNoNodesAsync(world, driver);
        Assert.Equal(0, await GrantedPageTests.PortsOfDom0Async(world));
    }

    [Fact]
    public async Task A_console_that_no_driver_has_taken_up_is_removed_at_once()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4);
        Assert.Equal(ConsoleFailure.None, world.Hypervisor.AddConsole(4, out int number));

        Assert.Equal(ConsoleFailure.None, world.Hypervisor.RemoveConsole(4, number, out _));
        await world.SettleAsync();

        Assert.Equal("", await world.CommandAsync("store", "ls", BackEnds));
        Assert.Equal("", await world.CommandAsync("store", "ls", "/local/domain/4/device/console"));
    }

    [Fact]
    public async Task A_driver_that_is_loaded_again_is_served_again()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain _, FrontEndActor driver, RecordedConsole first) = await ServedAsync(world);
        using FrontEndActor guest = driver;

        // As a kernel after kexec: close what it finds, and start from the beginning.
        driver.Write("state", "5");
        world.Until(() => driver.ReadBackEnd("state") == "5", "our end closing");
        driver.Write("state", "6");
        world.Until(() => driver.ReadBackEnd("state") == "6", "our end closed");
        Assert.False(first.IsOpen);
        driver.Close();
        driver.Write("state", "1");
        world.Until(() => driver.ReadBackEnd("state") == "2", "our end waiting");
        driver.Open();
        driver.Publish();
        RecordedConsole second = PrimaryConsoleTests.UntilServed(world, 4, 1);
        driver.Print("again");

        world.Until(() => second.Output == "again", "its output");
        Assert.Equal("4", driver.ReadBackEnd("state"));
        Assert.Empty(world.Log.Lines);
    }

    [Fact]
    public async Task The_same_reference_and_port_with_another_channel_behind_are_bound_anew()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain _, FrontEndActor driver, RecordedConsole first) = await ServedAsync(world);
        using FrontEndActor guest = driver;

        // A guest that crashed and says nothing of it: no key that was not there before.
        driver.ReopenPort();
        driver.Publish();
        world.Until(() => !first.IsOpen, "the first ring's end");
        RecordedConsole second = PrimaryConsoleTests.UntilServed(world, 4, 1);
        driver.Print("anew");

        world.Until(() => second.Output == "anew", "its output");
        Assert.Equal(1, await GrantedPageTests.PortsOfDom0Async(world));
    }

    public static TheoryData<string, string, string, string> Lies => new()
    {
        { "-1", "*", "3", "key ring-ref" },
        { "4294967296", "*", "3", "key ring-ref" },
        { "60000", "*", "3", "can not be mapped" },
        { "*", "0", "3", "key port" },
        { "*", "131072", "3", "key port" },
        { "*", "63", "3", "can not be bound" },
        { "*", "*", "9", "key state is '9'" },
        { "*", "*", "3\n<6>forged", "key state is '3?<6>forged'" },
        { "*", "*", "", "key state is ''" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_lie_is_logged_once_and_a_right_word_is_served(string reference, string port, string state, string expected)
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        Assert.Equal(ConsoleFailure.None, world.Hypervisor.AddConsole(4, out _));
        using FrontEndActor driver = new(domain, 1);

        for (int i = 0; i < 2; i++)
        {
            driver.Publish(reference == "*" ? null : reference, port == "*" ? null : port, state);
            await world.SettleAsync();
            string line = Assert.Single(world.Log.Lines);
            Assert.Contains(expected, line, StringComparison.Ordinal);
            Assert.DoesNotContain(line, static character => character < ' ');
            Assert.Empty(world.Sink.Living[4].Consoles);
            Assert.Contains(expected, Assert.Single(RefusalsTests.OfConsole(world)), StringComparison.Ordinal);
        }

        driver.Publish();
        PrimaryConsoleTests.UntilServed(world, 4, 1);
        Assert.Single(world.Log.Lines);
        Assert.Equal("console refused 4 1: no more", RefusalsTests.OfConsole(world)[^1]);
    }

    [Fact]
    public async Task A_guest_that_removes_its_directory_loses_the_console_and_gets_it_again()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain _, FrontEndActor driver, RecordedConsole first) = await ServedAsync(world);
        using FrontEndActor guest = driver;

        driver.RemoveDirectory();
        world.Until(() => !first.IsOpen, "the withdrawal");
        Assert.Equal("6", driver.ReadBackEnd("state"));
        driver.Publish();

        PrimaryConsoleTests.UntilServed(world, 4, 1);
    }

    [Fact]
    public async Task A_guest_that_writes_its_state_in_a_loop_costs_few_looks_and_the_neighbour_nothing()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain neighbour = await world.CreateDomainAsync(5, console: true);
        using ConsoleActor honest = new(neighbour);
        (SimDomain _, FrontEndActor driver, RecordedConsole _) = await ServedAsync(world);
        using FrontEndActor guest = driver;
        RecordedConsole other = PrimaryConsoleTests.UntilServed(world, 5);
        ulong before = world.Hypervisor.PageLooks;

        for (int i = 0; i < 2000; i++)
        {
            driver.Write("state", i % 2 == 0 ? "1" : "3");
            world.Loop.RunOnce(TimeSpan.Zero);
        }

        honest.Print("calm");
        world.Until(() => other.Output == "calm", "the neighbour's output");
        driver.Publish();
        PrimaryConsoleTests.UntilServed(world, 4, 1);
        Assert.InRange(world.Hypervisor.PageLooks - before, 1ul, 2000ul);
        Assert.Equal(2, await GrantedPageTests.PortsOfDom0Async(world));
    }

    [Fact]
    public async Task Death_takes_ring_port_and_back_end_and_a_successor_has_none()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain domain, FrontEndActor driver, RecordedConsole console) = await ServedAsync(world);
        Assert.Equal(14, driver.Ring.Put("famous, last.."u8));
        driver.Dispose();

        await domain.DestroyAsync();
        world.Until(() => world.Sink.Gone.Count == 1, "its end");

        Assert.Equal("famous, last..", console.Output);
        Assert.Equal("", await world.CommandAsync("store", "ls", BackEnds));
        await PrimaryConsoleTests.AssertNothingIsLeftAsync(world, 4);

        await DiscoveryTests.UntilFreeAsync(world, 4);
        SimDomain successor = await world.CreateDomainAsync(4, "next");
        using FrontEndActor thief = new(successor, 1);
        await world.SettleAsync();
        thief.Publish();
        await world.SettleAsync();
        Assert.Empty(world.Sink.Living[4].Consoles);
    }

    [Fact]
    public async Task A_restarted_adapter_takes_over_what_was_made_for_this_life_and_removes_the_rest()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain _, FrontEndActor driver, RecordedConsole _) = await ServedAsync(world);
        using FrontEndActor guest = driver;
        SimDomain dead = await world.CreateDomainAsync(5);
        Assert.Equal(ConsoleFailure.None, world.Hypervisor.AddConsole(5, out _));
        SimDomain reused = await world.CreateDomainAsync(6);
        Assert.Equal(ConsoleFailure.None, world.Hypervisor.AddConsole(6, out _));
        await world.CommandAsync("store", "write", $"{BackEnds}/5/0/state", "1"); // the toolstack's primary one
        await world.CommandAsync("store", "write", $"{BackEnds}/5/3/state", "1"); // and a channel of its
        world.StopHypervisor();
        driver.Print("meanwhile");
        await dead.DestroyAsync();
        await reused.DestroyAsync();
        await DiscoveryTests.UntilFreeAsync(world, 6);
        SimDomain successor = await world.CreateDomainAsync(6, "next");
        using FrontEndActor thief = new(successor, 1);
        thief.Publish();

        world.StartHypervisor();
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4, 1);
        world.Until(() => console.Output == "meanwhile", "what was printed without a reader");
        await world.SettleAsync();

        Assert.Equal("4", driver.ReadBackEnd("state"));
        Assert.Empty(world.Sink.Living[6].Consoles);
        Assert.Equal("4\n5\n", await world.CommandAsync("store", "ls", BackEnds));
        Assert.Equal("0\n3\n", await world.CommandAsync("store", "ls", $"{BackEnds}/5"));
        Assert.Equal(ConsoleFailure.None, world.Hypervisor.RemoveConsole(4, 1, out _));
    }

    [Fact]
    public async Task Without_a_number_the_highest_is_removed_each_once()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain _, FrontEndActor driver, RecordedConsole _) = await ServedAsync(world);
        using FrontEndActor guest = driver;
        Assert.Equal(ConsoleFailure.None, world.Hypervisor.AddConsole(4, out int second));

        Assert.Equal(ConsoleFailure.None, world.Hypervisor.RemoveConsole(4, 0, out int first));
        Assert.Equal(ConsoleFailure.None, world.Hypervisor.RemoveConsole(4, 0, out int next));

        Assert.Equal((2, 2, 1), (second, first, next));
        Assert.Equal(ConsoleFailure.NoSuchConsole, world.Hypervisor.RemoveConsole(4, 0, out _));
    }

    [Fact]
    public async Task What_can_not_be_done_is_a_value()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4);

        Assert.Equal(ConsoleFailure.NoSuchDomain, world.Hypervisor.AddConsole(77, out _));
        Assert.Equal(ConsoleFailure.NoSuchDomain, world.Hypervisor.RemoveConsole(77, 1, out _));
        Assert.Equal(ConsoleFailure.NoSuchConsole, world.Hypervisor.RemoveConsole(4, 1, out _));
        await world.CommandAsync("fault", "store", BackEnds, "ENOSPC");
        Assert.Equal(ConsoleFailure.Failed, world.Hypervisor.AddConsole(4, out _));
        Assert.Contains("console 1 could not be added (ENOSPC)", Assert.Single(world.Log.Lines), StringComparison.Ordinal);
        await world.CommandAsync("fault", "clear", "all");

        // Nothing half made is left.
        Assert.Equal("", await world.CommandAsync("store", "ls", "/local/domain/4/device"));
        Assert.Equal(ConsoleFailure.None, world.Hypervisor.AddConsole(4, out int number));
        Assert.Equal(1, number);
    }

    [Fact]
    public async Task With_console_rings_off_none_can_be_added()
    {
        await using SimWorld world = await SimWorld.StartAsync(started: false);
        world.Options.Rings = false;
        await world.CreateDomainAsync(4);
        world.StartHypervisor();

        Assert.Equal(ConsoleFailure.NotSupported, world.Hypervisor.AddConsole(4, out _));
        Assert.Equal(ConsoleFailure.NotSupported, world.Hypervisor.RemoveConsole(4, 1, out _));
    }

    [Fact]
    public async Task A_domain_that_has_gone_is_not_given_a_console_and_nothing_is_made_of_it()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        world.Until(() => world.Sink.Living.ContainsKey(4), "the domain");

        // Discovery has not heard of its end.
        await domain.DestroyAsync();
        await DiscoveryTests.UntilFreeAsync(world, 4);

        Assert.Equal(ConsoleFailure.NoSuchDomain, world.Hypervisor.AddConsole(4, out _));
        Assert.Equal("0\n", await world.CommandAsync("store", "ls", "/local/domain"));
    }

    internal static async Task<(SimDomain Domain, FrontEndActor Driver, RecordedConsole Console)> ServedAsync(SimWorld world)
    {
        SimDomain domain = await world.CreateDomainAsync(4);
        Assert.Equal(ConsoleFailure.None, world.Hypervisor.AddConsole(4, out int number));
        FrontEndActor driver = new FrontEndActor(domain, number).Publish();
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4, number);
        driver.Write("state", "4");
        return (domain, driver, console);
    }

    internal static async Task<string> ReadAsync(SimWorld world, string path)
        => (await world.CommandAsync("store", "read", path)).TrimEnd('\n');

    private static async Task AssertNoNodesAsync(SimWorld world, FrontEndActor driver)
    {
        using XenStoreConnection store = world.As(0, XenStoreConnection.Open);
        Assert.Equal(Errno.ENOENT, store.Read(driver.Path, out _));
        Assert.Equal(Errno.ENOENT, store.Read(driver.BackEnd, out _));
        Assert.Equal("", await world.CommandAsync("store", "ls", BackEnds));
    }
}
