using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>Who comes while the domain is down, and what it may have when the domain is there again.</summary>
public sealed class ExclusiveAfterEndTests
{
    [Fact]
    public void Exclusive_is_refused_also_while_the_domain_is_down()
    {
        using ConsoleRig rig = Start(ExclusivePolicy.Deny);
        TestClient client = rig.Connect();
        client.Send("ATTACH web mode=exclusive follow\n");
        string reply = rig.ReadLine(client);
        Assert.StartsWith("ERR exclusive ", reply, StringComparison.Ordinal);
        Assert.Contains("Consoles:Exclusive", reply, StringComparison.Ordinal);
        Assert.Equal(0, rig.Consoles.Successions.Count);
    }

    [Fact]
    public void In_the_next_life_one_is_exclusive_and_who_asked_for_it_later_is_not()
    {
        using ConsoleRig rig = Start(ExclusivePolicy.Typing);
        TestClient[] clients = [rig.Attach("web mode=exclusive follow"), rig.Attach("web mode=exclusive follow"), rig.Attach("web follow")];
        GuestConsole next = Begin(rig);
        Assert.Equal(
            [ViewerMode.Exclusive, ViewerMode.ReadWrite, ViewerMode.ReadWrite],
            next.AllViewers.OrderBy(static viewer => viewer.Id).Select(static viewer => viewer.Mode));
        Assert.Equal(1UL, next.Seat.Writer!.Id);
        Assert.All(clients, static client => Assert.False(client.IsEnded));
    }

    [Fact]
    public void Where_exclusive_is_for_viewing_who_has_it_goes_on_alone()
    {
        using ConsoleRig rig = Start(ExclusivePolicy.Viewing);
        TestClient alone = rig.Attach("web mode=exclusive follow");
        TestClient[] others = [rig.Attach("web follow"), rig.Attach("web mode=exclusive follow"), rig.Attach("web mode=ro follow")];
        GuestConsole next = Begin(rig);
        Assert.True(next.Seat.IsExclusive);
        Assert.Equal(1, next.Viewers);
        Assert.All(others, other => rig.RunUntil(() => { other.ReceiveInto([]); return other.IsEnded; }, "the end"));
        Assert.Equal(1, rig.Operators.Connections);
        alone.ReceiveInto([]);
        Assert.False(alone.IsEnded);
    }

    [Fact]
    public void Where_exclusive_is_for_viewing_who_comes_behind_others_joins_them_and_types_when_they_let_it()
    {
        using ConsoleRig rig = Start(ExclusivePolicy.Viewing);
        _ = rig.Attach("web follow");
        _ = rig.Attach("web mode=exclusive follow");
        GuestConsole next = Begin(rig);
        Assert.Equal([ViewerMode.ReadWrite, ViewerMode.ReadWrite], next.AllViewers.Select(static viewer => viewer.Mode));
        Assert.Equal(1UL, next.Seat.Writer!.Id);
        Assert.False(next.Seat.IsExclusive);
    }

    [Fact]
    public void Viewers_of_the_life_before_come_first_and_in_their_order()
    {
        using var rig = new ConsoleRig(static options => options.PtyDirectory = null);
        var (guest, _, _) = rig.AddConsole(3, "web");
        for (int i = 0; i < 3; i++)
        {
            _ = rig.Attach("web follow");
        }

        guest.Destroy();
        rig.RunIdle();
        _ = rig.Attach("web follow");
        GuestConsole next = Begin(rig);
        Assert.Equal([1UL, 2, 3, 4], next.AllViewers.Select(static viewer => viewer.Id));
        Assert.Equal(1UL, next.Seat.Writer!.Id);
    }

    private static ConsoleRig Start(ExclusivePolicy policy)
    {
        var rig = new ConsoleRig(options => { options.PtyDirectory = null; options.Exclusive = policy; });
        (FakeGuest guest, ConsoleProgram program, _) = rig.AddConsole(3, "web");
        rig.Write(program, "last words"u8.ToArray());
        guest.Destroy();
        rig.RunIdle();
        return rig;
    }

    private static GuestConsole Begin(ConsoleRig rig)
    {
        rig.RunIdle();
        return rig.AddConsole(4, "web").Console;
    }
}
