using XcsSharp.Interop;
using XcsSharp.Interop.Xen;

using Xunit;

namespace XcsSharp.Xen.Tests;

/// <summary>The key <c>tty</c>, where the toolstack's tools look for a console's terminal.</summary>
public sealed class TerminalKeyTests
{
    private const string Terminal = "/dev/pts/7";

    [Fact]
    public async Task It_is_written_as_dom0s_own_and_removed()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4);
        using XenStoreConnection guest = world.As(4, XenStoreConnection.Open);

        console.Transport.PublishTerminal(Terminal);

        Assert.Equal(Errno.OK, guest.Read("console/tty", out string? seen));
        Assert.Equal(Terminal, seen);
        Assert.Equal(Errno.EACCES, guest.Write("console/tty", "/dev/pts/0"));
        console.Transport.PublishTerminal(null);
        Assert.Equal(Errno.ENOENT, guest.Read("console/tty", out _));
        Assert.Equal(Errno.OK, guest.Read("console/port", out _));
        Assert.Empty(world.Log.Lines);
    }

    [Fact]
    public async Task A_node_that_the_guest_owns_becomes_dom0s()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4);
        using XenStoreConnection dom0 = world.As(0, XenStoreConnection.Open);
        Assert.Equal(Errno.OK, dom0.SetPermissions(domain.ConsolePath + "/tty", [new xs_permissions { id = 4 }]));
        using XenStoreConnection guest = world.As(4, XenStoreConnection.Open);
        Assert.Equal(Errno.OK, guest.Write("console/tty", "/dev/pts/0"));

        console.Transport.PublishTerminal(Terminal);

        Assert.Equal(Errno.EACCES, guest.Write("console/tty", "/dev/pts/0"));
        Assert.Equal(Terminal, await PrimaryConsoleTests.TerminalAsync(world, domain));
    }

    [Fact]
    public async Task Its_own_writing_is_no_news()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        await world.CreateDomainAsync(4, console: true);
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4);
        await world.SettleAsync();
        ulong before = world.Hypervisor.PageLooks;

        console.Transport.PublishTerminal(Terminal);
        world.Until(() => !world.Loop.RunOnce(TimeSpan.FromMilliseconds(50)), "quiet");

        Assert.Equal(before, world.Hypervisor.PageLooks);
    }

    [Fact]
    public async Task Of_a_domain_whose_keys_are_gone_nothing_is_made_again()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4);

        // It ended, and nobody has turned the loop yet.
        await domain.DestroyAsync();
        await DiscoveryTests.UntilFreeAsync(world, 4);
        console.Transport.PublishTerminal(Terminal);

        Assert.Equal("0\n", await world.CommandAsync("store", "ls", "/local/domain"));
        Assert.Empty(world.Log.Lines);
    }

    [Fact]
    public async Task What_a_successor_has_there_is_not_removed()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4);
        console.Transport.PublishTerminal(Terminal);
        await world.CommandAsync("store", "write", $"{domain.ConsolePath}/tty", "/dev/pts/9");

        console.Transport.PublishTerminal(null);

        Assert.Equal("/dev/pts/9", await PrimaryConsoleTests.TerminalAsync(world, domain));
    }

    [Fact]
    public async Task A_store_that_refuses_is_one_line_and_the_console_goes_on()
    {
        await using SimWorld world = await SimWorld.StartAsync();
        SimDomain domain = await world.CreateDomainAsync(4, console: true);
        using ConsoleActor guest = new(domain);
        RecordedConsole console = PrimaryConsoleTests.UntilServed(world, 4);
        await world.CommandAsync("fault", "store", $"{domain.ConsolePath}/tty", "ENOSPC");

        console.Transport.PublishTerminal(Terminal);
        guest.Print("still here");

        world.Until(() => console.Output == "still here", "the output");
        Assert.Contains("console/tty can not be written (ENOSPC)", Assert.Single(world.Log.Lines), StringComparison.Ordinal);
        await world.CommandAsync("fault", "clear", "all");
        console.Transport.PublishTerminal(Terminal);
        Assert.Equal(Terminal, await PrimaryConsoleTests.TerminalAsync(world, domain));
    }
}
