using System.Text;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>Which console a name means, and how the links follow.</summary>
public sealed class ConsoleNamesTests
{
    [Fact]
    public void Each_console_of_a_domain_has_its_own_name_link_and_bytes()
    {
        using var rig = new ConsoleRig();
        var (guest, _, primary, _) = rig.AddRing(7, "web");
        var (_, _, second, _) = rig.AddRing(guest: guest, number: 2);
        guest.Publish();
        var control = new ConsoleProgram(guest);
        rig.RunIdle();
        rig.Write(primary, "ring"u8.ToArray());
        rig.Write(second, "second"u8.ToArray());
        rig.Write(control, "control"u8.ToArray());

        Assert.Equal(["web", "web#2", "web#control"], Names(rig));
        Assert.Equal(("OK 7 web", "ring"), Attached(rig, "web"));
        Assert.Equal(("OK 7 web", "ring"), Attached(rig, "7"));
        Assert.Equal(("OK 7 web", "ring"), Attached(rig, "web#0"));
        Assert.Equal(("OK 7 web#2", "second"), Attached(rig, "web#2"));
        Assert.Equal(("OK 7 web#2", "second"), Attached(rig, "7#2 all"));
        Assert.Equal(("OK 7 web#control", "control"), Attached(rig, "web#control"));

        DomainEntry entry = Assert.Single(rig.List().Domains);
        Assert.Equal(["web", "web#2", "web#control"], entry.Consoles!.Select(console => console.Name));
        Assert.Equal(["ring", "ring", "granted"], entry.Consoles!.Select(console => console.Transport));
        Assert.All(entry.Consoles!, console => Assert.Equal("connected", console.State));
        Assert.Equal(3, entry.Consoles!.Select(console => console.LocalPort).Distinct().Count());
        Assert.Equal([4UL, 6UL, 7UL], entry.Consoles!.Select(console => console.BytesOut));
        Assert.Equal((4UL, rig.Link("web")), (entry.BytesOut, entry.Pty));
    }

    [Fact]
    public void Input_goes_to_the_console_that_was_named()
    {
        using var rig = new ConsoleRig();
        var (guest, _, primary, _) = rig.AddRing(7, "web");
        guest.Publish();
        var control = new ConsoleProgram(guest);
        List<byte> toRing = [];
        List<byte> toControl = [];
        primary.Input = bytes => toRing.AddRange(bytes);
        control.Input = bytes => toControl.AddRange(bytes);
        rig.RunIdle();
        rig.Attach("web").Send("ring");
        rig.Attach("web#control").Send("control");
        rig.RunUntil(() => toRing.Count == 4 && toControl.Count == 7, "both inputs");
        Assert.Equal("ring"u8, toRing.ToArray());
        Assert.Equal("control"u8, toControl.ToArray());
    }

    [Fact]
    public void A_control_console_has_the_plain_name_until_a_primary_ring_comes_and_then_gives_it_up_for_good()
    {
        using var rig = new ConsoleRig();
        var (guest, program, control) = rig.AddConsole(1, "web");
        rig.Write(program, "old"u8.ToArray());
        string device = control.PtyDevice!;
        Assert.Equal(["web"], Names(rig));
        Assert.Equal(("OK 1 web", "old"), Attached(rig, "web"));
        Assert.Equal(("OK 1 web", "old"), Attached(rig, "web#control"));

        // A secondary ring takes nothing from it.
        _ = rig.AddRing(guest: guest, number: 1);
        Assert.Equal(["web", "web#1"], Names(rig));
        Assert.Equal(device, Target(rig, "web"));
        Assert.Equal(["web", "web#1"], rig.List().Domains[0].Consoles!.Select(console => console.Name));

        var (_, ring, primary, console) = rig.AddRing(guest: guest);
        Assert.Equal(["web", "web#1", "web#control"], Names(rig));
        Assert.Equal((device, console.PtyDevice), (Target(rig, "web#control"), Target(rig, "web")));
        Assert.Equal(device, control.PtyDevice);
        rig.Write(primary, "new"u8.ToArray());
        Assert.Equal(("OK 1 web", "new"), Attached(rig, "web"));

        // The ring's console outlives the ring, and keeps its name.
        ring.Withdraw();
        rig.RunIdle();
        Assert.Equal(["web", "web#1", "web#control"], Names(rig));
        Assert.Equal(("OK 1 web", "new"), Attached(rig, "web"));
        Assert.Equal("waiting", rig.List().Domains[0].Consoles![0].State);
    }

    [Fact]
    public void All_links_of_a_domain_follow_its_name()
    {
        using var rig = new ConsoleRig();
        var (guest, _, _, _) = rig.AddRing(1, "web--incoming");
        _ = rig.AddRing(guest: guest, number: 1);
        guest.Publish();
        rig.RunIdle();
        guest.Rename("web");
        Assert.Equal(["web", "web#1", "web#control"], Names(rig));
        Assert.Equal("OK 1 web#1", Attached(rig, "web#1").Reply);
        guest.Rename("../x");
        Assert.Equal(["domain-1", "domain-1#1", "domain-1#control"], Names(rig));
        guest.Destroy();
        rig.RunIdle();
        Assert.Empty(Names(rig));
    }

    [Fact]
    public void Links_of_two_domains_with_one_name_are_never_mixed()
    {
        using var rig = new ConsoleRig();
        FakeGuest first = rig.AddRing(1, "web").Guest;
        FakeGuest second = rig.AddRing(2, "web").Guest;
        _ = rig.AddRing(guest: second, number: 1);
        Assert.Equal(["web", "web.2", "web.2#1"], Names(rig));
        first.Destroy();
        rig.RunIdle();
        _ = rig.AddRing(guest: second, number: 3);

        // The name is free again, and a new console takes it; those that live keep what they have.
        Assert.Equal(["web#3", "web.2", "web.2#1"], Names(rig));
        _ = rig.AddRing(4, "web");
        Assert.Equal(["web#3", "web.2", "web.2#1", "web.4"], Names(rig));
    }

    [Fact]
    public void A_secondary_console_that_is_removed_ends_and_one_that_comes_again_is_another()
    {
        using var rig = new ConsoleRig();
        FakeGuest guest = rig.AddRing(1, "web").Guest;
        var (_, ring, program, console) = rig.AddRing(guest: guest, number: 1);
        rig.Write(program, "secret"u8.ToArray());
        TestClient viewer = rig.Attach("web#1");
        ring.Withdraw();
        rig.RunUntil(() => { _ = viewer.Receive(); return viewer.IsEnded; }, "the viewer's end");
        Assert.True(console.IsEnding);
        Assert.Equal(["web"], Names(rig));
        Assert.StartsWith("ERR no-console", Ask(rig, "web#1"), StringComparison.Ordinal);

        var (_, _, again, other) = rig.AddRing(guest: guest, number: 1);
        Assert.NotSame(console, other);
        rig.Write(again, "fresh"u8.ToArray());
        Assert.Equal(("OK 1 web#1", "fresh"), Attached(rig, "web#1 all"));
    }

    [Fact]
    public void A_domid_that_is_used_again_shows_nothing_of_its_predecessors_ring()
    {
        using var rig = new ConsoleRig();
        var (guest, _, program, _) = rig.AddRing(5, "web");
        rig.Write(program, "secret"u8.ToArray());
        guest.Destroy();
        rig.RunIdle();
        var (_, _, second, _) = rig.AddRing(5, "web");
        rig.Write(second, "fresh"u8.ToArray());
        Assert.Equal(("OK 5 web", "fresh"), Attached(rig, "5 all"));
    }

    private static (string Reply, string Output) Attached(ConsoleRig rig, string request)
    {
        using TestClient client = rig.Connect();
        client.Send($"ATTACH {request}\n");
        string reply = rig.ReadLine(client);
        rig.RunIdle();
        string output = Encoding.ASCII.GetString(client.Receive());
        return (reply, output);
    }

    private static string Ask(ConsoleRig rig, string target)
    {
        using TestClient client = rig.Connect();
        client.Send($"ATTACH {target}\n");
        return rig.ReadLine(client);
    }

    private static string[] Names(ConsoleRig rig)
        => [.. Directory.GetFileSystemEntries(rig.Link("")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static string? Target(ConsoleRig rig, string name) => new FileInfo(rig.Link(name)).LinkTarget;
}
