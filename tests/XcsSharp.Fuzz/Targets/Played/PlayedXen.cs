using XcsSharp.Switching;

namespace XcsSharp.Fuzz.Targets.Played;

/// <summary>What of Xen a switch needs that is fuzzed from below: nothing is discovered, and a target offers what it wants.</summary>
internal sealed class PlayedXen : IHypervisor
{
    public const int Virqs = 8;

    private const int FirstVirqPort = 4000;

    private readonly SortedDictionary<int, PlayedPort> _virqs = [];

    public string Backend => "played";

    public ulong PortsServed => 0;

    /// <summary>Makes classic channels: of the domain, and its local and its remote port.</summary>
    public Func<uint, int, int, IChannelTransport?> Classic { get; set; } = static (_, _, _) => null;

    public void Start(IHypervisorSink sink)
    {
    }

    public OpenFailure OpenClassic(uint domid, int localPort, int remotePort, out IChannelTransport? transport)
    {
        transport = Classic(domid, localPort, remotePort);
        return transport is null ? OpenFailure.NoSuchDomain : OpenFailure.None;
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
        port = virq is >= 0 and < Virqs ? FirstVirqPort + virq : 0;
        if (port != 0)
        {
            PlayedPort bound = new(port);
            bound.Bind(handler);
            _virqs.Add(port, bound);
        }

        return port != 0;
    }

    public void UnbindVirq(int port) => _virqs.Remove(port);

    public void UnmaskPort(int port) => _virqs[port].Unmask();

    public bool NotifyPort(int port) => _virqs.ContainsKey(port);

    /// <summary>Delivers the virtual interrupts that are pending.</summary>
    public bool Deliver()
    {
        bool any = false;
        foreach (PlayedPort port in _virqs.Values.ToArray())
        {
            any |= port.Deliver();
        }

        return any;
    }
}
