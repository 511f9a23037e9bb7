using System.Globalization;
using System.Text;
using System.Text.Json;

using Microsoft.Extensions.Time.Testing;

using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>Who of a console's viewers types, who gets to after him, and what the others hear of it.</summary>
public sealed class WriterSeatTests
{
    private static readonly string s_self = $"(pid {Environment.ProcessId})";

    [Fact]
    public void The_first_viewer_writes_and_what_others_type_is_dropped_and_counted_and_their_stream_has_no_foreign_byte()
    {
        using var rig = new ConsoleRig();
        var (_, program, _) = rig.AddConsole();
        List<byte> got = Collect(program);
        TestClient first = rig.Attach();
        TestClient second = rig.Attach();
        second.Send("no");
        first.Send("yes");
        rig.RunUntil(() => got.Count >= 3, "the input");
        rig.RunIdle();

        Assert.Equal("yes", Text(got));
        Assert.True(second.Receive().IsEmpty);
        ConsoleViewers who = Assert.Single(Who(rig).Consoles);
        Assert.Equal([(true, 0UL), (false, 2UL)], who.Viewers.Select(viewer => (viewer.Writer, viewer.InputRefused)));
    }

    [Fact]
    public void A_viewer_that_wants_to_hear_of_it_gets_one_line_at_a_pace_however_much_it_types()
    {
        var clock = new FakeTimeProvider();
        using var rig = new ConsoleRig(clock: clock);
        _ = rig.AddConsole();
        _ = rig.Attach();
        TestClient reader = rig.Attach("1 mode=rw notices");
        rig.RunIdle();
        Assert.Contains($"{s_self} writes, you read]\r\n", Received(reader), StringComparison.Ordinal);

        for (int i = 0; i < 10; i++)
        {
            reader.Send("x");
            rig.RunIdle();
        }

        string line = Received(reader);
        Assert.StartsWith("\r\n[read-only: ", line, StringComparison.Ordinal);
        Assert.EndsWith($" {s_self} writes]\r\n", line, StringComparison.Ordinal);
        Assert.Equal(2, line.Count(c => c == '\n'));
        clock.Advance(ConsoleViewer.RefusalPace);
        reader.Send("x");
        rig.RunIdle();
        Assert.Equal(line, Received(reader));
        Assert.Equal(11UL, Who(rig).Consoles[0].Viewers[1].InputRefused);
    }

    [Fact]
    public void A_seat_goes_to_who_waits_longest_when_its_writer_leaves()
    {
        using var rig = new ConsoleRig();
        var (_, _, console) = rig.AddConsole();
        (TestClient first, ulong a) = Attach(rig);
        _ = Attach(rig, "mode=ro");
        (TestClient second, ulong b) = Attach(rig);
        (_, ulong c) = Attach(rig);
        Assert.Equal(a, Writer(rig));
        first.Dispose();
        rig.RunUntil(() => console.Viewers == 3, "the end");
        Assert.Equal(b, Writer(rig));
        second.Dispose();
        rig.RunUntil(() => console.Viewers == 2, "the end");
        Assert.Equal(c, Writer(rig));
    }

    [Fact]
    public void What_was_taken_over_is_handed_back()
    {
        using var rig = new ConsoleRig();
        var (_, program, console) = rig.AddConsole();
        List<byte> got = Collect(program);
        (TestClient first, ulong a) = Attach(rig, "notices");
        (_, ulong b) = Attach(rig);
        (TestClient third, ulong c) = Attach(rig, "notices");
        _ = Received(first);
        _ = Received(third);

        Assert.StartsWith("OK 1 guest-1", Ask(rig, $"TAKE {c}"), StringComparison.Ordinal);
        Assert.Equal(c, Writer(rig));
        Assert.Contains($"{s_self} writes now, you read]", Received(first), StringComparison.Ordinal);
        Assert.Contains("[you write now]", Received(third), StringComparison.Ordinal);
        third.Send("c");
        first.Send("a");
        rig.RunUntil(() => got.Count > 0, "the input");
        rig.RunIdle();
        Assert.Equal("c", Text(got));

        third.Dispose();
        rig.RunUntil(() => console.Viewers == 2, "the end");
        Assert.Equal(a, Writer(rig));
        Assert.NotEqual(b, Writer(rig));
        Assert.Contains("[you write now]", Received(first), StringComparison.Ordinal);
    }

    [Fact]
    public void Giving_the_seat_up_gives_it_to_who_waits_or_leaves_it_free()
    {
        using var rig = new ConsoleRig();
        var (_, program, _) = rig.AddConsole();
        List<byte> got = Collect(program);
        (TestClient first, ulong a) = Attach(rig, "notices");
        Assert.StartsWith("OK", Ask(rig, $"RELEASE {a}"), StringComparison.Ordinal);
        Assert.Null(Writer(rig));
        first.Send("x");
        rig.RunIdle();
        Assert.Contains("[read-only: nobody writes]", Received(first), StringComparison.Ordinal);

        // Who comes finds it free, and who gave it up is in line again.
        (_, ulong b) = Attach(rig);
        Assert.Equal(b, Writer(rig));
        Assert.StartsWith("OK", Ask(rig, $"RELEASE {b}"), StringComparison.Ordinal);
        Assert.Equal(a, Writer(rig));
        first.Send("y");
        rig.RunUntil(() => got.Count > 0, "the input");
        Assert.Equal("y", Text(got));
    }

    [Fact]
    public void A_read_only_viewer_never_writes_until_it_says_otherwise()
    {
        using var rig = new ConsoleRig();
        _ = rig.AddConsole();
        (_, ulong a) = Attach(rig, "mode=ro");
        Assert.Null(Writer(rig));
        Assert.StartsWith("ERR read-only ", Ask(rig, $"TAKE {a}"), StringComparison.Ordinal);
        Assert.StartsWith("OK", Ask(rig, $"MODE {a} rw"), StringComparison.Ordinal);
        Assert.Equal(a, Writer(rig));
        (_, ulong b) = Attach(rig);
        Assert.StartsWith("OK", Ask(rig, $"MODE {a} ro"), StringComparison.Ordinal);
        Assert.Equal(b, Writer(rig));
        Assert.Equal(["ro", "rw"], Who(rig).Consoles[0].Viewers.Select(viewer => viewer.Mode));
    }

    [Fact]
    public void Exclusive_is_refused_unless_a_setting_allows_it()
    {
        using var rig = new ConsoleRig();
        _ = rig.AddConsole();
        string reply = Ask(rig, "ATTACH 1 mode=exclusive");
        Assert.StartsWith("ERR exclusive ", reply, StringComparison.Ordinal);
        Assert.Contains("Consoles:Exclusive", reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_one_has_a_console_for_itself_nobody_else_types_and_who_asked_first_is_next()
    {
        using var rig = new ConsoleRig(options => options.Exclusive = ExclusivePolicy.Typing);
        var (_, program, console) = rig.AddConsole();
        List<byte> got = Collect(program);
        (_, ulong a) = Attach(rig);
        (TestClient alone, ulong b) = Attach(rig, "mode=exclusive");
        (_, ulong c) = Attach(rig, "mode=take");
        Assert.Equal(b, Writer(rig));
        Assert.True(Who(rig).Consoles[0].Exclusive);
        Assert.StartsWith("ERR exclusive ", Ask(rig, $"TAKE {a}"), StringComparison.Ordinal);
        Assert.StartsWith("ERR exclusive ", Ask(rig, "ATTACH 1 mode=exclusive"), StringComparison.Ordinal);

        using var pty = PtyTerminal.Open(rig.Link("guest-1"), output: null);
        await pty.WriteAsync("terminal"u8.ToArray(), TestContext.Current.CancellationToken);
        rig.RunUntil(() => console.TerminalTypedAgo is not null, "the terminal's input");
        alone.Send("alone");
        rig.RunUntil(() => got.Count >= 5, "the input");
        Assert.Equal("alone", Text(got));

        alone.Dispose();
        rig.RunUntil(() => console.Viewers == 2, "the end");
        Assert.Equal(c, Writer(rig));
        await pty.WriteAsync("again"u8.ToArray(), TestContext.Current.CancellationToken);
        rig.RunUntil(() => got.Count >= 10, "the terminal's input");
        Assert.Equal("aloneagain", Text(got));
    }

    [Fact]
    public void Where_exclusive_is_for_viewing_too_nobody_else_is_attached()
    {
        using var rig = new ConsoleRig(options => options.Exclusive = ExclusivePolicy.Viewing);
        var (_, _, console) = rig.AddConsole();
        (TestClient before, _) = Attach(rig);
        Assert.StartsWith("ERR exclusive 1 others are attached", Ask(rig, "ATTACH 1 mode=exclusive"), StringComparison.Ordinal);
        before.Dispose();
        rig.RunUntil(() => console.Viewers == 0, "the end");
        _ = Attach(rig, "mode=exclusive");
        Assert.StartsWith("ERR exclusive ", Ask(rig, "ATTACH 1 mode=ro"), StringComparison.Ordinal);
        Assert.Equal(1, console.Viewers);
    }

    [Fact]
    public void Notices_for_a_viewer_that_reads_nothing_are_the_last_few()
    {
        using var rig = new ConsoleRig(options => options.ViewerQueueBytes = 4096);
        var (_, program, _) = rig.AddConsole();
        (TestClient stuck, ulong a) = Attach(rig, "notices", receiveBuffer: 4096);
        (_, ulong b) = Attach(rig);
        rig.Write(program, new byte[600_000]);
        for (int i = 0; i < 50; i++)
        {
            Assert.StartsWith("OK", Ask(rig, $"TAKE {(i % 2 == 0 ? b : a)}"), StringComparison.Ordinal);
        }

        List<byte> all = [];
        rig.RunUntil(() => { stuck.ReceiveInto(all); return Who(rig).Consoles[0].Viewers[0].BytesBehind == 0; }, "its rest");
        rig.RunIdle();
        stuck.ReceiveInto(all);
        Assert.Equal(NoticeQueue.Limit, Text(all).Split("\r\n[").Length - 1);
        Assert.Equal(a, Writer(rig));
    }

    [Fact]
    public void A_notice_stands_between_the_guests_sequences_and_not_in_one()
    {
        using var rig = new ConsoleRig(options => options.TerminalOutput = OutputLevel.Safe);
        var (_, program, _) = rig.AddConsole();
        (TestClient viewer, _) = Attach(rig, "mode=rw notices=framed");
        rig.Write(program, Encoding.UTF8.GetBytes("a\x1b[3"));
        _ = Attach(rig, "mode=take");
        rig.RunIdle();
        rig.Write(program, Encoding.UTF8.GetBytes("1mred"));
        string text = Received(viewer);
        Assert.StartsWith("a" + OperatorProtocol.NoticeStart + "seat;", text, StringComparison.Ordinal);
        Assert.EndsWith(", you read" + OperatorProtocol.NoticeEnd + "\x1b[31mred", text, StringComparison.Ordinal);
    }

    [Fact]
    public void WHO_shows_users_and_processes_and_what_each_has_missed()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 11, 29, 12, 0, 0, TimeSpan.Zero));
        using var rig = new ConsoleRig(options => { options.ViewerQueueBytes = 4096; options.HistoryBytes = 8192; }, clock);
        var (_, program, console) = rig.AddConsole();
        (_, ulong a) = Attach(rig, "mode=ro", receiveBuffer: 4096);
        rig.Write(program, new byte[400_000]);
        ConsoleViewers who = Assert.Single(Who(rig, "WHO guest-1").Consoles);
        ViewerEntry viewer = Assert.Single(who.Viewers);

        Assert.Equal((1u, "guest-1", (ulong?)null, console.PtyDevice, (double?)null), (who.Domid, who.Name, who.Writer, who.Terminal, who.TerminalTypedSeconds));
        Assert.Equal((a, Environment.ProcessId, clock.GetUtcNow(), "ro"), (viewer.Id, viewer.Pid, viewer.Since, viewer.Mode));
        Assert.Equal(Environment.UserName, viewer.User);
        Assert.InRange(viewer.BytesBehind, 8192, 8192 + 4096);
        Assert.InRange(viewer.BytesLost, 1UL, 400_000UL);
    }

    [Theory]
    [InlineData("ATTACH 1 mode=rx", "bad-argument", "mode=rw, mode=ro, mode=take or mode=exclusive")]
    [InlineData("ATTACH 1 notices=loud", "bad-argument", "notices=framed")]
    [InlineData("TAKE 99", "no-viewer", "WHO")]
    [InlineData("TAKE x", "bad-argument", "id of a viewer")]
    [InlineData("TAKE 1 2", "bad-argument", "id of a viewer")]
    [InlineData("MODE 1", "bad-argument", "rw or ro")]
    [InlineData("MODE 1 exclusive", "bad-argument", "rw or ro")]
    [InlineData("RELEASE -1", "bad-argument", "id of a viewer")]
    [InlineData("WHO nobody", "unknown-domain", "LIST")]
    public void A_bad_request_about_viewers_gets_a_code_and_the_remedy(string line, string code, string remedy)
    {
        using var rig = new ConsoleRig();
        _ = rig.AddConsole();
        _ = rig.Attach();
        string reply = Ask(rig, line);
        Assert.StartsWith($"ERR {code} ", reply, StringComparison.Ordinal);
        Assert.Contains(remedy, reply, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ATTACH my box all mode=ro notices", "my box", ReplayFrom.Oldest, ViewerMode.ReadOnly, NoticeForm.Lines, true)]
    [InlineData("ATTACH web notices=framed mode=take", "web", ReplayFrom.Usual, ViewerMode.Take, NoticeForm.Framed, true)]
    [InlineData("ATTACH web mode=rw", "web", ReplayFrom.Usual, ViewerMode.ReadWrite, NoticeForm.None, true)]
    [InlineData("ATTACH notices", "notices", ReplayFrom.Usual, ViewerMode.ReadWrite, NoticeForm.None, false)]
    [InlineData("ATTACH web", "web", ReplayFrom.Usual, ViewerMode.ReadWrite, NoticeForm.None, false)]
    public void The_last_words_of_a_line_say_what_a_viewer_wants(
        string line, string target, ReplayFrom replay, ViewerMode mode, NoticeForm notices, bool asked)
    {
        var request = OperatorRequest.Parse(Encoding.UTF8.GetBytes(line));
        AttachWish wish = new(new OutputWish(replay), new ViewerWish(mode, notices, asked, null));
        Assert.Equal(new OperatorRequest(OperatorVerb.Attach, target, wish), request);
    }

    [Theory]
    [InlineData(1000, 1000, true)]
    [InlineData(1000, 0, true)]
    [InlineData(1000, 1001, false)]
    [InlineData(0, 1000, false)]
    public void Only_its_own_user_and_root_act_for_a_viewer(uint viewer, uint peer, bool may)
        => Assert.Equal(may, OperatorRights.MayActFor(new PeerCredentials(1, viewer, 1), new PeerCredentials(2, peer, 2)));

    private static (TestClient Client, ulong Id) Attach(ConsoleRig rig, string words = "mode=rw", int? receiveBuffer = null)
    {
        TestClient client = rig.Connect(receiveBuffer);
        client.Send($"ATTACH 1 {words}\n");
        string reply = rig.ReadLine(client);
        Assert.Matches("^OK 1 guest-1 viewer=[0-9]+ seat=(writer|reader)$", reply);
        rig.RunIdle();
        return (client, ulong.Parse(reply.Split("viewer=")[1].Split(' ')[0], CultureInfo.InvariantCulture));
    }

    private static string Ask(ConsoleRig rig, string line)
    {
        using TestClient client = rig.Connect();
        client.Send(line + "\n");
        string reply = rig.ReadLine(client);
        rig.RunIdle();
        return reply;
    }

    private static ViewerList Who(ConsoleRig rig, string line = "WHO")
    {
        using TestClient client = rig.Connect();
        client.Send(line + "\n");
        Assert.Equal("OK", rig.ReadLine(client));
        return JsonSerializer.Deserialize(rig.ReadLine(client), OperatorJson.Default.ViewerList)!;
    }

    private static ulong? Writer(ConsoleRig rig) => Who(rig).Consoles[0].Writer;

    private static string Received(TestClient client)
    {
        List<byte> all = [];
        client.ReceiveInto(all);
        return Text(all);
    }

    private static string Text(List<byte> bytes) => Encoding.UTF8.GetString([.. bytes]);

    private static List<byte> Collect(ConsoleProgram program)
    {
        List<byte> got = [];
        program.Input = bytes => got.AddRange(bytes);
        return got;
    }
}
