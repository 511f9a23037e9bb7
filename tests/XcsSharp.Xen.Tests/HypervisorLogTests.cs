using XcsSharp.Interop.Xen;

using Xunit;

namespace XcsSharp.Xen.Tests;

public sealed class HypervisorLogTests
{
    private const uint Xen = 32754;

    private const int ConRing = 8;

    [Fact]
    public async Task What_was_logged_before_comes_first_and_what_is_logged_later_follows()
    {
        await using SimWorld world = await StartAsync(static async world =>
        {
            await world.CommandAsync("log", "(XEN) Xen version 4.17");
            await world.CommandAsync("log", "(XEN) Latest ChangeSet");
        });
        RecordedConsole console = world.Sink.Living[Xen].Console!;
        Assert.Equal([$"appeared {Xen} xen", $"console offered {Xen} 0"], world.Sink.Reports);
        world.Until(() => console.Output == "(XEN) Xen version 4.17\n(XEN) Latest ChangeSet\n", "the log of before");

        await world.CommandAsync("log", "(XEN) d4v0 crashed");
        world.Until(() => console.Output.EndsWith("ChangeSet\n(XEN) d4v0 crashed\n", StringComparison.Ordinal), "the next line");
        await world.CommandAsync("log", "again");

        world.Until(() => console.Output.EndsWith("crashed\nagain\n", StringComparison.Ordinal), "the one after that");
        Assert.DoesNotContain("gap", console.Output, StringComparison.Ordinal);
        Assert.False(console.Transport.TakesInput);
        Assert.Equal(0, console.Transport.RemotePort);
        Assert.Empty(world.Log.Lines);
    }

    [Fact]
    public async Task What_was_written_over_before_it_was_read_is_a_gap_of_its_length()
    {
        await using SimWorld world = await StartAsync(static world => world.CommandAsync("log", "first"));
        RecordedConsole console = world.Sink.Living[Xen].Console!;
        world.Until(() => console.Output == "first\n", "the log of before");

        // 20 lines of 1000 bytes, of which the ring keeps 16 KiB, while nobody turns the loop.
        for (int i = 0; i < 20; i++)
        {
            await world.CommandAsync("log", new string((char)('a' + i), 999));
        }

        world.Until(() => console.Output.EndsWith("ttt\n", StringComparison.Ordinal), "the last line");
        string rest = console.Output["first\n".Length..];

        Assert.StartsWith("\r\n[gap: 3,616 bytes]\r\n", rest, StringComparison.Ordinal);
        Assert.Equal(20_000 - 3_616, rest.Length - "\r\n[gap: 3,616 bytes]\r\n".Length);
    }

    [Fact]
    public async Task A_restarted_adapter_reads_all_of_it_again()
    {
        await using SimWorld world = await StartAsync(static world => world.CommandAsync("log", "first"));
        world.Until(() => world.Sink.Living[Xen].Console!.Output == "first\n", "the line");
        world.StopHypervisor();
        await world.CommandAsync("log", "second");

        world.StartHypervisor();

        world.Until(() => world.Sink.Living[Xen].Console!.Output == "first\nsecond\n", "both lines");
    }

    [Theory]
    [InlineData(0, "second\n")]
    [InlineData(10_000, "first\nsecond\n")]
    public async Task One_that_is_told_where_the_adapter_before_has_ended_goes_on_there_unless_that_can_not_be(int off, string wanted)
    {
        await using SimWorld world = await StartAsync(static world => world.CommandAsync("log", "first"));
        RecordedConsole before = world.Sink.Living[Xen].Console!;
        world.Until(() => before.Output == "first\n", "the line");
        uint index = before.Transport.OutputIndex;
        world.StopHypervisor();
        await world.CommandAsync("log", "second");
        world.Sink.StartsConsoles = false;
        world.StartHypervisor();
        RecordedConsole console = world.Sink.Living[Xen].Console!;

        console.Transport.GoOnFrom(index + (uint)off);
        console.Transport.Start(console);

        world.Until(() => console.Output.Length > 0, "what is new");
        Assert.Equal(wanted, console.Output);
    }

    [Fact]
    public async Task An_interrupt_that_another_program_has_is_one_line_and_no_more()
    {
        EventChannels? other = null;
        await using SimWorld world = await StartAsync(world =>
        {
            other = world.As(0, EventChannels.Open);
            other.BindVirq(ConRing).OrThrow("bind_virq");
            return Task.CompletedTask;
        });
        await world.CommandAsync("log", "unheard");
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using ConsoleActor guest = new(domain);
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4);
        guest.Print("served");
        world.Until(() => console.Output == "served", "a guest's output");

        Assert.DoesNotContain(Xen, world.Sink.Living.Keys);
        Assert.Contains("(EEXIST)", Assert.Single(world.Log.Lines), StringComparison.Ordinal);
        other!.Dispose();
    }

    [Fact]
    public async Task A_closed_one_gives_its_interrupt_back()
    {
        await using SimWorld world = await StartAsync(static _ => Task.CompletedTask);
        RecordedConsole console = world.Sink.Living[Xen].Console!;
        Assert.Equal(1, await GrantedPageTests.PortsOfDom0Async(world));

        console.Close();

        Assert.Equal(0, await GrantedPageTests.PortsOfDom0Async(world));
        Assert.Throws<ObjectDisposedException>(() => console.Transport.TryTake(new byte[100], out _));
    }

    private static async Task<SimWorld> StartAsync(Func<SimWorld, Task> before)
    {
        SimWorld world = await SimWorld.StartAsync(started: false);
        world.Options.HypervisorLog = true;
        await before(world);
        world.StartHypervisor();
        return world;
    }
}
