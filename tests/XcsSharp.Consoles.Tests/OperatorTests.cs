using System.Text;
using System.Text.Json;

using Microsoft.Extensions.Time.Testing;

using XcsSharp.Protocol.Operator;

using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class OperatorTests
{
    private static readonly DaemonStatus s_status = new(
        "0.1.0", 42, "fake", 1.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

    [Theory]
    [InlineData("ATTACH nobody\n", "unknown-domain", "LIST")]
    [InlineData("ATTACH 77\n", "unknown-domain", "LIST")]
    [InlineData("ATTACH twin\n", "ambiguous-domain", "3, 4")]
    [InlineData("ATTACH quiet\n", "no-console", "LIST")]
    [InlineData("ATTACH twin#1\n", "ambiguous-domain", "3, 4")]
    [InlineData("ATTACH 3#1\n", "no-console", "no console #1 yet; it has: twin")]
    [InlineData("ATTACH quiet#control\n", "no-console", "LIST")]
    [InlineData("ATTACH 3#10\n", "no-console", "nothing, #1 to #9, or #control")]
    [InlineData("ATTACH 3#\n", "no-console", "#control")]
    [InlineData("ATTACH 3#-1\n", "no-console", "#control")]
    [InlineData("ATTACH 3#Control\n", "no-console", "#control")]
    [InlineData("ATTACH #control\n", "unknown-domain", "LIST")]
    [InlineData("HELLO\n", "unknown-request", "ATTACH domid-or-name (or with #1, #control), LOG the same, LIST, STATUS")]
    [InlineData("\n", "unknown-request", "STATUS")]
    [InlineData("ATTACH \n", "unknown-request", "ATTACH")]
    [InlineData("\0\u0001\u0002\n", "unknown-request", "ATTACH")]
    [InlineData("ATTACH \u001b[2Jx\n", "unknown-domain", "'?[2Jx'")]
    public void A_bad_request_gets_a_code_and_a_sentence_with_the_remedy_and_the_end(string line, string code, string remedy)
    {
        using var rig = new ConsoleRig();
        _ = rig.AddConsole(3, "twin");
        _ = rig.AddConsole(4, "twin");
        _ = rig.Hypervisor.AddDomain(5, "quiet");
        TestClient client = rig.Connect();
        client.Send(line);
        string reply = rig.ReadLine(client);

        Assert.StartsWith($"ERR {code} ", reply, StringComparison.Ordinal);
        Assert.Contains(remedy, reply, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', reply);
        rig.RunUntil(() => { Assert.True(client.Receive().IsEmpty); return client.IsEnded; }, "the end");
        Assert.Equal(0, rig.Operators.Connections);
    }

    [Theory]
    [InlineData(513, "\n")]
    [InlineData(600, "")]
    [InlineData(100_000, "")]
    public void A_line_that_does_not_end_is_refused(int length, string end)
    {
        using var rig = new ConsoleRig();
        TestClient client = rig.Connect();
        client.Send("ATTACH " + new string('x', length - 7) + end);
        Assert.StartsWith("ERR line-too-long ", rig.ReadLine(client), StringComparison.Ordinal);
        rig.RunUntil(() => { _ = client.Receive(); return client.IsEnded; }, "the end");
    }

    [Fact]
    public void A_request_line_may_come_in_any_pieces()
    {
        using var rig = new ConsoleRig();
        _ = rig.AddConsole(1, "web");
        const string Line = "ATTACH web\r\n";
        for (int split = 1; split < Line.Length; split++)
        {
            TestClient client = rig.Connect();
            client.Send(Line[..split]);
            rig.RunIdle();
            Assert.True(client.Receive().IsEmpty);
            client.Send(Line[split..]);
            Assert.Equal("OK 1 web", rig.ReadLine(client));
        }

        TestClient slow = rig.Connect();
        foreach (char c in Line)
        {
            slow.Send(c.ToString());
            rig.RunIdle();
        }

        Assert.Equal("OK 1 web", rig.ReadLine(slow));
    }

    [Fact]
    public void Digits_are_an_id_first_and_a_name_after_that()
    {
        using var rig = new ConsoleRig();
        _ = rig.AddConsole(1, "2");
        Assert.Equal("OK 1 2", Ask(rig, "ATTACH 2\n"));
        _ = rig.AddConsole(2, "other");
        Assert.Equal("OK 2 other", Ask(rig, "ATTACH 2\n"));
        Assert.Equal("OK 2 other", Ask(rig, "ATTACH other\n"));
        Assert.StartsWith("ERR unknown-domain", Ask(rig, "ATTACH -1\n"), StringComparison.Ordinal);
        Assert.StartsWith("ERR unknown-domain", Ask(rig, "ATTACH 4294967298\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_with_control_characters_cannot_break_the_answer_line()
    {
        using var rig = new ConsoleRig();
        _ = rig.AddConsole(1, "a\nERR b\u001b[2J");
        Assert.Equal("OK 1 a?ERR b?[2J", Ask(rig, "ATTACH 1\n"));
    }

    [Fact]
    public void A_client_that_sends_no_line_is_closed_after_5_s()
    {
        var clock = new FakeTimeProvider();
        using var rig = new ConsoleRig(clock: clock);
        TestClient silent = rig.Connect();
        TestClient halfway = rig.Connect();
        halfway.Send("ATTA");
        rig.RunIdle();
        clock.Advance(TimeSpan.FromSeconds(4.9));
        halfway.Send("C");
        rig.RunIdle();
        Assert.Equal(2, rig.Operators.Connections);
        clock.Advance(TimeSpan.FromSeconds(0.2));
        rig.RunIdle();

        Assert.Equal(0, rig.Operators.Connections);
        Assert.True(silent.Receive().IsEmpty && silent.IsEnded);
        Assert.True(halfway.Receive().IsEmpty && halfway.IsEnded);
    }

    [Fact]
    public void A_viewer_stays_however_long_nothing_is_said()
    {
        var clock = new FakeTimeProvider();
        using var rig = new ConsoleRig(clock: clock);
        var (_, program, _) = rig.AddConsole();
        TestClient viewer = rig.Attach();
        clock.Advance(TimeSpan.FromDays(1));
        rig.RunIdle();
        rig.Write(program, "hello"u8.ToArray());
        Assert.Equal("hello"u8, viewer.Receive());
    }

    [Fact]
    public void LIST_shows_every_domain_with_its_channel_and_its_console()
    {
        using var rig = new ConsoleRig();
        var (guest, program, _) = rig.AddConsole(7, "web");
        _ = rig.Hypervisor.AddDomain(3, "quiet");
        rig.Write(program, new byte[100]);
        TestClient viewer = rig.Attach("7");
        viewer.Send("abc");
        rig.RunIdle();

        DomainList list = Document(rig, "LIST\n", OperatorJson.Default.DomainList);
        Assert.Equal([3u, 7u], list.Domains.Select(domain => domain.Domid));
        Assert.Equal(
            new DomainEntry(3, 1, "quiet", null, "waiting", null, null, null, null, 0, 0, 0, 0, 0, 0, 0),
            list.Domains[0] with { Consoles = null });
        Assert.Empty(list.Domains[0].Consoles!);
        Assert.Equal(
            new DomainEntry(
                7, 1, "web", "granted", "connected", null, guest.LocalPort, rig.Link("web"), rig.Console(7).PtyDevice,
                1, 100, 3, 0, 2, 2, 0),
            list.Domains[1] with { Consoles = null });
        Assert.Equal(
            new ConsoleEntry(
                "web", -1, "granted", "connected", null, guest.LocalPort, rig.Link("web"), rig.Console(7).PtyDevice, 1, 100, 3, 0),
            Assert.Single(list.Domains[1].Consoles!));
    }

    [Fact]
    public void LIST_shows_a_guest_that_lied_and_why_it_was_put_aside()
    {
        using var rig = new ConsoleRig();
        var (guest, _, _) = rig.AddConsole();
        guest.PageBytes[2048] = 200;
        guest.Kick();
        rig.RunIdle();

        DomainEntry entry = Assert.Single(Document(rig, "LIST\n", OperatorJson.Default.DomainList).Domains);
        Assert.Equal("quarantined", entry.State);
        Assert.NotNull(entry.Problem);
    }

    [Fact]
    public void LIST_shows_what_was_refused_of_a_guest_also_a_console_that_never_was_served()
    {
        using var rig = new ConsoleRig();
        var (guest, _, _, _) = rig.AddRing(3, "web");
        rig.Switch.OnTransportRefused(3, "its magic is wrong");
        rig.Switch.OnConsoleRefused(3, 0, "its port is wrong");
        rig.Switch.OnConsoleRefused(3, 2, "its grant is wrong");

        DomainEntry entry = Assert.Single(Document(rig, "LIST\n", OperatorJson.Default.DomainList).Domains);
        Assert.Equal(("its magic is wrong", 3UL), (entry.Problem, entry.Refusals));
        Assert.Equal(
            [("web", 0, "connected", "its port is wrong"), ("web#2", 2, "waiting", "its grant is wrong")],
            entry.Consoles!.Select(console => (console.Name, console.Number, console.State, console.Problem!)));

        rig.AddRing(guest: guest, number: 2);
        rig.Switch.OnConsoleRefused(3, 0, null);
        entry = Assert.Single(Document(rig, "LIST\n", OperatorJson.Default.DomainList).Domains);
        Assert.Equal(["web", "web#2"], entry.Consoles!.Select(console => console.Name));
        Assert.All(entry.Consoles!, console => Assert.Null(console.Problem));
        Assert.Equal(3UL, entry.Refusals);
    }

    [Fact]
    public void A_list_larger_than_a_connections_queue_arrives_whole_also_when_it_is_read_slowly()
    {
        using var rig = new ConsoleRig(options => options.ViewerQueueBytes = 4096);
        for (uint domid = 1; domid <= 3000; domid++)
        {
            _ = rig.Hypervisor.AddDomain(domid);
        }

        TestClient client = rig.Connect();
        client.Send("LIST\n");
        client.EndSending();
        List<byte> all = [];
        rig.RunUntil(() => { all.AddRange(client.Receive(most: 3000)); return client.IsEnded; }, "the list");
        Assert.StartsWith("OK\n", Encoding.UTF8.GetString([.. all[..3]]), StringComparison.Ordinal);
        DomainList list = JsonSerializer.Deserialize([.. all[3..]], OperatorJson.Default.DomainList)!;
        Assert.Equal(3000, list.Domains.Count);
    }

    [Fact]
    public void A_client_that_does_not_take_its_list_is_closed_in_the_end()
    {
        var clock = new FakeTimeProvider();
        using var rig = new ConsoleRig(options => options.ViewerQueueBytes = 4096, clock);
        for (uint domid = 1; domid <= 3000; domid++)
        {
            _ = rig.Hypervisor.AddDomain(domid);
        }

        TestClient client = rig.Connect();
        client.Send("LIST\n");
        rig.RunIdle();
        Assert.Equal(1, rig.Operators.Connections);

        // Longer than it may take to ask.
        clock.Advance(TimeSpan.FromSeconds(29));
        rig.RunIdle();
        Assert.Equal(1, rig.Operators.Connections);
        clock.Advance(TimeSpan.FromSeconds(2));
        rig.RunIdle();
        Assert.Equal(0, rig.Operators.Connections);
        rig.RunUntil(() => { _ = client.Receive(); return client.IsEnded; }, "the end");
    }

    [Fact]
    public void STATUS_is_the_daemons_own_document()
    {
        using var rig = new ConsoleRig(status: () => s_status);
        Assert.Equal(s_status, Document(rig, "STATUS\n", OperatorJson.Default.DaemonStatus));
    }

    [Fact]
    public void A_client_that_has_ended_its_sending_still_gets_the_answer()
    {
        using var rig = new ConsoleRig(status: () => s_status);
        TestClient client = rig.Connect();
        client.Send("STATUS\n");
        client.EndSending();
        Assert.Equal("OK", rig.ReadLine(client));
        Assert.StartsWith("{", rig.ReadLine(client), StringComparison.Ordinal);
    }

    [Fact]
    public void One_connection_too_many_is_told_so()
    {
        using var rig = new ConsoleRig(options => options.MaxConnections = 2, status: () => s_status);
        _ = rig.AddConsole();
        TestClient first = rig.Attach();
        TestClient second = rig.Connect();
        rig.RunIdle();
        TestClient third = rig.Connect();
        string reply = rig.ReadLine(third);
        Assert.StartsWith("ERR too-many-connections ", reply, StringComparison.Ordinal);
        Assert.Contains("Consoles:MaxConnections", reply, StringComparison.Ordinal);
        Assert.Equal(2, rig.Operators.Connections);

        first.Dispose();
        rig.RunUntil(() => rig.Operators.Connections == 1, "a place");
        Assert.Equal("OK", Ask(rig, "STATUS\n"));
        second.Send("STATUS\n");
        Assert.Equal("OK", rig.ReadLine(second));
    }

    [Fact]
    public void Settings_out_of_range_are_refused_with_the_remedy()
    {
        Assert.Empty(new ConsoleOptions().Problems());
        var wrong = new ConsoleOptions
        {
            PtyDirectory = "pty",
            SocketDirectory = "sockets",
            LogDirectory = "log",
            LogBytes = 100,
            LogFiles = -1,
            BootBytes = -1,
            HistoryBytes = 100,
            TotalHistoryBytes = 1,
            KeepAfterEnd = TimeSpan.FromDays(8),
            MaxViewersPerConsole = 0,
            MaxConnections = 0,
            MaxConnectionsPerUser = 0,
            ViewerQueueBytes = 1,
            RequestTimeout = TimeSpan.Zero,
            LingerTimeout = TimeSpan.FromDays(1),
        };
        Assert.Equal(15, wrong.Problems().Count());
        Assert.Single(new ConsoleOptions { SocketDirectory = "/" + new string('ä', 32) }.Problems()); // 65 bytes
        Assert.Empty(new ConsoleOptions { SocketDirectory = "/" + new string('x', 63) }.Problems());
        Assert.All(wrong.Problems(), problem => Assert.Matches("^Consoles:.*: give .*", problem));
    }

    private static string Ask(ConsoleRig rig, string request)
    {
        TestClient client = rig.Connect();
        client.Send(request);
        return rig.ReadLine(client);
    }

    private static T Document<T>(ConsoleRig rig, string request, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        TestClient client = rig.Connect();
        client.Send(request);
        Assert.Equal("OK", rig.ReadLine(client));
        string json = rig.ReadLine(client);
        rig.RunUntil(() => { Assert.True(client.Receive().IsEmpty); return client.IsEnded; }, "the end");
        return JsonSerializer.Deserialize(json, type)!;
    }
}
