using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Win32.SafeHandles;

using XcsSharp.Reactor;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>Which terminals are kept, by a keeper in memory; the daemon's own tests have systemd's protocol and real ends.</summary>
public sealed class KeptTerminalsTests
{
    [Fact]
    public void Of_a_console_that_comes_again_while_its_last_lifes_terminal_lingers_the_new_one_is_kept()
    {
        FakeTimeProvider clock = new();
        PlayedKeeper keeper = new();
        KeptTerminals terminals = new(keeper, [], new HashSet<string>(), NullLogger.Instance);
        using var rig = new ConsoleRig(clock: clock, terminals: terminals);
        var (guest, ring, program, first) = rig.AddRing(number: 1);
        rig.Write(program, "unread"u8.ToArray());
        Assert.Equal([first.PtyDevice!], keeper.Devices);

        // A driver that is loaded again, while nobody reads the terminal.
        ring.Withdraw();
        ring.Restart();
        rig.RunIdle();
        GuestConsole second = rig.Consoles.Find(new ConsoleId(rig.Switch.FindByDomid(guest.Domid)!, 1))!;
        Assert.NotNull(first.PtyDevice);
        Assert.NotEqual(first.PtyDevice, second.PtyDevice);
        Assert.Equal([second.PtyDevice!], keeper.Devices);

        // The old one goes, and takes nothing of the new one with it.
        clock.Advance(TimeSpan.FromSeconds(31));
        rig.RunIdle();
        Assert.Equal(0, rig.Consoles.Ending);
        string device = second.PtyDevice!;
        Assert.Equal([device], keeper.Devices);
        Assert.Equal(1, terminals.Stored);

        terminals.Leave(onlyStored: true);
        rig.Consoles.Dispose();
        Assert.Equal(device, PseudoTerminal.FindDevice([.. terminals.Left.Select(static left => left.Value)]));
        Assert.Equal([device], keeper.Devices);
        foreach ((_, SafeFileHandle descriptor) in terminals.Left)
        {
            descriptor.Dispose();
        }
    }

    [Fact]
    public void A_daemon_that_ends_while_a_last_lifes_terminal_lingers_leaves_the_new_one()
    {
        PlayedKeeper keeper = new();
        KeptTerminals terminals = new(keeper, [], new HashSet<string>(), NullLogger.Instance);
        using var rig = new ConsoleRig(terminals: terminals);
        var (guest, ring, program, _) = rig.AddRing(number: 1);
        rig.Write(program, "unread"u8.ToArray());
        ring.Withdraw();
        ring.Restart();
        rig.RunIdle();
        string device = rig.Consoles.Find(new ConsoleId(rig.Switch.FindByDomid(guest.Domid)!, 1))!.PtyDevice!;

        terminals.Leave(onlyStored: true);
        rig.Consoles.Dispose();

        Assert.Equal(device, PseudoTerminal.FindDevice([.. terminals.Left.Select(static left => left.Value)]));
        Assert.Equal([device], keeper.Devices);
        foreach ((_, SafeFileHandle descriptor) in terminals.Left)
        {
            descriptor.Dispose();
        }
    }

    /// <summary>As systemd does, it adds to what it has of a name.</summary>
    private sealed class PlayedKeeper : IDescriptorKeeper
    {
        private readonly List<(string Name, string Device)> _kept = [];

        public int MostForTerminals => 100;

        public IEnumerable<string> Devices => _kept.Select(static kept => kept.Device);

        public void Keep(string name, IReadOnlyList<SafeFileHandle> descriptors) => _kept.Add((name, PseudoTerminal.FindDevice(descriptors)!));

        public void Forget(string name) => _kept.RemoveAll(kept => kept.Name == name);
    }
}
