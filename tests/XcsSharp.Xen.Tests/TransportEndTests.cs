using XcsSharp.Switching;

using Xunit;

namespace XcsSharp.Xen.Tests;

/// <summary>A transport that was disposed: its page is no longer ours, and its port may be another's by now.</summary>
public sealed class TransportEndTests
{
    private const int DebugVirq = 1;

    [Fact]
    public async Task A_channel_that_ends_before_its_first_event_gets_none_and_can_not_be_started_again()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4);
        Assert.Equal(OpenFailure.None, world.Hypervisor.OpenClassic(4, 0, 1, out IChannelTransport? transport));
        Counter counter = new();
        transport!.Start(counter);

        transport.Dispose();
        await world.SettleAsync();

        Assert.Equal(0, counter.Count);
        Assert.Throws<ObjectDisposedException>(() => transport.Start(counter));
    }

    [Fact]
    public async Task A_console_that_ends_before_its_first_event_gets_none()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        RecordedConsole console = await OfferedAsync(world);
        Counter counter = new();
        console.Transport.Start(counter);

        console.Close();
        await world.SettleAsync();

        Assert.Equal(0, counter.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_transport_that_ends_twice_leaves_the_next_owner_of_its_port_alone(bool console)
    {
        await using SimWorld world = await SimWorld.StartAsync();
        IDisposable transport;
        int port;
        if (console)
        {
            RecordedConsole offered = await OfferedAsync(world);
            UntilSettled(world);
            (transport, port) = (offered.Transport, offered.Transport.LocalPort);
            offered.Close();
        }
        else
        {
            await world.CreateDomainAsync(4);
            Assert.Equal(OpenFailure.None, world.Hypervisor.OpenClassic(4, 0, 1, out IChannelTransport? opened));
            UntilSettled(world);
            (transport, port) = (opened!, opened!.LocalPort);
            transport.Dispose();
        }

        Counter counter = new();
        Assert.True(world.Hypervisor.TryBindVirq(DebugVirq, counter, out int next));
        Assert.Equal(port, next); // else the test proves nothing
        transport.Dispose();

        await world.CommandAsync("virq", $"{DebugVirq}");
        world.Until(() => counter.Count == 1, "the interrupt of the next owner");
    }

    [Fact]
    public async Task A_handler_may_end_its_channel_and_the_page_is_not_looked_at_again()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor program = domain.StartProgram().Publish();
        RecordingSink.Life life = GrantedPageTests.UntilServed(world, 4);
        world.Until(() => life.Events > 0, "the first event");
        life.WhenEvent = life.Close;

        program.Notify();
        world.Until(() => life.Transport is null, "its end");
        await world.SettleAsync();

        Assert.Empty(life.Withdrawals);
        Assert.Equal(1, world.MappingsOf(4)); // the program's own
        Assert.Equal(0, await GrantedPageTests.PortsOfDom0Async(world));
    }

    /// <summary>The number of the port is no longer on its way: its next owner would get that event.</summary>
    private static void UntilSettled(SimWorld world)
        => world.Until(() => world.Hypervisor.StaleEvents == 1, "the event of the binding, which nobody gets");

    private static async Task<RecordedConsole> OfferedAsync(SimWorld world)
    {
        world.Sink.StartsConsoles = false;
        await world.CreateDomainAsync(4, console: true);
        return PrimaryConsoleTests.UntilServed(world, 4);
    }

    private sealed class Counter : IPortHandler
    {
        public int Count { get; private set; }

        public void OnPortEvent(int port) => Count++;
    }
}
