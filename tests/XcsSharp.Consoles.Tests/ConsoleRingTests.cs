using System.Buffers.Binary;
using System.Text;

using Microsoft.Extensions.Time.Testing;

using XcsSharp.Rings;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>Consoles on console rings: the bytes, the readers, the input.</summary>
public sealed class ConsoleRingTests
{
    private readonly SeededStream _stream = new(SeededStream.ChooseSeed());

    public ConsoleRingTests()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {_stream.Seed}");
    }

    [Fact]
    public void The_terminal_and_a_viewer_get_a_stream_whole_and_the_guest_gets_what_is_typed()
    {
        const int Out = 1 << 20;
        const int In = 64 << 10;
        using var rig = new ConsoleRig();
        var (_, _, program, console) = rig.AddRing();
        SeededStream typed = _stream.Fork("in");
        var terminal = new StreamVerifier("pty", _stream, Out);
        var seen = new StreamVerifier("viewer", _stream, Out);
        var input = new StreamVerifier("guest", typed, In);
        program.Input = input.Accept;
        using var pty = PtyTerminal.Open(rig.Link("guest-1"), terminal.Accept);
        TestClient viewer = rig.Attach();

        program.Write(_stream.Take(0, Out));
        int sent = 0;
        rig.RunUntil(
            () =>
            {
                sent += viewer.TrySend(typed.Take(sent, Math.Min(4096, In - sent)));
                seen.Accept(viewer.Receive());
                return terminal.Finished.IsCompleted && seen.Finished.IsCompleted && input.Finished.IsCompleted;
            },
            $"all bytes: {terminal.Missing} at the pty, {seen.Missing} at the viewer, {input.Missing} in the guest");

        terminal.Check();
        seen.Check();
        input.Check();
        Assert.Equal(((ulong)Out, (ulong)In, 0UL), (console.BytesOut, console.BytesIn, console.BytesDropped));
    }

    [Fact]
    public void Readers_that_never_read_do_not_slow_the_guest()
    {
        using var rig = new ConsoleRig(options =>
        {
            options.HistoryBytes = 64 << 10;
            options.ViewerQueueBytes = 4096;
        });
        var (_, _, program, console) = rig.AddRing();
        _ = rig.Attach();
        rig.Write(program, _stream.Take(0, 700_000));
        Assert.Equal(700_000UL, console.BytesOut);
        Assert.True(console.BytesDropped > 700_000);
        Assert.Equal(_stream.Take(700_000 - 1000, 1000), console.Backlog.Read(700_000 - 1000));
    }

    [Fact]
    public void A_burst_reaches_its_readers_in_one_piece_and_little_output_at_once()
    {
        var clock = new FakeTimeProvider();
        using var rig = new ConsoleRig(options => options.PtyDirectory = null, clock);
        var (_, _, program, _) = rig.AddRing();
        TestClient viewer = rig.Attach();
        rig.Write(program, _stream.Take(0, 2047));
        Assert.Equal(2047, viewer.Receive().Length);

        // What is more than a ring-full in one window waits for its end.
        rig.Write(program, _stream.Take(2047, 2048));
        Assert.True(viewer.Receive().IsEmpty);
        clock.Advance(TimeSpan.FromMilliseconds(15));
        rig.RunIdle();
        Assert.True(viewer.Receive().IsEmpty);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        rig.RunIdle();
        Assert.Equal(2048, viewer.Receive().Length);

        // Or for a batch.
        rig.Write(program, _stream.Take(4095, 15_000));
        Assert.True(viewer.Receive().IsEmpty);
        rig.Write(program, _stream.Take(19_095, 2000));
        int batch = viewer.Receive().Length;
        Assert.InRange(batch, 16 * 1024, 17_000);
        clock.Advance(TimeSpan.FromMilliseconds(16));
        rig.RunIdle();
        Assert.Equal(17_000, batch + viewer.Receive().Length);

        // The queues' memory is given back in two looks; then nothing wakes the loop any more.
        for (int look = 0; look < 2; look++)
        {
            clock.Advance(TimeSpan.FromHours(1));
            rig.RunIdle();
        }

        clock.Advance(TimeSpan.FromHours(1));
        Assert.False(rig.Loop.RunOnce(TimeSpan.Zero), "a timer is left after the flood");

        // After a pause the first ring-full goes at once.
        rig.Write(program, _stream.Take(21_095, 2048));
        Assert.Equal(2048, viewer.Receive().Length);
    }

    [Fact]
    public void A_small_backlog_is_passed_on_before_it_overflows()
    {
        var clock = new FakeTimeProvider();
        using var rig = new ConsoleRig(options => (options.PtyDirectory, options.HistoryBytes) = (null, 8192), clock);
        var (_, _, program, console) = rig.AddRing();
        TestClient viewer = rig.Attach();
        var seen = new StreamVerifier("viewer", _stream, 60_000);
        for (int i = 0; i < 30; i++)
        {
            // The clock stands: all of it is one window.
            rig.Write(program, _stream.Take(i * 2000, 2000));
            seen.Accept(viewer.Receive());
        }

        Assert.InRange(seen.Position, 60_000 - 4096, 60_000);
        Assert.Equal(0UL, console.BytesDropped);
    }

    [Fact]
    public void Input_that_the_guest_does_not_read_is_held_back_in_the_client_and_none_is_lost()
    {
        using var rig = new ConsoleRig();
        var (_, _, program, console) = rig.AddRing();
        List<byte> got = [];
        program.Input = bytes => got.AddRange(bytes);
        program.TakesInput = false;
        TestClient viewer = rig.Attach();
        int sent = 0;
        for (int count = 1; count > 0;)
        {
            sent += count = viewer.TrySend(_stream.Take(sent, 4096));
            rig.RunIdle();
        }

        Assert.InRange(sent, 2048, 1 << 20);
        Assert.Equal((ulong)ConsoleRingLayout.InputSize, console.BytesIn);
        Assert.False(rig.Loop.RunOnce(TimeSpan.FromMilliseconds(20)), "the loop runs although nothing can go on");

        program.TakesInput = true;
        program.Run();
        rig.RunUntil(() => got.Count >= sent, $"{sent} bytes");
        Assert.Equal(_stream.Take(0, sent), got);
        Assert.Equal(0UL, console.InputDropped);
    }

    [Fact]
    public void Who_pastes_does_not_keep_another_from_typing()
    {
        using var rig = new ConsoleRig();
        var (_, _, program, _) = rig.AddRing();
        List<byte> got = [];
        program.Input = bytes => got.AddRange(bytes);
        program.TakesInput = false;
        TestClient pasting = rig.Attach();
        pasting.Send(new byte[50_000]);
        rig.RunIdle();
        TestClient typing = rig.Attach("1 mode=take");
        typing.Send([3]);
        rig.RunIdle();
        program.TakesInput = true;
        program.Run();
        rig.RunUntil(() => got.Contains(3), "the other's input");

        // Behind what the ring held, and one turn of the other's.
        Assert.InRange(got.IndexOf(3), 0, ConsoleRingLayout.InputSize + 512);
    }

    [Fact]
    public void Last_bytes_of_a_domain_reach_its_viewers_before_their_end()
    {
        using var rig = new ConsoleRig();
        var (guest, ring, _, console) = rig.AddRing();
        TestClient viewer = rig.Attach();
        ring.Ring.Put("panic"u8);
        guest.Destroy();
        List<byte> got = [];
        rig.RunUntil(() => { viewer.ReceiveInto(got); return viewer.IsEnded; }, "the end");
        Assert.Equal("panic", Encoding.ASCII.GetString([.. got]));
        Assert.True(console.IsEnding);
    }

    [Fact]
    public void A_driver_that_begins_anew_writes_to_the_same_console_and_gets_the_same_terminal()
    {
        using var rig = new ConsoleRig();
        var (_, ring, program, console) = rig.AddRing();
        TestClient viewer = rig.Attach();
        rig.Write(program, "one "u8.ToArray());
        string device = ring.Terminal!;
        ring.Terminal = null;
        ring.Restart();
        rig.RunIdle();
        Assert.Equal(device, ring.Terminal);
        rig.Write(program, "two"u8.ToArray());

        Assert.Same(console, rig.Console());
        List<byte> got = [];
        rig.RunUntil(() => { viewer.ReceiveInto(got); return got.Count >= 7; }, "both");
        Assert.Equal("one two", Encoding.ASCII.GetString([.. got]));
        viewer.Send("in");
        rig.RunUntil(() => console.BytesIn == 2, "input on the new ring");
    }

    [Fact]
    public void A_guest_that_lied_keeps_its_console_and_the_list_says_why()
    {
        using var rig = new ConsoleRig();
        var (_, ring, program, console) = rig.AddRing();
        rig.Write(program, "before"u8.ToArray());
        BinaryPrimitives.WriteUInt32LittleEndian(ring.PageBytes[ConsoleRingLayout.OutputProducer..], 99_999);
        ring.Kick();
        rig.RunIdle();

        Protocol.Operator.ConsoleEntry entry = Assert.Single(rig.List().Domains[0].Consoles!);
        Assert.Equal(("quarantined", "its output index is impossible"), (entry.State, entry.Problem));
        Assert.Same(console, rig.Console());
        TestClient viewer = rig.Attach("1 all");
        Assert.Equal("before"u8, viewer.Receive());
        viewer.Send("into nothing");
        rig.RunIdle();
        Assert.Equal(0UL, console.BytesIn);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_secondary_console_that_is_withdrawn_ends_also_after_its_guest_lied_and_its_key_names_nobodys_terminal(bool lied)
    {
        using var rig = new ConsoleRig();
        var (guest, ring, program, console) = rig.AddRing(number: 1);
        rig.Write(program, "before"u8.ToArray());
        TestClient viewer = rig.Attach("1#1 all");
        Assert.Equal("before"u8, viewer.Receive());
        if (lied)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(ring.PageBytes[ConsoleRingLayout.OutputProducer..], 99_999);
            ring.Kick();
            rig.RunIdle();
            Assert.Same(console, Assert.Single(rig.Consoles.Consoles));
        }

        Assert.NotNull(ring.Terminal);
        ring.Withdraw();

        // At once: nobody has read the terminal, so it stays a while, and its number is free after that.
        Assert.Null(ring.Terminal);
        Assert.Empty(rig.Consoles.Consoles);
        rig.RunUntil(() => { _ = viewer.Receive(); return viewer.IsEnded; }, "the viewer's end");
        Assert.NotNull(console.PtyDevice);

        // Whoever comes next under this number is another.
        var (_, next, _, other) = rig.AddRing(guest: guest, number: 1);
        Assert.NotSame(console, other);
        Assert.Equal(other.PtyDevice, next.Terminal);
        Assert.Equal(0, other.Backlog.End);
    }

    [Fact]
    public void The_terminal_is_published_when_it_comes_changes_and_goes()
    {
        using var rig = new ConsoleRig();
        var (_, ring, _, console) = rig.AddRing();
        Assert.NotNull(console.PtyDevice);
        Assert.Equal(console.PtyDevice, ring.Terminal);

        HangUps.HangUp(console.PtyDevice);
        rig.RunUntil(() => console.PtysOpened == 2, "another terminal");
        Assert.NotNull(console.PtyDevice);
        Assert.Equal(console.PtyDevice, ring.Terminal);

        rig.Consoles.Dispose();
        Assert.Null(ring.Terminal);
    }

    [Fact]
    public void A_console_that_takes_no_input_lets_it_fall()
    {
        using var rig = new ConsoleRig();
        FakeGuest guest = rig.Hypervisor.AddDomain(1);
        FakeConsole log = guest.AddConsole(takesInput: false);
        rig.RunIdle();
        TestClient viewer = rig.Attach();
        for (int sent = 0; sent < 2 << 20;)
        {
            // Held back it would fill the socket.
            int count = viewer.TrySend(new byte[20_000]);
            Assert.NotEqual(0, count);
            sent += count;
            rig.RunIdle();
        }

        log.Write("log line"u8);
        rig.RunIdle();
        Assert.Equal("log line"u8, viewer.Receive());
        Assert.True(rig.Console().IsOutputOnly);
        Assert.Equal(0UL, rig.Console().BytesIn);
    }

    [Fact]
    public void A_console_costs_no_memory_for_output_before_it_prints()
    {
        using var rig = new ConsoleRig();
        Assert.Equal(0, rig.AddRing().Console.Backlog.Capacity);
    }

    [Fact]
    public void Output_to_the_terminal_and_a_viewer_allocates_nothing()
    {
        using var rig = new ConsoleRig(options => options.HistoryBytes = 64 << 10);
        var (_, _, program, console) = rig.AddRing();
        long read = 0;
        using var pty = PtyTerminal.Open(rig.Link("guest-1"), bytes => Interlocked.Add(ref read, bytes.Length));
        TestClient viewer = rig.Attach();
        byte[] output = _stream.Take(0, 1000);
        long seen = 0;
        Print(2000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Print(2000);

        // What is left is the runtime's own: tiering, queue segments of Post.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2000);
        Assert.Equal(0UL, console.BytesDropped);

        void Print(int times)
        {
            for (int i = 0; i < times; i++)
            {
                program.Write(output);
                long wanted = (long)console.BytesOut + output.Length;
                while (program.Unsent > 0 || seen < wanted || Interlocked.Read(ref read) < wanted)
                {
                    _ = rig.Loop.RunOnce(TimeSpan.Zero);
                    seen += viewer.Receive().Length;
                }
            }
        }
    }
}
