namespace XcsSharp.Switching.Tests.Rig;

/// <summary>
/// Plays Xen: domains, classic pages, and event-channel ports that are masked when they are delivered and pending while
/// masked, as /dev/xen/evtchn has them.
/// </summary>
internal sealed class FakeHypervisor : IHypervisor
{
    private readonly Dictionary<int, Port> _ports = [];
    private readonly List<int> _deliverable = [];
    private int _nextPort = 16;

    public string Backend => "fake";

    public ulong PortsServed { get; private set; }

    public IHypervisorSink Sink { get; private set; } = null!;

    /// <summary>What exists in Xen, whether reported or not.</summary>
    public Dictionary<uint, FakeGuest> Guests { get; } = [];

    /// <summary>Virtual interrupts that exist.</summary>
    public int VirqLimit { get; set; } = 24;

    public List<(int Virq, int Port)> Virqs { get; } = [];

    public List<int> NotifiedPorts { get; } = [];

    /// <summary>Each look at this is one port that somebody unmasked.</summary>
    public int Unmasks { get; private set; }

    public void Start(IHypervisorSink sink)
    {
        Sink = sink;
        foreach (FakeGuest guest in Guests.Values)
        {
            sink.OnDomainAppeared(guest.Domid, guest.Name, guest.Uuid);
        }
    }

    public OpenFailure OpenClassic(uint domid, int localPort, int remotePort, out IChannelTransport? transport)
    {
        transport = null;
        if (!Guests.TryGetValue(domid, out FakeGuest? guest))
        {
            return OpenFailure.NoSuchDomain;
        }

        // Whether the port is in use is not asked: the switch knows its own, and must not have come here.
        transport = MakeTransport(guest, TransportKind.Classic, localPort);
        return OpenFailure.None;
    }

    public FakeTransport MakeTransport(FakeGuest guest, TransportKind kind, int localPort = 0)
    {
        FakeTransport transport = new(this, guest, kind, localPort == 0 ? _nextPort++ : localPort);
        guest.Transport = transport;
        return transport;
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
        if (virq >= VirqLimit)
        {
            return false;
        }

        port = _nextPort++;
        Virqs.Add((virq, port));
        Register(port, handler);
        return true;
    }

    public void UnbindVirq(int port)
    {
        Virqs.RemoveAll(virq => virq.Port == port);
        Unregister(port);
    }

    public bool NotifyPort(int port)
    {
        NotifiedPorts.Add(port);
        return true;
    }

    public void UnmaskPort(int port)
    {
        Unmasks++;
        if (_ports.TryGetValue(port, out Port? state))
        {
            state.IsMasked = false;
            if (state.IsPending)
            {
                state.IsPending = false;
                _deliverable.Add(port);
            }
        }
    }

    public void Register(int port, IPortHandler handler) => _ports.Add(port, new Port(handler));

    public void Unregister(int port) => _ports.Remove(port);

    public bool IsBound(int port) => _ports.ContainsKey(port);

    /// <summary>The other end notified.</summary>
    public void Signal(int port)
    {
        if (_ports.TryGetValue(port, out Port? state))
        {
            if (state.IsMasked)
            {
                state.IsPending = true;
            }
            else if (!_deliverable.Contains(port))
            {
                _deliverable.Add(port);
            }
        }
    }

    /// <summary>Delivers the events of now, each port once.</summary>
    public bool Deliver()
    {
        int count = _deliverable.Count;
        for (int i = 0; i < count; i++)
        {
            int port = _deliverable[i];
            if (_ports.TryGetValue(port, out Port? state))
            {
                state.IsMasked = true;
                PortsServed++;
                state.Handler.OnPortEvent(port);
            }
        }

        _deliverable.RemoveRange(0, count);
        return count > 0;
    }

    private sealed class Port(IPortHandler handler)
    {
        public IPortHandler Handler { get; } = handler;
        public bool IsMasked { get; set; }
        public bool IsPending { get; set; }
    }
}
