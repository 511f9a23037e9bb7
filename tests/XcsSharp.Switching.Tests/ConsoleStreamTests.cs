using System.Buffers.Binary;

using XcsSharp.Rings;

namespace XcsSharp.Switching.Tests;

public sealed class ConsoleStreamTests : IDisposable
{
    private readonly StreamRig _rig = new(options => options.GuestBytesPerSecond = 0);
    private readonly SeededStream _stream = new(SeededStream.ChooseSeed());

    public ConsoleStreamTests()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {_stream.Seed}");
    }

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Output_that_waited_in_the_ring_comes_after_the_news_of_the_console()
    {
        var guest = _rig.Hypervisor.AddDomain(5);
        FakeConsole console = guest.AddConsole();
        console.Ring.Put("before"u8);
        Assert.Equal(["opened 5#0"], _rig.Consoles.News);
        Assert.Equal("", _rig.Consoles.Text(5));

        _rig.Settle();
        Assert.Equal("before", _rig.Consoles.Text(5));
        Assert.True(console.Ring.IsConnected);
    }

    [Fact]
    public void A_stream_both_ways_arrives_whole_and_in_order()
    {
        const int Out = 1 << 20;
        const int In = 64 << 10;
        var (_, console, stream) = _rig.Add(5);
        RingProgram program = new(console);
        StreamVerifier input = new("guest", _stream.Fork("in"), In);
        program.Input = input.Accept;
        byte[] typed = _stream.Fork("in").Take(0, In);
        int sent = 0;
        _rig.Consoles.WhenRoom = console => sent += console.Put(typed.AsSpan(sent));

        program.Write(_stream.Take(0, Out));
        sent += stream.Put(typed);
        _rig.Settle();

        Assert.Equal(0, program.Unsent);
        Assert.Equal(_stream.Take(0, Out), _rig.Consoles.Bytes(5));
        Assert.Equal(In, sent);
        input.Check();
        Assert.Equal(((ulong)Out, (ulong)In), (stream.BytesOut, stream.BytesIn));
        Assert.Equal((ulong)Out, _rig.Switch.Counters.ConsoleBytes);
    }

    [Fact]
    public void The_guest_is_notified_once_for_what_a_drain_took_and_not_at_all_for_nothing()
    {
        var (_, console, stream) = _rig.Add(5);
        _rig.Settle();
        Assert.Equal(0, console.Notifications);

        console.Write("one"u8);
        console.Write("two"u8);
        _rig.Settle();
        Assert.Equal(1, console.Notifications);

        console.Kick();
        _rig.Settle();
        Assert.Equal(1, console.Notifications);
        Assert.Equal(1UL, stream.Notifies);
    }

    [Fact]
    public void Input_is_signalled_once_a_turn()
    {
        var (_, console, stream) = _rig.Add(5);
        _rig.Settle();
        Assert.Equal(3, stream.Put("abc"u8));
        Assert.Equal(2, stream.Put("de"u8));
        Assert.Equal(0, console.Notifications);
        _rig.Settle();
        Assert.Equal(1, console.Notifications);
        Assert.Equal("abcde"u8, console.TakeInput());
    }

    [Fact]
    public void A_guest_that_never_stops_writing_is_still_told_of_its_input()
    {
        var (_, console, stream) = _rig.Add(5);
        console.Meanwhile = () => console.Ring.Put("x"u8);
        console.Write("x"u8);
        for (int i = 0; i < 8; i++)
        {
            _rig.Loop.RunOnce(TimeSpan.Zero);
        }

        int before = console.Notifications;
        Assert.Equal(2, stream.Put("^C"u8));
        _rig.Loop.RunOnce(TimeSpan.Zero);
        Assert.True(console.Notifications > before);
    }

    [Fact]
    public void A_guest_that_writes_while_it_is_read_costs_one_event_and_few_notifies()
    {
        const int Length = 256 << 10;
        var (_, console, stream) = _rig.Add(5);
        byte[] output = _stream.Take(0, Length);
        int put = 0;
        console.Meanwhile = () => put += put < Length ? console.Write(output.AsSpan(put)) : 0;
        put += console.Write(output);
        _rig.Settle();

        Assert.Equal(output, _rig.Consoles.Bytes(5));

        // The made-up first one, and the one that was pending when the port was unmasked at last.
        Assert.InRange(stream.Events, 1UL, 3UL);
        Assert.InRange(console.Unmasks, 1, 3);
        Assert.InRange(stream.Notifies, 1UL, (Length / (16UL << 10)) + 2);
    }

    [Fact]
    public void Input_that_finds_no_room_waits_for_the_guests_event()
    {
        var (_, console, stream) = _rig.Add(5);
        _rig.Settle();
        byte[] typed = _stream.Take(0, 3000);
        int sent = stream.Put(typed);
        int rooms = 0;
        _rig.Consoles.WhenRoom = console =>
        {
            rooms++;
            sent += console.Put(typed.AsSpan(sent));
        };
        _rig.Settle();
        Assert.Equal(ConsoleRingLayout.InputSize, sent);
        int before = rooms;
        Assert.False(_rig.Loop.RunOnce(TimeSpan.Zero));

        List<byte> got = [];
        while (got.Count < typed.Length)
        {
            byte[] some = console.TakeInput();
            Assert.NotEmpty(some);
            got.AddRange(some);
            console.Kick();
            _rig.Settle();
        }

        Assert.Equal(typed, got);
        Assert.InRange(rooms - before, 2, 3);
    }

    [Theory]
    [InlineData(ConsoleRingLayout.OutputProducer, 2049u, "output", false)]
    [InlineData(ConsoleRingLayout.OutputProducer, 0xFFFF_FFFFu, "output", false)]
    [InlineData(ConsoleRingLayout.InputConsumer, 1u, "input", true)]
    [InlineData(ConsoleRingLayout.InputConsumer, 0x8000_0000u, "input", true)]
    [InlineData(ConsoleRingLayout.InputConsumer, 1u, "input", false)]
    [InlineData(ConsoleRingLayout.InputConsumer, 0x8000_0000u, "input", false)]
    public void D04_A_guest_whose_index_is_impossible_loses_its_console_and_nobody_else_does(
        int index, uint value, string which, bool isTypedTo)
    {
        var (_, liar, stream) = _rig.Add(5);
        var (_, honest, _) = _rig.Add(6);
        _rig.Settle();
        BinaryPrimitives.WriteUInt32LittleEndian(liar.PageBytes[index..], value);
        liar.Kick();
        if (isTypedTo)
        {
            Assert.Equal(0, stream.Put("x"u8));
        }

        honest.Write("still here"u8);
        _rig.Settle();

        Assert.Equal(ChannelState.Quarantined, stream.State);
        Assert.Equal($"its {which} index is impossible", stream.Problem);
        Assert.Equal($"closed 5#0: {stream.Problem}", _rig.Consoles.News[^1]);
        Assert.Contains($"(port {stream.LocalPort})", Assert.Single(_rig.Log.Warnings), StringComparison.Ordinal);
        Assert.Equal(1UL, _rig.Switch.Counters.Quarantines);
        Assert.Equal("still here", _rig.Consoles.Text(6));

        // It may signal as it likes, once: the port stays masked. Its page stays mapped until it is withdrawn.
        ulong served = _rig.Hypervisor.PortsServed;
        for (int i = 0; i < 100; i++)
        {
            liar.Kick();
            _rig.Settle();
        }

        Assert.InRange(_rig.Hypervisor.PortsServed - served, 0UL, 1UL);
        Assert.True(liar.IsMasked);
        Assert.True(liar.IsServed);
        Assert.Equal(0, stream.Put("x"u8));
        Assert.Single(_rig.Log.Warnings);
        liar.Withdraw();
        Assert.False(liar.IsServed);
        Assert.Equal(
            [$"closed 5#0: {stream.Problem}", "closed 5#0: the toolstack removed it"],
            _rig.Consoles.News.Where(news => news.StartsWith("closed 5#0", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_console_that_was_refused_is_known_and_counted_until_it_is_served_or_well_again()
    {
        var guest = _rig.Hypervisor.AddDomain(5);
        GuestDomain domain = _rig.Switch.FindByDomid(5)!;
        _rig.Switch.OnConsoleRefused(5, 0, "its port is wrong");
        _rig.Switch.OnConsoleRefused(5, 1, "its grant is wrong");
        _rig.Switch.OnConsoleRefused(77, 1, "there is no such domain");
        Assert.Equal(("its port is wrong", "its grant is wrong"), (domain.FindConsoleRefusal(0), domain.FindConsoleRefusal(1)));

        _ = guest.AddConsole();
        Assert.Equal((null, "its grant is wrong"), (domain.FindConsoleRefusal(0), domain.FindConsoleRefusal(1)));
        _rig.Switch.OnConsoleRefused(5, 1, null);
        Assert.Null(domain.FindConsoleRefusal(1));
        Assert.Equal((2UL, 2UL), (domain.Refusals, _rig.Switch.Counters.Refusals));
    }

    [Fact]
    public void The_last_bytes_of_a_domain_that_is_gone_are_taken_before_its_end_is_told()
    {
        var (guest, console, stream) = _rig.Add(5);
        _rig.Settle();
        console.Ring.Put("panic"u8);
        guest.Destroy();

        Assert.Equal("panic", _rig.Consoles.Text(5));
        Assert.Equal("closed 5#0: the domain is gone", _rig.Consoles.News[^1]);
        Assert.Equal(ChannelState.Closed, stream.State);
        Assert.False(console.IsServed);
        Assert.Equal(0, stream.Put("late"u8));
    }

    [Fact]
    public void A_withdrawn_console_is_taken_to_the_end_however_its_guest_writes_on()
    {
        var (_, console, stream) = _rig.Add(5, number: 3);
        _rig.Settle();
        console.Meanwhile = () => console.Ring.Put(new byte[2048]);
        console.Ring.Put("last"u8);
        console.Withdraw("removed");

        Assert.StartsWith("last", _rig.Consoles.Text(5, 3), StringComparison.Ordinal);
        Assert.InRange(stream.BytesOut, 4UL, 256UL << 10);
        Assert.Equal("closed 5#3: removed", _rig.Consoles.News[^1]);
        Assert.Empty(_rig.Switch.FindByDomid(5)!.Consoles);
    }

    [Fact]
    public void A_console_that_is_offered_again_takes_the_place_of_the_one_before_and_loses_nothing()
    {
        var (_, console, before) = _rig.Add(5);
        console.Write("one "u8);
        _rig.Settle();
        console.Ring.Put("two "u8);
        console.Restart();
        console.Write("three"u8);
        _rig.Settle();

        Assert.Equal("one two three", _rig.Consoles.Text(5));
        Assert.Equal(["opened 5#0", "closed 5#0: it was made anew", "opened 5#0"], _rig.Consoles.News);
        Assert.Equal(ChannelState.Closed, before.State);
        Assert.NotSame(before, _rig.Stream(5));
    }

    [Fact]
    public void Without_a_subscriber_output_stays_in_the_ring_until_one_comes()
    {
        using StreamRig rig = new(attach: false);
        var (_, console, _) = rig.Add(5);
        console.Write("early"u8);
        rig.Settle();
        Assert.Equal("", rig.Consoles.Text(5));

        rig.Switch.AttachConsoles(rig.Consoles);
        rig.Settle();
        Assert.Equal("early", rig.Consoles.Text(5));
        Assert.Throws<InvalidOperationException>(() => rig.Switch.AttachConsoles(new RecordingConsoles()));

        rig.Switch.DetachConsoles(rig.Consoles);
        console.Write(" between"u8);
        rig.Settle();
        Assert.Equal("early", rig.Consoles.Text(5));
        rig.Switch.AttachConsoles(rig.Consoles);
        rig.Settle();
        Assert.Equal("early between", rig.Consoles.Text(5));
    }

    [Fact]
    public void A_domains_consoles_are_listed_by_number_and_are_independent()
    {
        var (guest, first, _) = _rig.Add(5);
        FakeConsole third = guest.AddConsole(3);
        FakeConsole second = guest.AddConsole(2);
        Assert.Equal([0, 2, 3], _rig.Switch.FindByDomid(5)!.Consoles.Select(stream => stream.Number));
        third.Write("three"u8);
        second.Write("two"u8);
        first.Write("zero"u8);
        _rig.Settle();
        Assert.Equal(("zero", "two", "three"), (_rig.Consoles.Text(5), _rig.Consoles.Text(5, 2), _rig.Consoles.Text(5, 3)));

        second.Withdraw();
        Assert.Equal([0, 3], _rig.Switch.FindByDomid(5)!.Consoles.Select(stream => stream.Number));
    }

    [Fact]
    public void An_offer_for_a_domain_that_does_not_exist_is_closed_and_logged()
    {
        var (guest, console, _) = _rig.Add(5);
        _rig.Switch.OnDomainGone(5);
        console.Offer();
        Assert.False(console.IsServed);
        Assert.Contains("does not exist", Assert.Single(_rig.Log.Warnings), StringComparison.Ordinal);
        guest.Destroy();
    }

    [Fact]
    public void A_console_without_input_takes_none()
    {
        var guest = _rig.Hypervisor.AddDomain(5);
        _ = guest.AddConsole(takesInput: false);
        Assert.False(_rig.Stream(5).TakesInput);
        Assert.Equal(0, _rig.Stream(5).Put("x"u8));
    }

    [Fact]
    public void Guests_take_turns_and_one_that_refills_its_ring_comes_behind_the_others()
    {
        var (_, flooding, flood) = _rig.Add(5);
        var (_, quiet, _) = _rig.Add(6);
        _rig.Settle();
        _rig.Consoles.WhenOutput = (_, _) => { };
        flooding.Meanwhile = () => flooding.Write(new byte[2048]);
        flooding.Write(new byte[2048]);
        for (int i = 0; i < 5; i++)
        {
            _rig.Loop.RunOnce(TimeSpan.Zero);
        }

        ulong before = flood.BytesOut;
        Assert.True(before > 100_000, $"no flood: {before} bytes");
        quiet.Write("hello"u8);
        _rig.Loop.RunOnce(TimeSpan.Zero);
        Assert.Equal(5UL, _rig.Stream(6).BytesOut);

        // One turn of the loop has at most four rounds, and each guest one share in each.
        Assert.InRange(flood.BytesOut - before, 1UL, 4UL * 16 * 1024);
    }
}
