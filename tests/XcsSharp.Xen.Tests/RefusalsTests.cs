using XcsSharp.Switching;

using Xunit;

namespace XcsSharp.Xen.Tests;

/// <summary>What is refused of a guest is told to the switch each time, and to the log at a pace.</summary>
public sealed class RefusalsTests
{
    [Fact]
    public async Task A_guest_that_is_refused_on_and_on_is_named_a_few_times_and_then_summed_up()
    {
        JumpingClock clock = new();
        await using SimWorld world = await SimWorld.StartAsync(clock: clock);
        using GuestActor liar = (await world.CreateDomainAsync(4)).StartProgram();
        SimDomain neighbour = await world.CreateDomainAsync(5);
        IReadOnlyList<string> lines = world.Log.Lines;

        Lie(world, liar, 1, 20);
        Assert.Equal(Refusals.MostSaid, lines.Count);

        using GuestActor other = neighbour.StartProgram().Publish(version: "2");
        world.Until(() => lines.Count == Refusals.MostSaid + 1, "the neighbour's own line");
        Assert.Contains("guest5 (5)", lines[^1], StringComparison.Ordinal);

        clock.Jump(Refusals.Pace);
        world.Until(() => lines.Count == Refusals.MostSaid + 2, "the sum");
        Assert.Contains($"guest4 (4): {20 - Refusals.MostSaid} more refusals", lines[^1], StringComparison.Ordinal);
        Assert.Contains("'20x'", lines[^1], StringComparison.Ordinal);

        Lie(world, liar, 21, 23);
        Assert.Equal(Refusals.MostSaid + 2, lines.Count);
        clock.Jump(Refusals.Pace);
        world.Until(() => lines.Count == Refusals.MostSaid + 3, "the next sum");
        Assert.Contains("3 more refusals", lines[^1], StringComparison.Ordinal);

        // After a pace without any it is named again, and until then nothing wakes the loop.
        clock.Jump(Refusals.Pace);
        Assert.False(world.Loop.RunOnce(TimeSpan.Zero));
        Lie(world, liar, 24, 24);
        Assert.Equal(Refusals.MostSaid + 4, lines.Count);
        Assert.Contains("no control channel, because its key ready is '24x'", lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_still_owed_to_the_log_is_said_at_the_end(bool ofTheDomain)
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        using GuestActor liar = domain.StartProgram();
        Lie(world, liar, 1, Refusals.MostSaid + 2);

        if (ofTheDomain)
        {
            await domain.DestroyAsync();
            world.Until(() => world.Sink.Gone.Count == 1, "its end");
        }
        else
        {
            world.Hypervisor.Dispose();
        }

        Assert.Equal(Refusals.MostSaid + 1, world.Log.Lines.Count);
        Assert.Contains("2 more refusals", world.Log.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_console_that_is_refused_while_it_is_served_is_well_again_with_its_old_keys()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain _, FrontEndActor driver, RecordedConsole console) = await SecondaryConsoleTests.ServedAsync(world);
        using FrontEndActor guest = driver;

        driver.Publish(port: "0");
        world.Until(() => OfConsole(world).Length == 1, "the refusal");
        driver.Publish();
        world.Until(() => OfConsole(world).Length == 2, "its end");

        Assert.Equal("console refused 4 1: no more", OfConsole(world)[^1]);
        Assert.True(console.IsOpen);
    }

    [Fact]
    public async Task A_refused_console_that_is_removed_is_refused_no_more()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4);
        Assert.Equal(ConsoleFailure.None, world.Hypervisor.AddConsole(4, out _));
        using FrontEndActor driver = new(domain, 1);
        driver.Publish(port: "0");
        world.Until(() => OfConsole(world).Length == 1, "the refusal");

        Assert.Equal(ConsoleFailure.None, world.Hypervisor.RemoveConsole(4, 0, out _));
        driver.Write("state", "6");
        world.Until(() => OfConsole(world).Length == 2, "its end");

        Assert.Equal("console refused 4 1: no more", OfConsole(world)[^1]);
    }

    /// <summary>What was reported of the first console that was added to domain 4.</summary>
    internal static string[] OfConsole(SimWorld world)
        => [.. world.Sink.Reports.Where(static report => report.StartsWith("console refused 4 1: ", StringComparison.Ordinal))];

    /// <summary>Each is another reason, and the switch hears of each.</summary>
    private static void Lie(SimWorld world, GuestActor liar, int first, int last)
    {
        for (int i = first; i <= last; i++)
        {
            liar.Write("ready", $"{i}x");
            string report = $"refused 4: its key ready is '{i}x' instead of a nonce";
            world.Until(() => world.Sink.Reports.Contains(report), report);
        }
    }
}
