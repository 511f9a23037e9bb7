using System.Text;

using XcsSharp.Protocol;
using XcsSharp.Rings;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class ConsoleOutputTests
{
    private readonly SeededStream _stream = new(SeededStream.ChooseSeed());

    public ConsoleOutputTests()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {_stream.Seed}");
    }

    [Fact]
    public void Console_data_is_answered_at_once_with_length_0_whoever_reads()
    {
        using var rig = new ConsoleRig();
        FakeGuest guest = rig.Hypervisor.AddGuest(1);
        Assert.True(guest.TrySend(ControlMessage.Create(MessageType.Console, 0, 0xFF, "hello"u8)));
        rig.RunIdle();

        Assert.Equal(RingRead.Message, guest.Page.Transmit.TryTakeResponse(out ControlMessage answer));
        Assert.Equal((MessageType.Console, 0, 0xFF, 0), (answer.Type, answer.Subtype, answer.Id, answer.Length));
        Assert.Equal(5UL, rig.Console().BytesOut);
        Assert.Equal("hello"u8, rig.Console().Backlog.Read(0));
    }

    [Fact]
    public void A_console_message_of_another_subtype_is_answered_counted_and_not_shown()
    {
        using var rig = new ConsoleRig();
        FakeGuest guest = rig.Hypervisor.AddGuest(1);
        Assert.True(guest.TrySend(ControlMessage.Create(MessageType.Console, 9, 3, "?"u8)));
        rig.RunIdle();

        Assert.Equal(RingRead.Message, guest.Page.Transmit.TryTakeResponse(out ControlMessage answer));
        Assert.Equal((MessageType.Console, 9, 3, 0), (answer.Type, answer.Subtype, answer.Id, answer.Length));
        Assert.Equal(1UL, rig.Consoles.UnknownRequests);
        Assert.Equal(0UL, rig.Console().BytesOut);
    }

    [Fact]
    public void The_terminal_and_every_viewer_get_the_bytes_that_were_sent()
    {
        const int Length = 300_000;
        using var rig = new ConsoleRig();
        var (_, program, console) = rig.AddConsole();
        var terminal = new StreamVerifier("pty", _stream, Length);
        using var pty = PtyTerminal.Open(rig.Link("guest-1"), terminal.Accept);
        var viewers = Enumerable.Range(0, 20)
            .Select(i => (Client: rig.Attach(), Got: new StreamVerifier($"viewer {i}", _stream, Length)))
            .ToArray();

        program.Write(_stream.Take(0, Length));
        rig.RunUntil(
            () =>
            {
                foreach ((TestClient client, StreamVerifier got) in viewers)
                {
                    got.Accept(client.Receive());
                }

                return terminal.Finished.IsCompleted && viewers.All(viewer => viewer.Got.Finished.IsCompleted);
            },
            $"all bytes: pty misses {terminal.Missing}");

        terminal.Check();
        Assert.All(viewers, viewer => viewer.Got.Check());
        Assert.Equal((ulong)Length, console.BytesOut);
        Assert.Equal(0UL, console.BytesDropped);
    }

    [Fact]
    public void Output_that_nobody_reads_waits_in_the_backlog_and_the_gap_mark_says_exactly_what_was_lost()
    {
        const int Length = 400_000;
        const int Limit = 16 * 1024;
        using var rig = new ConsoleRig(options => options.HistoryBytes = Limit);
        var (_, program, console) = rig.AddConsole();
        rig.Write(program, _stream.Take(0, Length));

        // The end of the flood is passed on; then the loop is at rest although a terminal wants to be written: no busy loop.
        _ = rig.Loop.RunOnce(TimeSpan.FromMilliseconds(50));
        ulong turns = rig.Loop.Turns;
        Assert.False(rig.Loop.RunOnce(TimeSpan.FromMilliseconds(50)));
        Assert.InRange(rig.Loop.Turns - turns, 0UL, 1UL);
        ulong dropped = console.BytesDropped;
        Assert.True(dropped > Length / 2);

        var transcript = new Transcript("pty");
        using var pty = PtyTerminal.Open(rig.Link("guest-1"), transcript.Append);
        string mark = FormattableString.Invariant($"\r\n[gap: {dropped:N0} bytes]\r\n");
        rig.RunUntil(() => transcript.Length >= Length - (long)dropped + mark.Length, "the rest");
        rig.RunIdle();

        byte[] got = transcript.ToArray();
        Assert.Equal(Length - (long)dropped + mark.Length, got.Length);
        int before = got.Length - Limit - mark.Length;
        Assert.Equal(_stream.Take(0, before), got[..before]);
        Assert.Equal(mark, Encoding.ASCII.GetString(got, before, mark.Length));
        Assert.Equal(_stream.Take(Length - Limit, Limit), got[^Limit..]);
        Assert.Equal(dropped, console.BytesDropped);
    }

    [Fact]
    public void A_reader_that_closes_the_terminal_and_opens_it_again_misses_nothing()
    {
        using var rig = new ConsoleRig();
        var (_, program, console) = rig.AddConsole();
        var got = new StreamVerifier("pty", _stream, 90_000);
        for (int part = 0; part < 3; part++)
        {
            // Written while nobody has it open, and while somebody has.
            rig.Write(program, _stream.Take(part * 30_000, 15_000));
            using var pty = PtyTerminal.Open(rig.Link("guest-1"), got.Accept);
            program.Write(_stream.Take((part * 30_000) + 15_000, 15_000));
            long wanted = (part + 1) * 30_000;
            rig.RunUntil(() => got.Position == wanted || got.Problem is not null, $"byte {wanted}");
        }

        got.Check();
        Assert.Equal(0UL, console.BytesDropped);
    }

    [Fact]
    public void Memory_for_output_grows_with_the_output_and_not_over_the_limit()
    {
        using var rig = new ConsoleRig(options => options.HistoryBytes = 8192);
        var (_, program, console) = rig.AddConsole();
        Assert.Equal(0, console.Backlog.Capacity);
        rig.Write(program, _stream.Take(0, 60));
        Assert.Equal(1024, console.Backlog.Capacity);
        rig.Write(program, _stream.Take(60, 50_000));
        Assert.Equal(8192, console.Backlog.Capacity);
    }

    [Fact]
    public void The_next_program_of_a_domain_writes_to_the_same_console()
    {
        using var rig = new ConsoleRig();
        var (guest, program, console) = rig.AddConsole();
        TestClient viewer = rig.Attach();
        rig.Write(program, "one "u8.ToArray());
        guest.EndProgram();
        rig.RunIdle();
        Assert.Same(console, rig.Console());
        guest.Publish();
        rig.RunIdle();
        rig.Write(program, "two"u8.ToArray());

        List<byte> got = [];
        rig.RunUntil(() => { viewer.ReceiveInto(got); return got.Count >= 7; }, "both");
        Assert.Equal("one two", Encoding.ASCII.GetString([.. got]));
    }

    [Fact]
    public void A_domid_that_is_used_again_shows_nothing_of_its_predecessor()
    {
        using var rig = new ConsoleRig();
        var (guest, program, _) = rig.AddConsole(5, "web");
        rig.Write(program, "secret"u8.ToArray());
        guest.Destroy();
        rig.RunIdle();
        var (_, second, console) = rig.AddConsole(5, "web");
        rig.Write(second, "fresh"u8.ToArray());

        Assert.Equal("fresh"u8, console.Backlog.Read(0));
        TestClient viewer = rig.Attach("5 all");
        List<byte> got = [];
        rig.RunUntil(() => { viewer.ReceiveInto(got); return got.Count >= 5; }, "output");
        Assert.Equal("fresh", Encoding.ASCII.GetString([.. got]));
    }

    [Fact]
    public void One_write_carries_the_messages_of_a_turn_to_a_viewer()
    {
        using var rig = new ConsoleRig();
        var (guest, _, _) = rig.AddConsole();
        guest.Interrupt = null;
        TestClient viewer = rig.Attach();
        for (int i = 0; i < ProtocolLimits.RingSlots; i++)
        {
            Assert.True(guest.TrySend(ControlMessage.Create(MessageType.Console, 0, 0xFF, "0123456789"u8)));
        }

        rig.RunIdle();

        // Read at once what is there: a second look must not be needed.
        Assert.Equal(80, viewer.Receive().Length);
    }

    [Fact]
    public void Output_to_the_terminal_and_a_viewer_allocates_nothing_per_message()
    {
        using var rig = new ConsoleRig(options => options.HistoryBytes = 64 * 1024);
        var (_, program, console) = rig.AddConsole();
        long read = 0;
        using var pty = PtyTerminal.Open(rig.Link("guest-1"), bytes => Interlocked.Add(ref read, bytes.Length));
        TestClient viewer = rig.Attach();
        byte[] output = _stream.Take(0, 60 * 100);
        long seen = 0;
        Flood(50);

        // The least of a few: the list of times grows a few times in the console's first seconds, and then never.
        long allocated = Allocations.Least(() => Flood(200));

        Assert.Equal(0UL, console.BytesDropped);

        // 20,000 messages. What is left is the runtime's own: tiering, queue segments of Post.
        Assert.InRange(allocated, 0, 2000);

        void Flood(int rounds)
        {
            for (int i = 0; i < rounds; i++)
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
