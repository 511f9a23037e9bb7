namespace XcsSharp.Switching;

/// <summary>
/// The virtual interrupts of dom0 that subscribers asked for: one port for each, shared by all who asked, bound as long
/// as one of them is attached.
/// </summary>
internal sealed class VirqTable(IHypervisor hypervisor, MessageRouter router) : IPortHandler
{
    private readonly Dictionary<int, int> _portByVirq = [];
    private readonly Dictionary<int, Holding> _byPort = [];

    public bool HasPort(int port) => _byPort.ContainsKey(port);

    public bool TryBind(SubscriberRecord record, int virq, out int port)
    {
        if (!_portByVirq.TryGetValue(virq, out port))
        {
            if (!hypervisor.TryBindVirq(virq, this, out port))
            {
                return false;
            }

            _portByVirq.Add(virq, port);
            _byPort.Add(port, new Holding(virq));
        }

        if (record.VirqPorts.Add(port))
        {
            _byPort[port].Holders++;
        }

        return true;
    }

    /// <summary>The subscriber is gone, and its record is not used again.</summary>
    public void Release(SubscriberRecord record)
    {
        foreach (int port in record.VirqPorts)
        {
            Holding holding = _byPort[port];
            if (--holding.Holders == 0)
            {
                Unbind(port, holding);
            }
        }
    }

    public void ReleaseAll()
    {
        foreach ((int port, Holding holding) in _byPort.ToArray())
        {
            Unbind(port, holding);
        }
    }

    public bool Notify(int port) => HasPort(port) && hypervisor.NotifyPort(port);

    public void OnPortEvent(int port)
    {
        // Clients of 2005 never unmask a virtual interrupt themselves (spec section 3).
        hypervisor.UnmaskPort(port);
        router.DeliverVirq(port);
    }

    private void Unbind(int port, Holding holding)
    {
        _byPort.Remove(port);
        _portByVirq.Remove(holding.Virq);
        hypervisor.UnbindVirq(port);
    }

    private sealed class Holding(int virq)
    {
        public int Virq { get; } = virq;

        public int Holders { get; set; }
    }
}
