using System.Text;

using Microsoft.Extensions.Time.Testing;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>What of a console's history a client of the console socket gets: of a living domain, of one that is gone, and over a reboot.</summary>
public sealed class HistoryRequestTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 29, 8, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("web", "boot one\ntwo\nthree\n")]
    [InlineData("web lines=1", "three\n")]
    [InlineData("web tail=10", "two\nthree\n")]
    [InlineData("web from=boot", "boot one\ntwo\nthree\n")]
    [InlineData("web from=0", "boot one\ntwo\nthree\n")]
    [InlineData("web from=9", "two\nthree\n")]
    [InlineData("web from=19", "")]
    [InlineData("web from=1000", "")]
    [InlineData("web since=1795939201000", "two\nthree\n")]
    [InlineData("web since=1795939202000", "three\n")]
    [InlineData("web since=1795939203000", "")]
    [InlineData("web new", "")]
    [InlineData("1 all level=strip", "boot one\ntwo\nthree\n")]
    public void A_log_is_what_was_asked_for_and_the_end(string request, string expected)
    {
        using var rig = new ConsoleRig(clock: _clock);
        var (_, program, console) = rig.AddConsole(1, "web");
        foreach (string line in (string[])["boot one\n", "two\n", "three\n"])
        {
            rig.Write(program, Encoding.ASCII.GetBytes(line));
            _clock.Advance(TimeSpan.FromSeconds(1));
            rig.RunIdle();
        }

        TestClient client = rig.Connect();
        client.Send($"LOG {request}\n");
        Assert.Equal("OK 1 web", rig.ReadLine(client));
        Assert.Equal(expected, ReadToEnd(rig, client));
        Assert.Equal((0, 0), (console.Viewers, rig.Operators.Connections));
    }

    [Fact]
    public void The_gap_between_the_boot_and_the_newest_is_shown_where_it_was()
    {
        using var rig = new ConsoleRig(options => (options.BootBytes, options.HistoryBytes) = (10, 4096));
        var (_, program, console) = rig.AddConsole(1, "web");
        rig.Write(program, Encoding.ASCII.GetBytes("0123456789" + new string('x', 18_312) + new string('y', 4096)));
        string expected = "0123456789\r\n[gap: 18,312 bytes]\r\n" + new string('y', 4096);
        Assert.Equal(expected, Log(rig, "web"));
        Assert.Equal(expected, Log(rig, "web from=boot"));
        Assert.Equal(expected[9..], Log(rig, "web from=9"));
        Assert.Equal("\r\n[gap: 12 bytes]\r\n" + new string('y', 4096), Log(rig, "web from=18310"));
        Assert.Equal(18_312, console.Backlog.MissingFrom(0));
        Assert.Equal(new string('y', 4096), Log(rig, "web lines=5"));
    }

    [Fact]
    public void What_a_reader_of_a_log_is_too_slow_for_is_counted_and_what_was_gone_before_it_came_is_not()
    {
        using var rig = new ConsoleRig(options => (options.BootBytes, options.HistoryBytes, options.PtyDirectory) = (10, 4096, null));
        var (_, program, console) = rig.AddConsole(1, "web");
        rig.Write(program, new byte[10 + 5000 + 4096]);
        _ = Log(rig, "web");
        _ = Log(rig, "web");
        TestClient slow = rig.Connect();
        slow.Send("LOG web follow\n");
        Assert.Equal("OK 1 web", rig.ReadLine(slow));
        Assert.Equal(0UL, console.BytesDropped);

        rig.Write(program, new byte[1 << 20]);
        ulong dropped = console.BytesDropped;
        Assert.InRange(dropped, 500_000UL, 1UL << 20);
        slow.Dispose();
        rig.RunUntil(() => rig.Operators.Connections == 0, "its end");
        Assert.Equal(dropped, console.BytesDropped);
    }

    [Fact]
    public void A_log_that_follows_goes_on_takes_no_input_and_is_no_viewer()
    {
        using var rig = new ConsoleRig(options => options.MaxViewersPerConsole = 1);
        var (guest, program, console) = rig.AddConsole(1, "web");
        rig.Write(program, "old "u8.ToArray());
        TestClient[] logs = [.. Enumerable.Range(0, 3).Select(_ => rig.Connect())];
        foreach (TestClient log in logs)
        {
            log.Send("LOG web follow\nnot for the guest");
            Assert.Equal("OK 1 web", rig.ReadLine(log));
        }

        _ = rig.Attach("web");
        rig.Write(program, "new"u8.ToArray());
        foreach (TestClient log in logs)
        {
            Assert.Equal("old new", ReadText(rig, log, "old new".Length));
        }

        Assert.Equal((1, 0UL), (console.Viewers, console.BytesIn));
        logs[0].Dispose();
        rig.RunUntil(() => rig.Operators.Connections == 3, "the end of one");
        Assert.False(guest.Page.Receive.TryTakeRequest(out _) == Rings.RingRead.Message);
    }

    [Fact]
    public void The_log_of_a_domain_that_is_gone_is_kept_for_a_while_and_a_living_one_of_its_name_wins()
    {
        using var rig = new ConsoleRig(options => (options.KeepAfterEnd, options.PtyDirectory) = (TimeSpan.FromMinutes(10), null), _clock);
        var (guest, program, _) = rig.AddConsole(5, "web");
        rig.Write(program, "last words"u8.ToArray());
        guest.Destroy();
        rig.RunIdle();
        Assert.Equal("last words", Log(rig, "web"));
        Assert.Equal("last words", Log(rig, "5"));

        // Its domid is another's now: by the number that one is meant, by the name still the dead one.
        var (_, second, _) = rig.AddConsole(5, "db");
        rig.Write(second, "of db"u8.ToArray());
        Assert.Equal("of db", Log(rig, "5"));
        Assert.Equal("last words", Log(rig, "web"));

        var (again, third, _) = rig.AddConsole(6, "web");
        rig.Write(third, "next life"u8.ToArray());
        Assert.Equal("next life", Log(rig, "web"));
        Assert.Equal(1, rig.Consoles.Kept);
        again.Destroy();
        rig.RunIdle();
        Assert.Equal("next life", Log(rig, "web"));
        Assert.Equal(2, rig.Consoles.Kept);

        long used = rig.Consoles.Histories.Used;
        _clock.Advance(TimeSpan.FromMinutes(10.1));
        rig.RunIdle();
        Assert.Equal(0, rig.Consoles.Kept);
        Assert.Equal(1024, rig.Consoles.Histories.Used);
        Assert.True(used > 1024);
        TestClient client = rig.Connect();
        client.Send("LOG web\n");
        Assert.StartsWith("ERR unknown-domain ", rig.ReadLine(client), StringComparison.Ordinal);
    }

    [Fact]
    public void No_more_than_a_thousand_dead_consoles_are_kept()
    {
        using var rig = new ConsoleRig(options => options.PtyDirectory = null);
        for (uint domid = 1; domid <= EndedConsoles.Most + 10; domid++)
        {
            var (guest, program, _) = rig.AddConsole(domid, $"d{domid}");
            rig.Write(program, "x"u8.ToArray());
            guest.Destroy();
            rig.RunIdle();
        }

        Assert.Equal(EndedConsoles.Most, rig.Consoles.Kept);
        Assert.Equal(1024 * EndedConsoles.Most, rig.Consoles.Histories.Used);
        Assert.Equal("x", Log(rig, "d11"));
    }

    [Theory]
    [InlineData("ATTACH")]
    [InlineData("LOG")]
    public void A_reader_that_follows_goes_on_in_the_domains_next_life(string verb)
    {
        using var rig = new ConsoleRig(options => options.PtyDirectory = null, _clock);
        var (guest, program, _) = rig.AddConsole(3, "web");
        rig.Write(program, "first life"u8.ToArray());
        TestClient viewer = rig.Connect();
        viewer.Send($"{verb} web follow\n");
        Assert.Equal("OK 3 web", rig.ReadLine(viewer));
        guest.Destroy();
        rig.RunIdle();
        Assert.Equal(1, rig.Consoles.Successions.Count);
        viewer.Send("typed to nobody");
        _clock.Advance(TimeSpan.FromMinutes(9));
        rig.RunIdle();
        _ = rig.AddConsole(7, "other");
        Assert.Equal(1, rig.Consoles.Successions.Count);

        var (_, second, console) = rig.AddConsole(4, "web");
        rig.Write(second, "second life"u8.ToArray());
        const string Expected = "first life\r\n[web rebooted: domain 3 is gone, domain 4 begins]\r\nsecond life";
        Assert.Equal(Expected, ReadText(rig, viewer, Expected.Length));
        Assert.Equal(0, rig.Consoles.Successions.Count);
        if (verb == "ATTACH")
        {
            viewer.Send("hi");
            rig.RunUntil(() => console.BytesIn > 0, "input");
            Assert.Equal((1, 2UL), (console.Viewers, console.BytesIn));
        }
    }

    [Theory]
    [InlineData("", "")]
    [InlineData(" notices", "\r\n[web has ended; waiting up to 600 s for it to start anew]\r\n")]
    [InlineData(" notices=framed", "\u001b_xcs;waiting;web has ended; waiting up to 600 s for it to start anew\u001b\\")]
    public void Who_waits_for_the_next_life_is_told_so_if_it_wants_to_hear(string word, string told)
    {
        using var rig = new ConsoleRig(options => options.PtyDirectory = null, _clock);
        var (guest, program, _) = rig.AddConsole(3, "web");
        rig.Write(program, "first life"u8.ToArray());
        TestClient[] viewers = [rig.Connect(), rig.Connect()];
        viewers[0].Send($"ATTACH web follow{word}\n");
        Assert.StartsWith("OK 3 web", rig.ReadLine(viewers[0]), StringComparison.Ordinal);
        guest.Destroy();
        rig.RunIdle();

        // Who comes to one that has ended already is no worse off.
        viewers[1].Send($"ATTACH web follow{word}\n");
        Assert.StartsWith("OK 3 web", rig.ReadLine(viewers[1]), StringComparison.Ordinal);
        string expected = "first life" + told;
        Assert.All(viewers, viewer => Assert.Equal(expected, ReadText(rig, viewer, expected.Length)));
        Assert.Equal(2, rig.Consoles.Successions.Count);
    }

    [Fact]
    public void A_log_that_is_followed_to_the_end_goes_on_and_ends_with_the_domain()
    {
        using var rig = new ConsoleRig(options => options.PtyDirectory = null, _clock);
        var (guest, program, _) = rig.AddConsole(3, "web");
        rig.Write(program, "old "u8.ToArray());
        TestClient reader = rig.Connect();
        reader.Send("LOG 3 follow=end\n");
        Assert.Equal("OK 3 web", rig.ReadLine(reader));
        Assert.Equal("old ", ReadText(rig, reader, 4));
        rig.Write(program, "and new"u8.ToArray());
        Assert.Equal("and new", ReadText(rig, reader, 7));
        Assert.False(reader.IsEnded);

        guest.Destroy();
        Assert.Equal("", ReadToEnd(rig, reader));
        Assert.Equal(0, rig.Consoles.Successions.Count);
    }

    [Fact]
    public void A_viewer_that_waits_in_vain_or_hangs_up_ends_and_one_that_did_not_ask_does_not_wait()
    {
        using var rig = new ConsoleRig(options => options.PtyDirectory = null, _clock);
        var (guest, _, _) = rig.AddConsole(3, "web");
        TestClient waits = rig.Attach("web follow");
        TestClient leaves = rig.Attach("web follow");
        TestClient ends = rig.Attach("web");
        guest.Destroy();
        rig.RunUntil(() => { _ = ends.Receive(); return ends.IsEnded; }, "the end");
        Assert.Equal((2, 2), (rig.Consoles.Successions.Count, rig.Operators.Connections));
        leaves.Dispose();
        rig.RunUntil(() => rig.Consoles.Successions.Count == 1, "the hang-up");
        _clock.Advance(TimeSpan.FromMinutes(10.1));
        rig.RunUntil(() => { _ = waits.Receive(); return waits.IsEnded; }, "the end of patience");
        Assert.Equal((0, 0), (rig.Consoles.Successions.Count, rig.Operators.Connections));
    }

    [Fact]
    public void A_word_that_asks_for_nothing_is_refused()
    {
        using var rig = new ConsoleRig();
        _ = rig.AddConsole(1, "web");
        foreach (string request in (string[])["ATTACH web lines=x", "LOG web level=loud"])
        {
            TestClient client = rig.Connect();
            client.Send(request + "\n");
            Assert.StartsWith("ERR bad-argument ", rig.ReadLine(client), StringComparison.Ordinal);
        }
    }

    private static string Log(ConsoleRig rig, string request)
    {
        TestClient client = rig.Connect();
        client.Send($"LOG {request}\n");
        Assert.StartsWith("OK ", rig.ReadLine(client), StringComparison.Ordinal);
        return ReadToEnd(rig, client);
    }

    private static string ReadToEnd(ConsoleRig rig, TestClient client)
    {
        List<byte> got = [];
        rig.RunUntil(() => { client.ReceiveInto(got); return client.IsEnded; }, "the end");
        return Encoding.ASCII.GetString([.. got]);
    }

    private static string ReadText(ConsoleRig rig, TestClient client, int length)
    {
        List<byte> got = [];
        rig.RunUntil(() => { client.ReceiveInto(got); return got.Count >= length; }, $"{length} bytes");
        return Encoding.ASCII.GetString([.. got]);
    }
}
