using System.Text;

using Microsoft.Extensions.Time.Testing;

using XcsSharp.Protocol;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class EndOfDomainTests
{
    private readonly SeededStream _stream = new(SeededStream.ChooseSeed());

    public EndOfDomainTests()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {_stream.Seed}");
    }

    [Fact]
    public void Viewers_get_the_last_bytes_and_then_the_end()
    {
        using var rig = new ConsoleRig();
        var (guest, _, console) = rig.AddConsole();
        TestClient viewer = rig.Attach();

        // In the ring when the domain goes: nobody has looked at it yet.
        Assert.True(guest.TrySend(ControlMessage.Create(MessageType.Console, 0, 0xFF, "panic"u8)));
        guest.Destroy();
        List<byte> got = [];
        rig.RunUntil(() => { viewer.ReceiveInto(got); return viewer.IsEnded; }, "the end");

        Assert.Equal("panic", Encoding.ASCII.GetString([.. got]));
        Assert.True(console.IsEnding);
        Assert.Equal(0, rig.Operators.Connections);
    }

    [Fact]
    public void A_slow_viewer_gets_all_that_is_left_before_the_end()
    {
        const int Length = 400_000;
        using var rig = new ConsoleRig(options =>
        {
            options.ViewerQueueBytes = 4096;
            options.PtyDirectory = null;
        });
        var (guest, program, _) = rig.AddConsole();
        TestClient viewer = rig.Attach();
        rig.Write(program, _stream.Take(0, Length));
        guest.Destroy();
        rig.RunIdle();
        Assert.Equal(1, rig.Consoles.Ending);

        var got = new StreamVerifier("slow", _stream, Length);
        rig.RunUntil(() => { got.Accept(viewer.Receive(most: 2000)); return viewer.IsEnded; }, "the end");
        got.Check();
        Assert.Equal(0, rig.Consoles.Ending);
    }

    [Fact]
    public void The_terminals_reader_gets_the_last_bytes_before_it_is_hung_up()
    {
        const int Length = 150_000;
        using var rig = new ConsoleRig();
        var (guest, program, _) = rig.AddConsole();
        var got = new StreamVerifier("pty", _stream, Length);
        using var held = new ManualResetEventSlim();
        using var pty = PtyTerminal.Open(
            rig.Link("guest-1"), bytes =>
            {
                held.Wait();
                got.Accept(bytes);
            });
        try
        {
            rig.Write(program, _stream.Take(0, Length));
            guest.Destroy();
            rig.RunIdle();
            Assert.False(Path.Exists(rig.Link("guest-1")));
            Assert.Equal(1, rig.Consoles.Ending);
        }
        finally
        {
            held.Set();
        }

        rig.RunUntil(() => pty.Ended.IsCompleted, "the hang-up");
        got.Check();
        Assert.Equal(0, rig.Consoles.Ending);
    }

    [Fact]
    public void A_terminal_that_looks_empty_is_kept_for_a_moment_however_often_it_is_looked_at()
    {
        var clock = new FakeTimeProvider();
        using var rig = new ConsoleRig(clock: clock);
        var (guest, _, console) = rig.AddConsole();
        guest.Destroy();
        rig.RunIdle();

        // As by a log that is closed, and by viewers that leave.
        for (int i = 0; i < 5; i++)
        {
            console.PumpSoon();
            rig.RunIdle();
        }

        Assert.Equal(1, rig.Consoles.Ending);
        clock.Advance(TimeSpan.FromMilliseconds(50));
        rig.RunIdle();
        Assert.Equal(0, rig.Consoles.Ending);
    }

    [Fact]
    public void Readers_that_never_read_keep_a_dead_console_for_the_linger_time_and_no_longer()
    {
        var clock = new FakeTimeProvider();
        using var rig = new ConsoleRig(options => options.ViewerQueueBytes = 4096, clock);
        var (guest, program, console) = rig.AddConsole();
        TestClient stuck = rig.Attach();
        rig.Write(program, _stream.Take(0, 800_000));
        guest.Destroy();
        rig.RunIdle();
        clock.Advance(TimeSpan.FromSeconds(29));
        rig.RunIdle();
        Assert.Equal(1, rig.Consoles.Ending);
        Assert.Equal(1, console.Viewers);

        clock.Advance(TimeSpan.FromSeconds(2));
        rig.RunIdle();
        Assert.Equal(0, rig.Consoles.Ending);
        Assert.Equal(0, rig.Operators.Connections);
        rig.RunUntil(() => { _ = stuck.Receive(); return stuck.IsEnded; }, "the end");
    }

    [Fact]
    public void A_domain_without_readers_is_dropped_when_its_terminal_has_nothing_unread()
    {
        using var rig = new ConsoleRig();
        var (guest, _, console) = rig.AddConsole();
        guest.Destroy();
        rig.RunUntil(() => rig.Consoles.Ending == 0, "the console's end");
        Assert.Null(console.PtyDevice);
        Assert.Empty(rig.Consoles.Consoles);
    }

    [Fact]
    public void A_console_that_comes_and_goes_has_few_terminals_and_nobody_elses_output_is_forgotten_for_it()
    {
        const int MostOfOne = 4;
        using var rig = new ConsoleRig();
        var (neighbour, _, other, _) = rig.AddRing(2, "other");
        rig.Write(other, "last words"u8.ToArray());
        neighbour.Destroy();
        rig.RunUntil(() => rig.Consoles.Ending == 1, "its end");
        var (_, ring, program, first) = rig.AddRing(1, "web", number: 1);
        for (int life = 1; life <= 1100; life++)
        {
            // Nobody reads it at the terminal.
            rig.Write(program, BitConverter.GetBytes(life));
            ring.Withdraw();
            Assert.Equal(1 + Math.Min(life, MostOfOne), rig.Consoles.Ending);
            Assert.Equal(life > MostOfOne, first.PtyDevice is null);
            ring.Restart();
            rig.RunIdle();
        }

        Assert.Equal(2, rig.Consoles.Kept);
        Assert.Equal("last words"u8, rig.Consoles.FindEnded("other", 0)!.Backlog.Read(0));
        Assert.Equal(BitConverter.GetBytes(1100), rig.Consoles.FindEnded("web", 1)!.Backlog.Read(0));
    }

    [Fact]
    public void Who_reads_the_output_of_a_life_that_was_not_the_last_gets_all_of_it()
    {
        const int Length = 400_000;
        var clock = new FakeTimeProvider();
        using var rig = new ConsoleRig(options => (options.PtyDirectory, options.ViewerQueueBytes) = (null, 4096), clock);
        var (_, ring, program, _) = rig.AddRing(1, "web", number: 1);
        rig.Write(program, _stream.Take(0, Length));
        TestClient slow = rig.Connect(receiveBuffer: 4096);
        slow.Send("LOG web#1\n");
        Assert.StartsWith("OK ", rig.ReadLine(slow), StringComparison.Ordinal);
        for (int life = 0; life < 6; life++)
        {
            ring.Withdraw();
            ring.Restart();
            rig.Write(program, "x"u8.ToArray());
        }

        clock.Advance(TimeSpan.FromMinutes(1));
        rig.RunIdle();
        Assert.Equal(0, rig.Consoles.Ending);
        Assert.Equal(2, rig.Consoles.Kept);

        var got = new StreamVerifier("slow", _stream, Length);
        rig.RunUntil(() => { got.Accept(slow.Receive(most: 20_000)); return slow.IsEnded; }, "the end");
        got.Check();
    }

    [Fact]
    public void A_terminal_that_is_hung_up_after_its_domain_went_is_not_replaced()
    {
        using var rig = new ConsoleRig();
        var (guest, program, console) = rig.AddConsole();
        rig.Write(program, _stream.Take(0, 300_000));
        string device = console.PtyDevice!;
        guest.Destroy();
        rig.RunIdle();
        Assert.Equal(1, rig.Consoles.Ending);

        HangUps.HangUp(device);
        rig.RunUntil(() => rig.Consoles.Ending == 0, "the console's end");
        Assert.Equal(1, console.PtysOpened);
        Assert.Empty(Directory.GetFileSystemEntries(rig.Link("")));
    }

    [Fact]
    public void Input_for_a_domain_that_is_gone_goes_nowhere_and_harms_nobody()
    {
        using var rig = new ConsoleRig();
        var (guest, program, console) = rig.AddConsole();
        rig.Write(program, _stream.Take(0, 900_000));
        TestClient viewer = rig.Attach("1 all");
        guest.Destroy();
        rig.RunIdle();
        viewer.Send("too late"u8);
        rig.RunIdle();
        Assert.Equal(0UL, console.BytesIn);

        // It is read and forgotten: held back, it would stop the reading of the viewer, and hide the viewer's end.
        for (int i = 0; i < 20; i++)
        {
            viewer.Send(new byte[50_000]);
            rig.RunIdle();
        }
    }
}
