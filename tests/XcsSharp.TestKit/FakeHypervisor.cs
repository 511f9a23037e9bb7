using XcsSharp.Switching;

namespace XcsSharp.TestKit;

/// <summary>
/// A Xen inside the test's process: domains and event channels with pending and mask bits, and <see cref="FakeGuest"/>s
/// on the other side of real rings. For tests of the switch and of what stands on it; the adapter has simxen.
/// </summary>
/// <remarks>All calls on the loop's thread, which is the test's own when it turns the loop by <c>RunOnce</c>.</remarks>
/// <param name="post">Has an event delivered by the loop: <c>loop.Post</c>. A queue of the test's own has it delivered when the test says so.</param>
public sealed class FakeHypervisor(Action<Action> post) : IHypervisor
{
    private readonly Dictionary<uint, FakeGuest> _guests = [];
    private readonly Dictionary<int, (int Virq, FakePort Port)> _virqs = [];
    private readonly HashSet<int> _boundPorts = [];
    private readonly List<int> _notifiedPorts = [];
    private int _lastPort = 15;

    public string Backend => "fake";

    public ulong PortsServed { get; private set; }

    /// <summary>How many times dom0 has unmasked any port.</summary>
    public int Unmasks { get; private set; }

    /// <summary>The virtual interrupts that are bound now.</summary>
    public IReadOnlyList<(int Virq, int Port)> Virqs => [.. _virqs.Values.Select(static bound => (bound.Virq, bound.Port.Number))];

    /// <summary>The ports that the switch has signalled by their numbers, bound or not.</summary>
    public IReadOnlyList<int> NotifiedPorts => _notifiedPorts;

    /// <summary>Null until the switch has started.</summary>
    public IHypervisorSink? Sink { get; private set; }

    /// <summary>A new domain without a channel; its program speaks once it is published.</summary>
    /// <param name="domid">Its number.</param>
    /// <param name="name">Null: one made of its number.</param>
    /// <param name="uuid">Null: a new one. Given where the domain is one that another dom0 has served before.</param>
    public FakeGuest AddDomain(uint domid, string? name = null, Guid? uuid = null)
    {
        FakeGuest guest = AddUnreported(domid, name, uuid);
        Sink?.OnDomainAppeared(domid, guest.Name, guest.Uuid);
        return guest;
    }

    /// <summary>
    /// A domain that exists and that discovery has not seen: the next start reports it, and nothing before that, not even
    /// <see cref="OpenClassic"/>. A switch must do without the report that it is promised there.
    /// </summary>
    /// <inheritdoc cref="AddDomain"/>
    public FakeGuest AddUnreported(uint domid, string? name = null, Guid? uuid = null)
    {
        FakeGuest guest = new(this, domid, name ?? $"guest-{domid}", uuid);
        _guests.Add(domid, guest);
        return guest;
    }

    /// <summary>A new domain with a granted channel.</summary>
    /// <inheritdoc cref="AddDomain"/>
    public FakeGuest AddGuest(uint domid, string? name = null, Guid? uuid = null)
    {
        FakeGuest guest = AddDomain(domid, name, uuid);
        guest.Publish();
        return guest;
    }

    /// <summary>The domain is gone, and dom0 is told. Unlike after <see cref="FakeGuest.Destroy"/>, the test still has its page.</summary>
    public void Remove(FakeGuest guest)
    {
        _ = _guests.Remove(guest.Domid);
        Sink?.OnDomainGone(guest.Domid);
    }

    /// <summary>Raises a virtual interrupt that the switch has bound.</summary>
    public void RaiseVirq(int port) => _virqs[port].Port.Raise();

    /// <summary>Whether a channel, a console or a virtual interrupt has this port of dom0's.</summary>
    public bool IsBound(int port) => _boundPorts.Contains(port);

    public void Start(IHypervisorSink sink)
    {
        Sink = sink;
        foreach (FakeGuest guest in _guests.Values)
        {
            sink.OnDomainAppeared(guest.Domid, guest.Name, guest.Uuid);
            guest.Offer();
        }
    }

    public OpenFailure OpenClassic(uint domid, int localPort, int remotePort, out IChannelTransport? transport)
    {
        transport = null;
        if (!_guests.TryGetValue(domid, out FakeGuest? guest))
        {
            return OpenFailure.NoSuchDomain;
        }

        // Whether the port is in use is not asked: the switch knows its own, and must not have come here.
        transport = guest.MakeTransport(TransportKind.Classic, localPort, remotePort);
        return OpenFailure.None;
    }

    public ConsoleFailure AddConsole(uint domid, out int number)
    {
        number = 0;
        return ConsoleFailure.NotSupported;
    }

    public ConsoleFailure RemoveConsole(uint domid, int number, out int removed)
    {
        removed = 0;
        return ConsoleFailure.NotSupported;
    }

    public bool TryBindVirq(int virq, IPortHandler handler, out int port)
    {
        port = 0;
        if (virq is < 0 or >= 24)
        {
            return false;
        }

        port = NewPort();
        FakePort bound = new(this, port);
        bound.Bind(handler);
        _virqs.Add(port, (virq, bound));
        return true;
    }

    public void UnbindVirq(int port)
    {
        if (_virqs.Remove(port, out (int Virq, FakePort Port) bound))
        {
            bound.Port.Close();
        }
    }

    public void UnmaskPort(int port) => _virqs[port].Port.Unmask();

    public bool NotifyPort(int port)
    {
        _notifiedPorts.Add(port);
        return _virqs.ContainsKey(port);
    }

    internal int NewPort() => ++_lastPort;

    internal void Post(Action work) => post(work);

    internal void OnBound(int port)
    {
        if (!_boundPorts.Add(port))
        {
            throw new InvalidOperationException($"Port {port} is bound already.");
        }
    }

    internal void OnUnbound(int port) => _boundPorts.Remove(port);

    internal void OnUnmasked() => Unmasks++;

    internal void OnDelivered() => PortsServed++;
}
