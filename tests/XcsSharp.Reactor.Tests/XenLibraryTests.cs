using System.Runtime.InteropServices;

using XcsSharp.Interop.Xen;
using XcsSharp.TestKit;

namespace XcsSharp.Reactor.Tests;

/// <summary>The wrappers of Xen's libraries, on a simulated machine of their own: dom0's side and a guest's.</summary>
public sealed class XenLibraryTests : IAsyncLifetime
{
    private const uint Guest = 5;

    private readonly List<IDisposable> _opened = [];
    private SimMachine? _machine;
    private ChildProcess? _guest;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private SimMachine Machine => _machine!;

    public async ValueTask InitializeAsync()
    {
        string library = "";
        try
        {
            library = Executables.Path("libsimxen.so");
        }
        catch (FileNotFoundException missing)
        {
            Assert.Skip($"the simulated Xen is not built: {missing.Message}");
        }

        Environment.SetEnvironmentVariable(HypervisorLibraries.LibraryVariable, library);
        HypervisorLibraries.Use(HypervisorBackend.Sim);
        _machine = await SimMachine.StartAsync(Cancel);
        _guest = Start("create", "--domid", $"{Guest}", "--name", "guest");
        await _guest.Output.WaitForTextAsync($"{Guest}\n", Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        for (int i = _opened.Count - 1; i >= 0; i--)
        {
            _opened[i].Dispose();
        }

        if (_guest is not null)
        {
            await _guest.DisposeAsync();
        }

        if (_machine is not null)
        {
            await _machine.DisposeAsync();
        }
    }

    [Fact]
    public void The_store_gives_back_what_was_written()
    {
        XenStoreConnection store = As(0, XenStoreConnection.Open);
        Assert.Equal(Errno.ENOENT, store.Read("/test/a", out string? none));
        Assert.Null(none);
        string longest = new('x', 2000);
        foreach (string value in (string[])["1", "", "größer", longest])
        {
            Assert.Equal(Errno.OK, store.Write("/test/a", value));
            Assert.Equal(Errno.OK, store.Read("/test/a", out string? read));
            Assert.Equal(value, read);
        }

        Assert.Equal(Errno.OK, store.Write("/test/b/c", "2"));
        Assert.Equal(Errno.OK, store.List("/test", out string[] names));
        Assert.Equal(["a", "b"], names.Order(StringComparer.Ordinal));
        Assert.Equal(Errno.OK, store.List("/test/a", out names));
        Assert.Empty(names);
        Assert.Equal(Errno.OK, store.Remove("/test/b"));
        Assert.Equal(Errno.ENOENT, store.Read("/test/b/c", out _));
        Assert.Equal(Errno.ENOENT, store.List("/test/b", out _));
    }

    [Fact]
    public void A_transaction_is_seen_whole_or_not_at_all()
    {
        XenStoreConnection store = As(0, XenStoreConnection.Open);
        XenStoreConnection other = As(0, XenStoreConnection.Open);
        Assert.Equal(Errno.OK, store.Begin(out uint transaction));
        Assert.Equal(Errno.OK, store.Write("/test/a", "1", transaction));
        Assert.Equal(Errno.ENOENT, other.Read("/test/a", out _));
        Assert.Equal(Errno.OK, store.Commit(transaction));
        Assert.Equal(Errno.OK, other.Read("/test/a", out _));

        Assert.Equal(Errno.OK, store.Begin(out transaction));
        Assert.Equal(Errno.OK, store.Remove("/test/a", transaction));
        Assert.Equal(Errno.OK, store.Abort(transaction));
        Assert.Equal(Errno.OK, store.Read("/test/a", out _));

        Assert.Equal(Errno.OK, store.Begin(out transaction));
        Assert.Equal(Errno.OK, store.Read("/test/a", out _, transaction));
        Assert.Equal(Errno.OK, other.Write("/test/a", "2"));
        Assert.Equal(Errno.OK, store.Write("/test/b", "3", transaction));
        Assert.Equal(Errno.EAGAIN, store.Commit(transaction));
        Assert.Equal(Errno.ENOENT, store.Read("/test/b", out _));
    }

    [Fact]
    public void Rights_of_a_node_hold_for_guests()
    {
        XenStoreConnection store = As(0, XenStoreConnection.Open);
        XenStoreConnection guest = As(Guest, XenStoreConnection.Open);
        xs_permissions onlyOwner = new() { id = 0, perms = XenStore.XS_PERM_NONE };
        xs_permissions guestReads = new() { id = Guest, perms = XenStore.XS_PERM_READ };
        Assert.Equal(Errno.OK, store.Write("/test/a", "1"));
        Assert.Equal(Errno.OK, store.SetPermissions("/test/a", [onlyOwner]));
        Assert.Equal(Errno.EACCES, guest.Read("/test/a", out _));
        Assert.Equal(Errno.OK, store.SetPermissions("/test/a", [onlyOwner, guestReads]));
        Assert.Equal(Errno.OK, guest.Read("/test/a", out _));
        Assert.Equal(Errno.EACCES, guest.Write("/test/a", "2"));
    }

    [Fact]
    public void Watches_fire_at_once_and_for_what_lies_below_until_they_are_taken_back()
    {
        using LoopRig rig = new();
        XenStoreConnection store = As(0, XenStoreConnection.Open);
        List<(string?, string?)> events = [];
        Readable handler = new(() =>
        {
            while (store.TryReadWatch(out string? path, out string? token) == Errno.OK)
            {
                events.Add((path, token));
            }
        });
        using Registration registration = rig.Loop.Register(store.FileDescriptor, Readiness.Readable, handler);
        Assert.Equal(Errno.EAGAIN, store.TryReadWatch(out _, out _));
        Assert.Equal(Errno.OK, store.Watch("/test", "mine"));
        rig.TurnUntil(() => events.Count == 1);
        Assert.Equal(Errno.OK, store.Write("/test/a/b", "1"));
        rig.TurnUntil(() => events.Count == 2);
        Assert.Equal([("/test", "mine"), ("/test/a/b", "mine")], events);

        Assert.Equal(Errno.OK, store.Unwatch("/test", "mine"));
        Assert.Equal(Errno.ENOENT, store.Unwatch("/test", "mine"));
        Assert.Equal(Errno.OK, store.Write("/test/a/b", "2"));
        rig.AssertSleeps();
        Assert.Equal(2, events.Count);
    }

    [Fact]
    public void An_event_arrives_once_and_its_port_stays_masked_until_unmasked()
    {
        EventChannels guest = As(Guest, EventChannels.Open);
        EventChannels dom0 = As(0, EventChannels.Open);
        int theirs = guest.BindUnbound(0).OrThrow("bind_unbound");
        int ours = dom0.BindInterdomain(Guest, (uint)theirs).OrThrow("bind_interdomain");
        uint[] ports = new uint[8];
        while (dom0.ReadPorts(ports).IsOk)
        {
            dom0.Unmask((uint)ours);
        }

        Assert.True(guest.Notify((uint)theirs).IsOk);
        Assert.True(guest.Notify((uint)theirs).IsOk);
        Assert.Equal(1, dom0.ReadPorts(ports).Value);
        Assert.Equal((uint)ours, ports[0]);
        Assert.Equal(Errno.EAGAIN, dom0.ReadPorts(ports).Error);

        // Masked now: the next event is kept until the port is unmasked.
        Assert.True(guest.Notify((uint)theirs).IsOk);
        Assert.Equal(Errno.EAGAIN, dom0.ReadPorts(ports).Error);
        Assert.True(dom0.Unmask((uint)ours).IsOk);
        Assert.Equal(1, dom0.ReadPorts(ports).Value);

        Assert.True(dom0.Unbind((uint)ours).IsOk);
        Assert.False(dom0.Notify((uint)ours).IsOk);
        Assert.False(dom0.BindInterdomain(Guest, 999).IsOk);
    }

    [Fact]
    public void Many_ports_are_read_at_once_and_signalling_allocates_nothing()
    {
        const int Ports = 40;
        EventChannels guest = As(Guest, EventChannels.Open);
        EventChannels dom0 = As(0, EventChannels.Open);
        uint[] theirs = [.. Enumerable.Range(0, Ports).Select(_ => (uint)guest.BindUnbound(0).OrThrow("bind"))];
        uint[] ours = [.. theirs.Select(port => (uint)dom0.BindInterdomain(Guest, port).OrThrow("bind"))];
        uint[] read = new uint[256];
        int last = 0;
        void Round()
        {
            foreach (uint port in theirs)
            {
                guest.Notify(port);
            }

            last = dom0.ReadPorts(read).Value;
            for (int i = 0; i < last; i++)
            {
                dom0.Unmask(read[i]);
            }
        }

        void Rounds()
        {
            for (int i = 0; i < 200; i++)
            {
                Round();
            }
        }

        Rounds();
        Assert.Equal(0, Allocations.Least(Rounds));
        Assert.Equal(ours.Order(), read.AsSpan(0, last).ToArray().Order());
    }

    [Fact]
    public void A_frame_is_mapped_twice_and_one_that_does_not_exist_is_an_error_and_no_address()
    {
        DomainInfo domains = As(0, DomainInfo.Open);
        ForeignMemory memory = As(0, ForeignMemory.Open);
        Assert.Equal(Errno.OK, domains.TryGet(Guest, out DomainListing guest));
        Assert.Equal(Errno.OK, memory.Map(Guest, guest.SharedInfoFrame, out nint first));
        Assert.Equal(Errno.OK, memory.Map(Guest, guest.SharedInfoFrame, out nint second));
        Marshal.WriteInt32(first, 4092, 0x12345678);
        Assert.Equal(0x12345678, Marshal.ReadInt32(second, 4092));
        Assert.True(memory.Unmap(first).IsOk);
        Assert.True(memory.Unmap(second).IsOk);

        Assert.NotEqual(Errno.OK, memory.Map(Guest, 0xFFFF_FFFF, out nint nowhere));
        Assert.Equal(0, nowhere);
        Assert.NotEqual(Errno.OK, memory.Map(77, guest.SharedInfoFrame, out nowhere));
        Assert.Equal(0, nowhere);
    }

    [Fact]
    public void A_granted_page_is_one_page_on_both_sides()
    {
        GrantShare shares = As(Guest, GrantShare.Open);
        EventChannels channels = As(Guest, EventChannels.Open);
        GrantTable grants = As(0, GrantTable.Open);
        uint port = (uint)channels.BindUnbound(0).OrThrow("bind");
        Assert.Equal(Errno.OK, shares.SharePage(0, 16, port, out uint reference, out nint theirs));
        Assert.Equal(Errno.OK, grants.Map(Guest, reference, out nint ours));
        Assert.Equal(0, Marshal.ReadInt64(ours, 16));
        Marshal.WriteByte(theirs, 16, 1);
        Marshal.WriteByte(ours, 17, 2);
        Assert.Equal(0x0201, Marshal.ReadInt16(theirs, 16));

        Assert.True(shares.Unshare(theirs).IsOk);
        Assert.Equal(0, Marshal.ReadByte(ours, 16));
        Assert.True(grants.Unmap(ours).IsOk);
        Assert.NotEqual(Errno.OK, grants.Map(Guest, 12_345, out nint nowhere));
        Assert.Equal(0, nowhere);
    }

    [Fact]
    public async Task The_list_of_domains_is_whole_however_long_it_is()
    {
        const int More = 300;
        DomainInfo domains = As(0, DomainInfo.Open);
        Assert.Equal(Errno.OK, domains.List(out ReadOnlySpan<DomainListing> few));
        Assert.Equal([0, Guest], few.ToArray().Select(domain => domain.Domid));
        Assert.Equal(Errno.ESRCH, domains.TryGet(1000, out _));

        // They live until their standard input, which is the shell's, ends.
        const string Script = """
            exec 3<&0
            for i in $(seq "$2"); do "$1" create --domid $((1000 + i)) <&3 & done
            wait
            """;
        await using ChildProcess crowd = ChildProcess.Start(
            "sh",
            ["-c", Script, "sh", Executables.Simxen, $"{More}"],
            new ChildOptions { Name = "crowd", Environment = Machine.Environment });
        for (int domid = 1001; domid <= 1000 + More; domid++)
        {
            await crowd.Output.WaitForTextAsync($"{domid}\n", Cancel);
        }

        Assert.Equal(Errno.OK, domains.List(out ReadOnlySpan<DomainListing> many));
        Assert.Equal(
            [0, Guest, .. Enumerable.Range(1001, More).Select(domid => (uint)domid)],
            many.ToArray().Select(domain => domain.Domid));
        Assert.Equal(More + 1, many[1..].ToArray().Select(domain => domain.Uuid).Distinct().Count());
        crowd.Input.Close();
        await crowd.WaitAsync(Cancel);
    }

    [Fact]
    public void A_process_has_one_hypervisor()
    {
        HypervisorLibraries.Use(HypervisorBackend.Sim);
        Assert.Throws<InvalidOperationException>(() => HypervisorLibraries.Use(HypervisorBackend.Xen));
    }

    [Fact]
    public void What_is_no_machine_can_not_be_joined()
    {
        ErrnoException refused = Assert.Throws<ErrnoException>(
            () => HypervisorLibraries.SelectSimulatedMachine(Machine["nothing"], 0));
        Assert.Equal((Errno.ENOENT, Machine["nothing"]), (refused.Errno, refused.Subject));
    }

    private ChildProcess Start(params string[] arguments)
        => ChildProcess.Start(
            Executables.Simxen, arguments, new ChildOptions { Name = "simxen", Environment = Machine.Environment });

    /// <summary>Opens a handle as a domain of the machine. The choice is the process's, and only these tests make it.</summary>
    private T As<T>(uint domid, Func<T> open)
        where T : IDisposable
    {
        HypervisorLibraries.SelectSimulatedMachine(Machine.State, domid);
        T opened = open();
        _opened.Add(opened);
        return opened;
    }

    private sealed class Readable(Action read) : IReadyHandler
    {
        public void OnReady(Readiness ready) => read();
    }
}
