using System.Net.Sockets;

using XcsSharp.Reactor;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>The sockets of single consoles: names, the writer's seat, limits, and what lies in their directory.</summary>
public sealed class ConsoleSocketTests : IDisposable
{
    private readonly PrivateDirectory _place = new("sockets");
    private readonly ListLog _log = new();

    private string Folder => _place["console"];

    public void Dispose() => _place.Dispose();

    [Fact]
    public void It_carries_the_consoles_bytes_both_ways_and_nothing_else_and_begins_with_the_last_of_them()
    {
        using ConsoleRig rig = Start();
        var (_, _, program, console) = rig.AddRing(1, "web");
        List<byte> typed = [];
        program.Input = bytes => typed.AddRange(bytes);
        var stream = new SeededStream(SeededStream.ChooseSeed());
        rig.Write(program, stream.Take(0, 10_000));
        using TestClient client = Connect(rig, "web.sock");
        List<byte> got = [];
        rig.RunUntil(() => { client.ReceiveInto(got); return got.Count == 2048; }, "the last 2 KiB");
        rig.Write(program, stream.Take(10_000, 500));
        rig.RunUntil(() => { client.ReceiveInto(got); return got.Count >= 2548; }, "what came since");
        Assert.Equal(stream.Take(10_000 - 2048, 2548), got);

        client.Send("ls -l\r");
        rig.RunUntil(() => console.BytesIn == 6, "the input");
        Assert.Equal("ls -l\r"u8, typed.ToArray());
    }

    [Fact]
    public void Without_the_writers_seat_its_input_is_dropped_in_silence_and_counted()
    {
        using ConsoleRig rig = Start();
        var (_, _, program, console) = rig.AddRing(1, "web");
        List<byte> typed = [];
        program.Input = bytes => typed.AddRange(bytes);
        using TestClient writer = rig.Attach("web mode=rw");
        using TestClient client = Connect(rig, "web.sock");
        client.Send("rm -rf /\r");
        writer.Send("ls\r");
        rig.RunUntil(() => console.BytesIn == 3 && console.AllViewers is [_, var second] && second.Describe().InputRefused == 9, "both inputs");
        Assert.Equal("ls\r"u8, typed.ToArray());
        rig.RunIdle();
        Assert.True(client.Receive().IsEmpty);

        // When the seat is free it is the socket's.
        writer.Dispose();
        rig.RunUntil(() => console.Viewers == 1, "the writer's end");
        client.Send("w\r");
        rig.RunUntil(() => console.BytesIn == 5, "its input");
    }

    [Fact]
    public void One_that_stalls_gets_a_gap_mark_and_slows_nobody()
    {
        const int Length = 600_000;
        const int Backlog = 64 * 1024;
        using ConsoleRig rig = Start(options => options.HistoryBytes = Backlog);
        var (_, _, program, console) = rig.AddRing(1, "web");
        using TestClient stalled = Connect(rig, "web.sock", receiveBuffer: 4096);
        using TestClient other = Connect(rig, "web.sock");
        rig.RunUntil(() => console.Viewers == 2, "both");
        var stream = new SeededStream(SeededStream.ChooseSeed());
        var seen = new StreamVerifier("the other", stream, Length);
        program.Write(stream.Take(0, Length));
        rig.RunUntil(() => { seen.Accept(other.Receive()); return seen.Position == Length; }, "all of it at the other");

        List<byte> late = [];
        rig.RunUntil(() => { stalled.ReceiveInto(late); return late.Count > Backlog && late[^1] == stream.Take(Length - 1, 1)[0] && console.AllViewers[0].Reader.IsAtEnd; }, "what is left");
        rig.RunUntil(() => { int before = late.Count; stalled.ReceiveInto(late); return late.Count == before; }, "the rest");
        byte[] got = [.. late];
        Assert.True(got.AsSpan().IndexOf("\r\n[gap: "u8) > 0);
        Assert.Equal(stream.Take(Length - Backlog, Backlog), got[^Backlog..]);
    }

    [Fact]
    public void Names_are_safe_and_those_of_two_domains_apart_and_follow_their_domain()
    {
        using ConsoleRig rig = Start();
        var (guest, _, _, _) = rig.AddRing(1, "web");
        _ = rig.AddRing(guest: guest, number: 3);
        var (second, _, _, _) = rig.AddRing(2, "web");
        _ = rig.AddRing(3, "../../etc/passwd");
        _ = rig.AddRing(4, "a\nb\u001b]0;c\a");
        _ = rig.AddRing(5, new string('x', 60));
        Assert.Equal(["domain-3.sock", "domain-4.sock", "web#3.sock", "web.2.sock", "web.sock", new string('x', 60) + ".sock"], Sockets());

        second.Rename("db");
        rig.RunIdle();
        Assert.Contains("db.sock", Sockets());
        Assert.DoesNotContain("web.2.sock", Sockets());
        guest.Destroy();
        rig.RunIdle();
        Assert.Equal(["db.sock", "domain-3.sock", "domain-4.sock", new string('x', 60) + ".sock"], Sockets());
    }

    [Fact]
    public void A_renamed_domains_connections_stay_and_its_last_bytes_come_before_their_end()
    {
        using ConsoleRig rig = Start();
        var (guest, _, program, console) = rig.AddRing(1, "web--incoming");
        using TestClient client = Connect(rig, "web--incoming.sock");
        rig.RunUntil(() => console.Viewers == 1, "it");
        guest.Rename("web");
        rig.RunIdle();
        Assert.Equal(["web.sock"], Sockets());
        program.Write("last words"u8.ToArray());
        guest.Destroy();
        List<byte> got = [];
        rig.RunUntil(() => { client.ReceiveInto(got); return client.IsEnded; }, "the end");
        Assert.Equal("last words"u8, got.ToArray());
        Assert.Empty(Directory.GetFileSystemEntries(Folder));
        rig.RunUntil(() => rig.Operators.Connections == 0, "its place");
    }

    [Fact]
    public void Limits_are_those_of_all_operators_and_who_meets_one_is_closed_and_named_in_the_log()
    {
        using ConsoleRig rig = Start(options => (options.MaxConnections, options.MaxViewersPerConsole) = (3, 2));
        var (_, _, _, console) = rig.AddRing(1, "web");
        _ = rig.AddRing(2, "db");
        using TestClient first = Connect(rig, "web.sock");
        using TestClient second = rig.Attach("web");
        rig.RunUntil(() => console.Viewers == 2, "two viewers");
        AssertRefused(rig, "web.sock", "Consoles:MaxViewersPerConsole");
        using TestClient third = Connect(rig, "db.sock");
        rig.RunUntil(() => rig.Operators.Connections == 3, "three connections");
        AssertRefused(rig, "db.sock", "Consoles:MaxConnections");
    }

    [Fact]
    public void What_a_killed_daemon_left_is_removed_and_what_is_not_ours_stays()
    {
        Directory.CreateDirectory(Folder);
        using Socket left = Leave("gone.sock", isLocked: true);
        using Socket foreign = Leave("foreign.sock", isLocked: false);
        File.WriteAllText(Path.Combine(Folder, "notes.sock"), "mine");
        File.WriteAllText(Path.Combine(Folder, "notes.sock.lock"), "");
        using var loop = new EventLoop();
        using UnixListener living = UnixListener.Bind(loop, Path.Combine(Folder, "living.sock"), 384, static socket => socket.Dispose());

        using ConsoleRig rig = Start();
        _ = rig.AddRing(1, "foreign");
        _ = rig.AddRing(2, "notes");
        _ = rig.AddRing(3, "living");
        _ = rig.AddRing(4, "gone");
        Assert.Equal(
            ["foreign.1.sock", "foreign.sock", "gone.sock", "living.3.sock", "living.sock", "notes.2.sock", "notes.sock"], Sockets());
        Assert.Equal("mine", File.ReadAllText(Path.Combine(Folder, "notes.sock")));
        using TestClient client = Connect(rig, "gone.sock");
    }

    private ConsoleRig Start(Action<ConsoleOptions>? configure = null) => new(
        options =>
        {
            options.SocketDirectory = Folder;
            configure?.Invoke(options);
        },
        log: _log);

    private TestClient Connect(ConsoleRig rig, string name, int? receiveBuffer = null)
    {
        var client = new TestClient(Path.Combine(Folder, name), receiveBuffer);
        rig.RunIdle();
        return client;
    }

    private void AssertRefused(ConsoleRig rig, string name, string setting)
    {
        int before = _log.Warnings.Length;
        using TestClient client = Connect(rig, name);
        rig.RunUntil(() => { Assert.True(client.Receive().IsEmpty); return client.IsEnded; }, "the end");
        string line = _log.Warnings[before..].Single();
        Assert.Contains(setting, line, StringComparison.Ordinal);
        Assert.Contains(name, line, StringComparison.Ordinal);
    }

    /// <summary>A socket that nobody listens on any more, as a kill leaves it.</summary>
    private Socket Leave(string name, bool isLocked)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(Folder, name)));
        if (isLocked)
        {
            File.WriteAllText(Path.Combine(Folder, name + ".lock"), "");
        }

        return socket;
    }

    private string[] Sockets() => [.. Directory.GetFileSystemEntries(Folder, "*.sock").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];
}
