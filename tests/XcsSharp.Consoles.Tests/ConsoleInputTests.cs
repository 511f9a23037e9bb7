using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class ConsoleInputTests
{
    private readonly SeededStream _stream = new(SeededStream.ChooseSeed());

    public ConsoleInputTests()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {_stream.Seed}");
    }

    [Fact]
    public void Input_goes_to_the_guest_in_requests_of_at_most_60_bytes()
    {
        using var rig = new ConsoleRig();
        var (_, program, console) = rig.AddConsole();
        List<byte> got = Collect(program);
        TestClient viewer = rig.Attach();
        viewer.Send(_stream.Take(0, 130));
        rig.RunUntil(() => got.Count >= 130, "the input");

        Assert.Equal([60, 60, 10], program.InputSizes);
        Assert.Equal(_stream.Take(0, 130), got);
        Assert.Equal(0, program.StrangeRequests);
        Assert.Equal(130UL, console.BytesIn);
    }

    [Fact]
    public void Input_in_the_same_write_as_the_request_line_is_input_already()
    {
        using var rig = new ConsoleRig();
        var (_, program, _) = rig.AddConsole();
        List<byte> got = Collect(program);
        TestClient viewer = rig.Connect();
        viewer.Send("ATTACH 1\nls\n");
        rig.RunUntil(() => got.Count >= 3, "the input");

        Assert.Equal("ls\n"u8, got.ToArray());
        Assert.Equal("OK 1 guest-1", rig.ReadLine(viewer));
    }

    [Fact]
    public async Task What_is_typed_at_the_terminal_reaches_the_guest_byte_for_byte()
    {
        const int Length = 20_000;
        using var rig = new ConsoleRig();
        var (_, program, _) = rig.AddConsole();
        var got = new StreamVerifier("guest", _stream, Length);
        program.Input = got.Accept;
        using var pty = PtyTerminal.Open(rig.Link("guest-1"), output: null);
        Task written = pty.WriteAsync(_stream.Take(0, Length), TestContext.Current.CancellationToken);
        rig.RunUntil(() => got.Finished.IsCompleted, $"the input, {got.Missing} bytes missing");
        await written;

        got.Check();
        Assert.All(program.InputSizes, size => Assert.InRange(size, 1, 60));
        Assert.Equal(0, program.StrangeRequests);
    }

    [Fact]
    public void A_full_ring_holds_input_back_in_the_client_and_loses_none_of_it()
    {
        using var rig = new ConsoleRig();
        var (_, program, console) = rig.AddConsole();
        List<byte> got = Collect(program);
        program.TakesInput = false;
        TestClient viewer = rig.Attach();
        int sent = SendUntilRefused(rig, viewer);

        // 8 slots, 64 queued requests, what one source may hold and one read of it, and what the kernel keeps for a
        // Unix socket: bounded, whatever the client does.
        Assert.InRange(sent, 72 * 60, 1 << 20);
        Assert.Equal(72UL * 60, console.BytesIn);
        Assert.False(rig.Loop.RunOnce(TimeSpan.FromMilliseconds(20)), "the loop runs although nothing can go on");

        program.TakesInput = true;
        program.Run();
        rig.RunUntil(() => got.Count >= sent, $"{sent} bytes");
        rig.RunIdle();
        Assert.Equal(_stream.Take(0, sent), got);
        Assert.Equal((ulong)sent, console.BytesIn);
        Assert.Equal(0UL, console.InputDropped);
    }

    [Fact]
    public void A_viewer_that_pastes_does_not_keep_another_from_typing()
    {
        using var rig = new ConsoleRig();
        var (_, program, _) = rig.AddConsole();
        List<byte> got = Collect(program);
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

        // Behind the 72 requests that were on their way; after that they take turns.
        Assert.InRange(got.IndexOf(3), 0, 74 * 60);
    }

    [Fact]
    public async Task Input_of_many_sources_is_mixed_but_none_is_reordered()
    {
        const int Sources = 5;
        const int Length = 8_000;
        using var rig = new ConsoleRig();
        var (_, program, _) = rig.AddConsole();
        List<byte> got = Collect(program);
        program.TakesInput = false;
        byte[][] inputs = [.. Enumerable.Range(0, Sources).Select(i => Tagged(i, Length))];

        // Each takes the seat when the one before has said all that a source holds; and the terminal types beside them.
        using var pty = PtyTerminal.Open(rig.Link("guest-1"), output: null);
        Task written = pty.WriteAsync(inputs[0], TestContext.Current.CancellationToken);
        for (int i = 1; i < Sources; i++)
        {
            TestClient viewer = rig.Attach("1 mode=take");
            viewer.Send(inputs[i]);
            rig.RunIdle();
        }

        program.TakesInput = true;
        program.Run();
        rig.RunUntil(() => got.Count >= Sources * Length, "all input");
        await written;
        for (int i = 0; i < Sources; i++)
        {
            Assert.Equal(inputs[i], got.Where(value => value >> 5 == i));
        }
    }

    [Fact]
    public void Input_for_a_domain_whose_program_is_gone_waits_for_the_next()
    {
        using var rig = new ConsoleRig();
        var (guest, program, _) = rig.AddConsole();
        List<byte> got = Collect(program);
        TestClient viewer = rig.Attach();
        guest.EndProgram();
        rig.RunIdle();
        int sent = SendUntilRefused(rig, viewer);
        Assert.False(rig.Loop.RunOnce(TimeSpan.FromMilliseconds(20)), "the loop runs although nothing can go on");
        Assert.Empty(got);

        guest.Publish();
        rig.RunUntil(() => got.Count >= sent, "the input");
        Assert.Equal(_stream.Take(0, sent), got);
    }

    [Fact]
    public void Input_that_waited_for_room_goes_to_the_next_program_when_the_room_never_came()
    {
        using var rig = new ConsoleRig();
        var (guest, program, console) = rig.AddConsole();
        List<byte> got = Collect(program);
        program.TakesInput = false;
        TestClient viewer = rig.Attach();
        int sent = SendUntilRefused(rig, viewer);
        int given = (int)console.BytesIn;
        guest.EndProgram();
        rig.RunIdle();
        program.TakesInput = true;
        guest.Publish();
        rig.RunUntil(() => got.Count >= sent - given, "the rest");

        // What the first program's channel had taken went with it.
        Assert.Equal(_stream.Take(given, sent - given), got);
    }

    [Fact]
    public void Input_of_a_viewer_that_has_left_still_arrives()
    {
        using var rig = new ConsoleRig();
        var (_, program, console) = rig.AddConsole();
        List<byte> got = Collect(program);
        program.TakesInput = false;
        TestClient first = rig.Attach();
        first.Send(new byte[72 * 60]);
        rig.RunIdle();
        TestClient viewer = rig.Attach("1 mode=take");
        viewer.Send("reboot\n"u8);
        viewer.Dispose();
        rig.RunUntil(() => console.Viewers == 1, "the viewer's end");
        program.TakesInput = true;
        program.Run();
        rig.RunUntil(() => got.Count >= (72 * 60) + 7, "the input");

        Assert.Equal("reboot\n"u8, got.ToArray().AsSpan(72 * 60));
    }

    [Fact]
    public void A_viewer_that_vanishes_while_its_input_is_held_back_is_noticed_and_loses_none_of_it()
    {
        const int Length = 40_000;
        using var rig = new ConsoleRig();
        var (_, program, console) = rig.AddConsole();
        List<byte> got = Collect(program);
        program.TakesInput = false;
        TestClient viewer = rig.Attach();
        viewer.Send(_stream.Take(0, Length / 2));
        rig.RunIdle();

        // Not read any more: this part is still in the socket when its sender goes.
        viewer.Send(_stream.Take(Length / 2, Length / 2));
        viewer.Dispose();
        rig.RunUntil(() => console.Viewers == 0, "the viewer's end");
        program.TakesInput = true;
        program.Run();
        rig.RunUntil(() => got.Count >= Length, "the input");
        Assert.Equal(_stream.Take(0, Length), got);
    }

    [Fact]
    public void Input_left_behind_by_viewers_has_a_limit_and_what_goes_beyond_is_counted()
    {
        const int Viewers = 30;
        const int Each = 3000;
        using var rig = new ConsoleRig();
        var (_, program, console) = rig.AddConsole();
        List<byte> got = Collect(program);
        program.TakesInput = false;
        for (int i = 0; i < Viewers; i++)
        {
            TestClient viewer = rig.Attach();
            viewer.Send(new byte[Each]);
            viewer.Dispose();
            rig.RunUntil(() => console.Viewers == 0, "the viewer's end");
        }

        ulong limit = (72 * 60) + (ulong)ConsoleInput.MaxAbandoned;
        Assert.Equal((Viewers * Each) - limit, console.InputDropped);
        program.TakesInput = true;
        program.Run();
        rig.RunUntil(() => (ulong)got.Count >= limit, "what was kept");
        Assert.Equal(limit, console.BytesIn);
    }

    [Fact]
    public void Viewers_that_come_type_and_leave_take_no_memory_of_a_guest_that_reads_nothing()
    {
        using var rig = new ConsoleRig();
        var (_, program, console) = rig.AddConsole();
        List<byte> got = Collect(program);
        program.TakesInput = false;
        TestClient staying = rig.Attach();
        staying.Send(new byte[73 * 60]);
        rig.RunIdle();
        for (int i = 0; i < 50; i++)
        {
            TestClient viewer = rig.Attach("1 mode=take");
            viewer.Send([(byte)(i + 1)]);
            rig.RunIdle();
            viewer.Dispose();
            rig.RunUntil(() => console.Viewers == 1, "the viewer's end");
        }

        // The one that stays, and one for all that have left.
        Assert.Equal(2, console.InputsWaiting);
        program.TakesInput = true;
        program.Run();
        rig.RunUntil(() => got.Count >= (73 * 60) + 50, "all input");
        Assert.Equal(Enumerable.Range(1, 50).Select(i => (byte)i), got.Where(value => value != 0));
    }

    [Fact]
    public void Typing_allocates_nothing_per_key()
    {
        using var rig = new ConsoleRig();
        var (_, program, console) = rig.AddConsole();
        program.KeepsSizes = false;
        TestClient viewer = rig.Attach();
        Type(500);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Type(5000);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2000);

        void Type(int keys)
        {
            for (int i = 0; i < keys; i++)
            {
                ulong wanted = console.BytesIn + 1;
                viewer.Send([(byte)i]);
                while (console.BytesIn < wanted)
                {
                    _ = rig.Loop.RunOnce(TimeSpan.Zero);
                }
            }
        }
    }

    private static List<byte> Collect(ConsoleProgram program)
    {
        List<byte> got = [];
        program.Input = bytes => got.AddRange(bytes);
        return got;
    }

    /// <summary>Input whose top three bits say who sent it.</summary>
    private byte[] Tagged(int source, int length)
    {
        byte[] bytes = _stream.Fork($"source {source}").Take(0, length);
        for (int i = 0; i < length; i++)
        {
            bytes[i] = (byte)((bytes[i] & 31) | (source << 5));
        }

        return bytes;
    }

    private int SendUntilRefused(ConsoleRig rig, TestClient viewer)
    {
        int sent = 0;
        for (int refusals = 0; refusals < 3;)
        {
            int taken = viewer.TrySend(_stream.Take(sent, 5000));
            sent += taken;
            refusals = taken == 0 ? refusals + 1 : 0;
            rig.RunIdle();
            Assert.True(sent < 1 << 24, "input is taken without a limit");
        }

        return sent;
    }
}
