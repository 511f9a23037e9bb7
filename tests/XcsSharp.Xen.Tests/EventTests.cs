using XcsSharp.Switching;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Xen.Tests;

public sealed class EventTests
{
    private const int DebugVirq = 1;

    [Fact]
    public async Task A_virtual_interrupt_is_delivered_once_per_unmask()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        PortCounter counter = new();
        Assert.True(world.Hypervisor.TryBindVirq(DebugVirq, counter, out int port));

        await world.CommandAsync("virq", $"{DebugVirq}");
        world.Until(() => counter.Count == 1, "the interrupt");
        await world.CommandAsync("virq", $"{DebugVirq}");
        await world.SettleAsync();
        Assert.Equal(1, counter.Count);

        world.Hypervisor.UnmaskPort(port);
        world.Until(() => counter.Count == 2, "the one that waited");
        Assert.Equal(port, counter.LastPort);
        world.Hypervisor.UnbindVirq(port);
        Assert.Equal(0, await GrantedPageTests.PortsOfDom0Async(world));
    }

    [Fact]
    public async Task A_virtual_interrupt_that_does_not_exist_is_a_value()
    {
        await using SimWorld world = await SimWorld.StartAsync();

        // Of dom0 there are 24 (NR_VIRQS), and 24 is the first that there is not.
        Assert.False(world.Hypervisor.TryBindVirq(24, new PortCounter(), out _));
        Assert.False(world.Hypervisor.TryBindVirq(9999, new PortCounter(), out int port));
        Assert.Equal(0, port);
        Assert.False(world.Hypervisor.NotifyPort(60000));
    }

    [Fact]
    public async Task A_port_that_is_closed_while_a_batch_is_served_gets_no_more_of_it()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        CloseTheOther one = new(world);
        CloseTheOther two = new(world);
        (one.Other, two.Other) = (two, one);
        Assert.True(world.Hypervisor.TryBindVirq(1, one, out int first));
        Assert.True(world.Hypervisor.TryBindVirq(2, two, out int second));
        (one.Port, two.Port) = (first, second);
        await world.CommandAsync("virq", "1");
        await world.CommandAsync("virq", "2");

        world.Until(() => one.Count + two.Count > 0, "the batch");
        await world.SettleAsync();

        Assert.Equal(1, one.Count + two.Count);
        Assert.Equal(1ul, world.Hypervisor.PortsServed);
        Assert.Equal(1ul, world.Hypervisor.StaleEvents);
    }

    [Fact]
    public async Task A_port_that_is_bound_while_a_batch_is_served_does_not_get_its_predecessors_event()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        Rebind one = new(world);
        Rebind two = new(world);
        (one.Other, two.Other) = (two, one);
        Assert.True(world.Hypervisor.TryBindVirq(1, one, out int first));
        Assert.True(world.Hypervisor.TryBindVirq(2, two, out int second));
        (one.Port, two.Port) = (first, second);
        (one.Virq, two.Virq) = (1, 2);
        await world.CommandAsync("virq", "1");
        await world.CommandAsync("virq", "2");

        world.Until(() => one.Count + two.Count > 0, "the batch");
        await world.SettleAsync();

        Rebind rebound = one.Count > 0 ? two : one;
        Assert.Equal(rebound.Port, rebound.NewPort); // else the test proves nothing
        Assert.Equal(0, rebound.Successor.Count);
    }

    [Fact]
    public async Task A_started_transport_gets_an_event_even_if_the_ports_own_came_too_early()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4);
        Assert.Equal(OpenFailure.None, world.Hypervisor.OpenClassic(4, 0, 1, out IChannelTransport? transport));
        world.Until(() => world.Hypervisor.StaleEvents == 1, "the event of the binding, which nobody gets");

        PortCounter counter = new();
        transport!.Start(counter);
        world.Until(() => counter.Count == 1, "the event that is made up");

        transport.Dispose();
    }

    [Fact]
    public async Task A_storm_is_served_without_allocating()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram().Publish();
        RecordingSink.Life life = GrantedPageTests.UntilServed(world, 4);
        await world.CommandAsync("fault", "storm", $"{life.Transport!.LocalPort}", "--domid", "0", "--rate", "0");
        world.Until(() => life.Events > 100, "the storm");

        // A watch event that is still under way may fall into one window, but not into each of them.
        Assert.Equal(0, Allocations.Least(() =>
        {
            int from = life.Events;
            while (life.Events < from + 1000)
            {
                world.Loop.RunOnce(TimeSpan.FromSeconds(1));
            }
        }));
        await world.CommandAsync("fault", "clear", "all");
        program.Send(3);
        world.Until(() => life.Taken.Count == 1, "a request after the storm");
    }

    [Fact]
    public async Task Many_ports_are_served_in_few_turns()
    {
        const int Guests = 60;
        await using SimWorld world = await SimWorld.StartAsync();
        List<GuestActor> programs = [];
        for (uint domid = 10; domid < 10 + Guests; domid++)
        {
            programs.Add((await world.CreateDomainAsync(domid)).StartProgram().Publish());
        }

        world.Until(() => world.Sink.Living.Values.Count(static life => life.Transport is not null) == Guests, "all channels");
        world.Until(() => !world.Loop.RunOnce(TimeSpan.FromMilliseconds(50)), "quiet");
        foreach (GuestActor program in programs)
        {
            program.Send(1);
        }

        ulong turns = world.Loop.Turns;
        world.Until(() => world.Sink.Living.Values.All(static life => life.Taken.Count == 1), "all requests");

        Assert.InRange(world.Loop.Turns - turns, 1ul, 5ul);
        programs.ForEach(static program => program.Dispose());
    }

    private class PortCounter : IPortHandler
    {
        public int Count { get; private set; }

        public int LastPort { get; private set; }

        public virtual void OnPortEvent(int port)
        {
            Count++;
            LastPort = port;
        }
    }

    private sealed class CloseTheOther(SimWorld world) : PortCounter
    {
        public int Port { get; set; }

        public CloseTheOther? Other { get; set; }

        public override void OnPortEvent(int port)
        {
            base.OnPortEvent(port);
            world.Hypervisor.UnbindVirq(Other!.Port);
        }
    }

    private sealed class Rebind(SimWorld world) : PortCounter
    {
        public int Port { get; set; }

        public int Virq { get; set; }

        public int NewPort { get; private set; }

        public Rebind? Other { get; set; }

        public PortCounter Successor { get; } = new();

        public override void OnPortEvent(int port)
        {
            base.OnPortEvent(port);
            world.Hypervisor.UnbindVirq(Other!.Port);
            Assert.True(world.Hypervisor.TryBindVirq(Other.Virq, Other.Successor, out int bound));
            Other.NewPort = bound;
        }
    }
}
