using XcsSharp.Reactor;
using XcsSharp.Rings;

namespace XcsSharp.Switching.Tests;

/// <summary>A console ring between two daemons: nothing stays in it that nobody takes, and its guest does not wait for a signal that was never sent.</summary>
public sealed class ConsoleRestartTests : IDisposable
{
    private readonly StreamRig _rig = new(options => options.GuestBytesPerSecond = 0);

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_stopped_daemon_leaves_output_in_the_ring_for_the_next_one()
    {
        var (_, console, _) = _rig.Add(5);
        _rig.Settle();
        console.Ring.Put("kept"u8);
        _rig.Switch.Dispose();
        Assert.Equal("", _rig.Consoles.Text(5));
        Assert.False(console.IsServed);

        using StreamRig next = new();
        console.OfferTo(next.Hypervisor, 5);
        next.Settle();
        Assert.Equal("kept", next.Consoles.Text(5));
    }

    /// <summary>Killed at any instruction: as long as nobody had it, it is in the ring.</summary>
    [Fact]
    public void Output_stays_in_the_ring_until_its_subscriber_has_had_it()
    {
        var (_, console, _) = _rig.Add(5);
        _rig.Settle();
        List<uint> inRing = [];
        _rig.Consoles.WhenOutput = (_, _) => inRing.Add(Index(console, ConsoleRingLayout.OutputProducer) - Index(console, ConsoleRingLayout.OutputConsumer));
        console.Write("nobody had this"u8);
        _rig.Settle();
        Assert.Equal([15u], inRing);
        Assert.Equal(15u, Index(console, ConsoleRingLayout.OutputConsumer));
    }

    /// <summary>The one before had it, and was killed before it gave the guest the room.</summary>
    [Fact]
    public void What_the_daemon_before_had_already_is_not_taken_again_and_the_guest_is_told_of_its_room()
    {
        var (_, console, stream) = _rig.Add(5);
        console.Ring.Put("known, new"u8);
        stream.GoOnFrom(6);
        Assert.Equal(6u, Index(console, ConsoleRingLayout.OutputConsumer));
        _rig.Settle();
        Assert.Equal(" new", _rig.Consoles.Text(5));
        Assert.Equal(1, console.Notifications);
        Assert.Equal(10u, stream.OutputIndex);
    }

    private static uint Index(FakeConsole console, int offset) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(console.PageBytes[offset..]);

    /// <summary>The one before may have been killed between taking its output, or putting input, and the signal that it waits for.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_guest_whose_console_was_served_before_is_signalled_by_the_next_daemon(bool output)
    {
        var (_, console, stream) = _rig.Add(5);
        if (output)
        {
            console.Write("taken"u8);
        }
        else
        {
            stream.Put("typed"u8);
        }

        _rig.Settle();
        int before = console.Notifications;
        using StreamRig next = new();
        console.OfferTo(next.Hypervisor, 5);
        next.Settle();
        Assert.Equal(before + 1, console.Notifications);
    }

    [Fact]
    public void A_daemon_that_stops_signals_the_guests_whose_output_it_has_taken()
    {
        var (_, console, _) = _rig.Add(5);
        _rig.Settle();

        // More comes behind the first look, so that the stream stands in line for another one at the turn's end; the stop is first there.
        StopAtTurnEnd stop = new(_rig.Switch);
        int looks = 0;
        console.Meanwhile = () =>
        {
            if (++looks == 2)
            {
                console.Ring.Put("more"u8);
                _rig.Loop.AtTurnEnd(stop);
            }
        };
        console.Write("taken"u8);
        _rig.Settle();
        Assert.Equal("taken", _rig.Consoles.Text(5));
        Assert.Equal(1, console.Notifications);
    }

    private sealed class StopAtTurnEnd(ControlSwitch stopped) : ITurnEndWork
    {
        public void OnTurnEnd() => stopped.Dispose();
    }
}
