using XcsSharp.Rings;

namespace XcsSharp.Switching.Tests;

/// <summary>The budget of a guest: what a flood, an event storm and a quiet guest beside them get in simulated time.</summary>
public sealed class FloodTests : IDisposable
{
    private const int Limit = 1 << 20;
    private const int Burst = Limit / 8;

    /// <summary>What an event costs at least.</summary>
    private const int EventBytes = 512;

    private static readonly byte[] s_ringFull = new byte[ConsoleRingLayout.OutputSize];

    private readonly StreamRig _rig = new(options => options.GuestBytesPerSecond = Limit);

    public FloodTests() => _rig.Consoles.WhenOutput = (_, _) => { };

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_flooding_guest_gets_its_rate_and_not_more_and_the_wait_is_counted()
    {
        var (_, _, stream) = AddFlood(5);
        ulong turns = RunFor(TimeSpan.FromSeconds(1));

        Assert.InRange(stream.BytesOut, (ulong)(Limit * 0.95), (ulong)(Limit + Burst + 4096));
        GuestDomain domain = stream.Domain;
        Assert.InRange(domain.ThrottledMilliseconds, 800UL, 1000UL);

        // One wait a step, and while it waits nothing else wakes the loop.
        Assert.InRange(domain.ThrottledTimes, 80UL, 101UL);
        Assert.InRange(turns, 80UL, 1000UL);
    }

    [Fact]
    public void While_a_guest_waits_its_port_is_masked_and_one_timer_is_all()
    {
        var (_, console, stream) = AddFlood(5);
        var (_, second, _) = AddFlood(6);
        _rig.Settle();
        Assert.True(console.IsMasked);
        Assert.True(second.IsMasked);
        ulong before = stream.BytesOut;
        ulong events = stream.Events;
        for (int i = 0; i < 1000; i++)
        {
            console.Kick();
        }

        Assert.False(_rig.Loop.RunOnce(TimeSpan.Zero));
        Assert.Equal((before, events), (stream.BytesOut, stream.Events));
        _rig.Clock.Advance(TimeSpan.FromMilliseconds(9));
        Assert.False(_rig.Loop.RunOnce(TimeSpan.Zero));
        _rig.Advance(TimeSpan.FromMilliseconds(1));
        Assert.InRange(stream.BytesOut - before, 1UL, (Limit / 100) + 4096UL);
    }

    [Fact]
    public void Under_its_budget_a_guest_arms_no_timer_and_pays_for_its_bytes_alone()
    {
        // All but the whole budget: the events of full rings must be paid with their bytes.
        const int RingFulls = (Burst / 2048) - 4;
        var (_, console, stream) = _rig.Add(5);
        for (int i = 0; i < RingFulls; i++)
        {
            console.Write(s_ringFull);
            _rig.Settle();
        }

        Assert.Equal(RingFulls * 2048UL, stream.BytesOut);
        _rig.Clock.Advance(TimeSpan.FromHours(1));
        Assert.False(_rig.Loop.RunOnce(TimeSpan.Zero));
        Assert.Equal(0UL, stream.Domain.ThrottledTimes);
    }

    [Fact]
    public void A_quiet_guest_beside_a_flooding_one_is_served_at_once()
    {
        var (_, _, flood) = AddFlood(5);
        var (_, quiet, stream) = _rig.Add(6);
        for (int i = 1; i <= 500; i++)
        {
            quiet.Write("x"u8);
            _rig.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal((ulong)i, stream.BytesOut);
        }

        Assert.Equal(0UL, stream.Domain.ThrottledTimes);
        Assert.True(flood.Domain.ThrottledTimes > 20);
    }

    [Fact]
    public void A_limit_of_0_is_none()
    {
        using StreamRig rig = new(options => options.GuestBytesPerSecond = 0);
        rig.Consoles.WhenOutput = (_, _) => { };
        var (_, console, stream) = rig.Add(5);
        console.Meanwhile = () => console.Write(s_ringFull);
        console.Write(s_ringFull);
        while (stream.BytesOut < 64 << 20)
        {
            Assert.True(rig.Loop.RunOnce(TimeSpan.Zero));
        }

        Assert.Equal(0UL, stream.Domain.ThrottledTimes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_storm_of_events_is_bounded_by_their_price(bool withAByteEach)
    {
        var (_, console, stream) = _rig.Add(5);
        _rig.Settle();
        for (int ms = 0; ms < 1000; ms++)
        {
            for (int i = 0; i < 30; i++)
            {
                console.Write(withAByteEach ? "x"u8 : []);
                _rig.Settle();
            }

            _rig.Advance(TimeSpan.FromMilliseconds(1));
        }

        ulong fair = (Limit + Burst) / EventBytes;
        Assert.InRange(stream.Events, fair * 8 / 10, fair + 101);
        Assert.True(stream.Domain.ThrottledTimes > 10);
    }

    [Fact]
    public void A_storm_on_a_control_channel_is_bounded_too_and_its_messages_are_answered()
    {
        RecordingSubscriber subscriber = new RecordingSubscriber().Answering();
        _rig.Switch.Attach(subscriber);
        _rig.Switch.Bind(subscriber, ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard);
        var guest = _rig.Hypervisor.AddGuest(5);
        _rig.Settle();
        ulong before = _rig.Hypervisor.PortsServed;
        for (int ms = 0; ms < 1000; ms++)
        {
            for (int i = 0; i < 30; i++)
            {
                guest.Kick();
                _rig.Settle();
            }

            _rig.Advance(TimeSpan.FromMilliseconds(1));
        }

        ulong fair = (Limit + Burst) / EventBytes;
        Assert.InRange(_rig.Hypervisor.PortsServed - before, fair * 8 / 10, fair + 101);
        GuestDomain domain = _rig.Switch.FindByDomid(5)!;
        Assert.InRange(domain.ThrottledTimes, 10UL, 1000UL);
        Assert.InRange(domain.ThrottledMilliseconds, 500UL, 1000UL);

        Assert.True(guest.TrySend(ControlMessage.Create(MessageType.Console, 0, 7, [])));
        _rig.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(RingRead.Message, guest.Page.Transmit.TryTakeResponse(out ControlMessage answer));
        Assert.Equal(7, answer.Id);
    }

    /// <summary>Each message with an event of its own, which costs nothing beside it.</summary>
    [Fact]
    public void A_message_costs_its_slot_and_not_its_event()
    {
        const int Messages = Burst / 64;
        RecordingSubscriber subscriber = new RecordingSubscriber().Answering();
        _rig.Switch.Attach(subscriber);
        _rig.Switch.Bind(subscriber, ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard);
        var guest = _rig.Hypervisor.AddGuest(5);
        _rig.Settle();
        GuestDomain domain = _rig.Switch.FindByDomid(5)!;
        for (int i = 0; i < Messages - 16; i++)
        {
            SendAndSettle(guest);
        }

        Assert.Equal(0UL, domain.ThrottledTimes);
        for (int i = 0; i < 12; i++)
        {
            SendAndSettle(guest);
        }

        Assert.Equal(1UL, domain.ThrottledTimes);
    }

    private void SendAndSettle(FakeGuest guest)
    {
        Assert.True(guest.TrySend(ControlMessage.Create(MessageType.Console, 0, 1, [])));
        _rig.Settle();
        _ = guest.Page.Transmit.TryTakeResponse(out _);
    }

    [Fact]
    public void A_guests_channel_and_consoles_share_one_budget()
    {
        var (guest, _, stream) = AddFlood(5);
        FakeConsole second = guest.AddConsole(1);
        second.Meanwhile = () => second.Ring.Put(s_ringFull);
        second.Write(s_ringFull);
        RunFor(TimeSpan.FromSeconds(1));
        ulong both = stream.BytesOut + _rig.Stream(5, 1).BytesOut;
        Assert.InRange(both, (ulong)(Limit * 0.95), (ulong)(Limit + Burst + 8192));
        Assert.InRange(stream.BytesOut, both / 4, both * 3 / 4);
    }

    [Fact]
    public void Input_reaches_a_guest_that_waits_for_budget()
    {
        var (_, console, stream) = AddFlood(5);
        _rig.Settle();
        Assert.True(console.IsMasked);
        int before = console.Notifications;
        Assert.Equal(1, stream.Put([3]));
        _rig.Settle();
        Assert.Equal(before + 1, console.Notifications);
        Assert.Equal([3], console.TakeInput());
    }

    [Fact]
    public void The_last_look_does_not_ask_for_the_budget()
    {
        var (guest, console, stream) = AddFlood(5);
        _rig.Settle();
        ulong before = stream.BytesOut;
        console.Meanwhile = null;
        guest.Destroy();
        Assert.Equal(before + 2048, stream.BytesOut);

        // The gate still has it, and lets it go without a look.
        _rig.Advance(TimeSpan.FromMilliseconds(10));
        _rig.Clock.Advance(TimeSpan.FromHours(1));
        Assert.False(_rig.Loop.RunOnce(TimeSpan.Zero));
    }

    [Fact]
    public void A_guest_that_stops_flooding_is_served_to_the_end_and_wakes_nobody_after_that()
    {
        var (_, console, stream) = AddFlood(5);
        RunFor(TimeSpan.FromMilliseconds(300));
        ulong put = stream.BytesOut + 2048;
        console.Meanwhile = null;
        RunFor(TimeSpan.FromMilliseconds(30));
        Assert.Equal(put, stream.BytesOut);
        Assert.False(console.IsMasked);
        _rig.Clock.Advance(TimeSpan.FromHours(1));
        Assert.False(_rig.Loop.RunOnce(TimeSpan.Zero));
        console.Write("again"u8);
        _rig.Settle();
        Assert.Equal(put + 5, stream.BytesOut);
    }

    /// <summary>A guest that has filled its ring whenever it was looked at.</summary>
    private (FakeGuest Guest, FakeConsole Console, ConsoleStream Stream) AddFlood(uint domid)
    {
        var added = _rig.Add(domid);
        added.Console.Meanwhile = () => added.Console.Ring.Put(s_ringFull);
        added.Console.Write(s_ringFull);
        return added;
    }

    /// <returns>Turns of the loop.</returns>
    private ulong RunFor(TimeSpan time)
    {
        ulong before = _rig.Loop.Turns;
        ulong idle = 0;
        for (TimeSpan at = TimeSpan.Zero; at < time; at += TimeSpan.FromMilliseconds(1))
        {
            _rig.Settle();
            idle++;
            _rig.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        _rig.Settle();
        return _rig.Loop.Turns - before - idle;
    }
}
