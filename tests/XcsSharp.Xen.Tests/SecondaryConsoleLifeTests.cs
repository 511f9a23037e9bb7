using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Rings;

using Xunit;

namespace XcsSharp.Xen.Tests;

/// <summary>One life of a secondary console after the other: how soon the next begins, and what the last one leaves.</summary>
public sealed class SecondaryConsoleLifeTests
{
    [Fact]
    public async Task A_terminal_that_was_left_alone_stays_so_in_the_drivers_next_lives()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain _, FrontEndActor driver, RecordedConsole console) = await SecondaryConsoleTests.ServedAsync(world);
        using FrontEndActor guest = driver;
        for (int life = 1; life <= 3; life++)
        {
            console.Transport.PublishTerminal("/dev/pts/7");
            for (int i = 0; i < 4; i++)
            {
                driver.RemoveDirectory();
                driver.Write("tty", "/dev/sda");
                driver.Publish(state: "4");
                await world.SettleAsync();
            }

            driver.Write("state", "6");
            world.Until(() => !console.IsOpen, "this life's end");
            driver.Write("state", "4");
            console = PrimaryConsoleTests.UntilServed(world, 4, 1);
        }

        // Five times put right, and once said that it is left alone.
        Assert.Equal(6, world.Log.Lines.Count);
        Assert.Contains("left alone from now on", world.Log.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_driver_that_is_loaded_again_at_once_is_served_at_once_and_its_output_is_whole()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain _, FrontEndActor driver, RecordedConsole console) = await SecondaryConsoleTests.ServedAsync(world);
        using FrontEndActor guest = driver;
        for (int life = 1; life <= 3; life++)
        {
            // Its last words are in the old ring, its first in the new one, and nobody has looked at its states between.
            Assert.Equal(6, driver.Ring.Put("bye\r\n\0"u8));
            GuestConsoleRing old = driver.Ring;
            driver.Open();
            Assert.Equal(5, driver.Ring.Put("hello"u8));
            driver.Write("state", "6");
            driver.Publish(state: "4");
            RecordedConsole before = console;
            world.Until(() => !before.IsOpen && world.Sink.Living[4].Consoles[1].IsOpen, "the next life");
            console = world.Sink.Living[4].Consoles[1];
            world.Until(() => console.Output == "hello", "its output");
            Assert.EndsWith("bye\r\n\0", before.Output, StringComparison.Ordinal);
            old.Dispose();
        }

        Assert.Empty(RefusalsTests.OfConsole(world));
        Assert.Empty(world.Log.Lines);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_driver_that_comes_and_goes_in_a_loop_is_served_a_few_times_at_once_and_then_once_a_second(bool inSilence)
    {
        const int AtOnce = 4;
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain _, FrontEndActor driver, RecordedConsole _) = await SecondaryConsoleTests.ServedAsync(world);
        using FrontEndActor guest = driver;
        long start = world.Loop.Clock.GetTimestamp();
        for (int i = 0; i < 30; i++)
        {
            if (inSilence)
            {
                driver.ReopenPort();
            }
            else
            {
                driver.Write("state", "6");
                world.Until(() => driver.ReadBackEnd("state") == "6", "our end closed");
            }

            ulong looks = world.Hypervisor.PageLooks;
            driver.Publish(state: "4");
            world.Until(() => world.Hypervisor.PageLooks > looks, "a look");
        }

        int seconds = (int)world.Loop.Clock.GetElapsedTime(start).TotalSeconds;
        Assert.InRange(world.Sink.Reports.Count(static report => report == "console offered 4 1"), AtOnce, AtOnce + seconds + 1);
        Assert.Contains(RefusalsTests.OfConsole(world), static report => report.Contains("anew", StringComparison.Ordinal));
        Assert.Single(world.Log.Lines);

        // Nobody is left without for good, and what waited in the ring is whole.
        Assert.Equal(5, driver.Ring.Put("whole"u8));
        world.Until(() => world.Sink.Living[4].Consoles[1] is { IsOpen: true, Output: "whole" }, "its output");
        Assert.Equal("console refused 4 1: no more", RefusalsTests.OfConsole(world)[^1]);
        Assert.Equal(1, await GrantedPageTests.PortsOfDom0Async(world));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("5")]
    [InlineData("6")]
    public async Task A_console_that_its_guest_closes_while_no_daemon_runs_names_no_terminal_any_more(string state)
    {
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain _, FrontEndActor driver, RecordedConsole console) = await SecondaryConsoleTests.ServedAsync(world);
        using FrontEndActor guest = driver;
        console.Transport.PublishTerminal("/dev/pts/7");
        world.Sink.LeavesTerminals = true;
        world.StopHypervisor();
        Assert.Equal("/dev/pts/7", await SecondaryConsoleTests.ReadAsync(world, driver.Path + "/tty"));
        driver.Write("state", state);

        world.StartHypervisor();
        await world.SettleAsync();

        using XenStoreConnection store = world.As(0, XenStoreConnection.Open);
        Assert.Equal(Errno.ENOENT, store.Read(driver.Path + "/tty", out _));

        // It is as good as any other when it comes back.
        driver.Publish();
        PrimaryConsoleTests.UntilServed(world, 4, 1).Transport.PublishTerminal("/dev/pts/8");
        Assert.Equal("/dev/pts/8", await SecondaryConsoleTests.ReadAsync(world, driver.Path + "/tty"));
    }

    [Fact]
    public async Task A_console_that_is_served_over_a_restart_names_its_terminal_all_the_while()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        (SimDomain _, FrontEndActor driver, RecordedConsole console) = await SecondaryConsoleTests.ServedAsync(world);
        using FrontEndActor guest = driver;
        console.Transport.PublishTerminal("/dev/pts/7");
        world.Sink.LeavesTerminals = true;
        world.StopHypervisor();

        world.StartHypervisor();
        PrimaryConsoleTests.UntilServed(world, 4, 1);
        await world.SettleAsync();

        Assert.Equal("/dev/pts/7", await SecondaryConsoleTests.ReadAsync(world, driver.Path + "/tty"));
    }
}
