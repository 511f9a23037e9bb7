using Microsoft.Extensions.Time.Testing;

using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>Clients that do not take their last bytes: each has its place as long as the daemon has its descriptor.</summary>
public sealed class LingeringTests
{
    private const int Output = 600_000;

    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Who_does_not_take_its_last_bytes_keeps_its_place_and_others_are_refused()
    {
        using ConsoleRig rig = Start(most: 2);
        _ = AddOutput(rig);
        TestClient[] two = [AskAndKeep(rig, $"LOG web tail={Output}"), AskAndKeep(rig, $"LOG web tail={Output}")];
        Assert.Equal(2, rig.Operators.Connections);

        Assert.StartsWith("ERR too-many-connections ", rig.ReadLine(rig.Connect()), StringComparison.Ordinal);
        ReadAll(rig, two[0]);
        Assert.Equal(1, rig.Operators.Connections);
        _clock.Advance(TimeSpan.FromSeconds(30.1));
        rig.RunIdle();
        Assert.Equal(0, rig.Operators.Connections);
        ReadAll(rig, two[1]);
    }

    [Theory]
    [InlineData("LIST", 5)]
    [InlineData("LOG web", 30)]
    public void An_answer_that_is_not_taken_costs_its_place_to_the_end(string request, int seconds)
    {
        using ConsoleRig rig = Start();
        _ = AddOutput(rig);
        for (uint domid = 100; domid < 3100; domid++)
        {
            _ = rig.Hypervisor.AddDomain(domid);
        }

        rig.RunIdle();
        TestClient client = AskAndKeep(rig, request);
        AssertLingers(rig, client, TimeSpan.FromSeconds(seconds));
    }

    [Fact]
    public void A_viewer_of_a_domain_that_is_gone_keeps_its_place_to_the_end()
    {
        using ConsoleRig rig = Start();
        FakeGuest guest = AddOutput(rig);
        TestClient client = AskAndKeep(rig, "ATTACH web all");
        guest.Destroy();
        rig.RunIdle();
        AssertLingers(rig, client, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void One_that_has_waited_in_vain_keeps_its_place_to_the_end()
    {
        using ConsoleRig rig = Start();
        FakeGuest guest = AddOutput(rig);
        TestClient client = AskAndKeep(rig, "ATTACH web all follow");
        guest.Destroy();
        rig.RunIdle();
        Assert.Equal(1, rig.Consoles.Successions.Count);
        _clock.Advance(TimeSpan.FromMinutes(10.1));
        rig.RunIdle();
        Assert.Equal(0, rig.Consoles.Successions.Count);
        AssertLingers(rig, client, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void One_whom_the_next_life_has_no_room_for_keeps_its_place_to_the_end()
    {
        using ConsoleRig rig = Start(viewers: 1);
        FakeGuest guest = AddOutput(rig);
        TestClient[] clients = [AskAndKeep(rig, "ATTACH web all follow"), rig.Connect()];
        guest.Destroy();
        rig.RunIdle();
        clients[1].Send("ATTACH web all follow\n");
        rig.RunIdle();
        Assert.Equal(2, rig.Consoles.Successions.Count);
        var (_, _, _, console) = rig.AddRing(2, "web");
        Assert.Equal((0, 1, 2), (rig.Consoles.Successions.Count, console.Viewers, rig.Operators.Connections));
        _clock.Advance(TimeSpan.FromSeconds(5.1));
        rig.RunIdle();
        Assert.Equal((1, 1), (console.Viewers, rig.Operators.Connections));
    }

    [Fact]
    public void The_end_of_the_daemon_closes_those_too()
    {
        using ConsoleRig rig = Start();
        FakeGuest guest = AddOutput(rig);
        for (uint domid = 100; domid < 3100; domid++)
        {
            _ = rig.Hypervisor.AddDomain(domid);
        }

        rig.RunIdle();
        TestClient[] clients = [AskAndKeep(rig, "LIST"), AskAndKeep(rig, "LOG web"), AskAndKeep(rig, "ATTACH web all")];
        guest.Destroy();
        rig.RunIdle();
        Assert.Equal(3, rig.Operators.Connections);

        rig.Operators.Dispose();
        Assert.Equal(2, rig.Operators.Connections);
        rig.Consoles.Dispose();
        Assert.Equal(0, rig.Operators.Connections);
        foreach (TestClient client in clients)
        {
            client.ReceiveInto([]);
            Assert.True(client.IsEnded);
        }
    }

    /// <summary>Whatever is asked for is queued at once, and the kernel takes a part of it.</summary>
    private ConsoleRig Start(int most = 1024, int viewers = 64) => new(
        options =>
        {
            options.PtyDirectory = null;
            options.ViewerQueueBytes = 4 << 20;
            options.MaxConnections = most;
            options.MaxViewersPerConsole = viewers;
        },
        _clock);

    private static FakeGuest AddOutput(ConsoleRig rig)
    {
        var (guest, _, program, _) = rig.AddRing(1, "web");
        rig.Write(program, new byte[Output]);
        return guest;
    }

    private static TestClient AskAndKeep(ConsoleRig rig, string request)
    {
        TestClient client = rig.Connect();
        client.Send(request + "\n");
        Assert.StartsWith("OK", rig.ReadLine(client), StringComparison.Ordinal);
        rig.RunIdle();
        return client;
    }

    private static void ReadAll(ConsoleRig rig, TestClient client)
        => rig.RunUntil(() => { client.ReceiveInto([]); return client.IsEnded; }, "the end");

    private void AssertLingers(ConsoleRig rig, TestClient client, TimeSpan limit)
    {
        Assert.Equal(1, rig.Operators.Connections);
        _clock.Advance(limit - TimeSpan.FromSeconds(0.1));
        rig.RunIdle();
        Assert.Equal(1, rig.Operators.Connections);
        _clock.Advance(TimeSpan.FromSeconds(0.2));
        rig.RunIdle();
        Assert.Equal(0, rig.Operators.Connections);
        client.ReceiveInto([]);
        Assert.True(client.IsEnded);
    }
}
