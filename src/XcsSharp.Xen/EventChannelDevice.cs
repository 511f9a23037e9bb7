using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Protocol;
using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Xen;

/// <summary>
/// The event-channel device: which port belongs to whom, and the delivery of events. Loop thread only.
/// </summary>
/// <remarks>
/// The kernel masks a port when it reports it; whoever owns the port unmasks it before looking at what it announces.
/// One read takes up to 256 port numbers. While they are served, ports may be closed and bound; an event that was read
/// before a port was bound speaks of the port's earlier life and is not delivered.
/// </remarks>
internal sealed class EventChannelDevice : IReadyHandler, IDisposable
{
    private const int PortsPerRead = 256;

    private readonly EventChannels _channels;
    private readonly Registration _registration;
    private readonly uint[] _batch = new uint[PortsPerRead];
    private Port[] _ports = new Port[64];
    private ulong _batchNumber;

    public EventChannelDevice(EventLoop loop)
    {
        _channels = EventChannels.Open();
        _registration = loop.Register(_channels.FileDescriptor, Readiness.Readable, this);
    }

    /// <summary>Events delivered to a port's owner.</summary>
    public ulong PortsServed { get; private set; }

    /// <summary>How many events each read of the device brought.</summary>
    public Distribution PortsARead { get; } = new(1, 2, 4, 8, 16, 32, 64, 128, PortsPerRead);

    /// <summary>Events for ports that nobody has: closed while the number was under way. Left masked.</summary>
    public ulong StaleEvents { get; private set; }

    public void OnReady(Readiness ready)
    {
        SysResult read = _channels.ReadPorts(_batch);
        if (!read.IsOk)
        {
            if (read.Error is Errno.EAGAIN)
            {
                return;
            }

            throw new HypervisorLostException($"reading the event-channel device failed: {read.Error}");
        }

        _batchNumber++;
        PortsARead.Add(read.Value);
        foreach (uint port in _batch.AsSpan(0, read.Value))
        {
            if (port < (uint)_ports.Length
                && _ports[port].Owner is { } owner
                && _ports[port].BoundInBatch != _batchNumber)
            {
                PortsServed++;
                owner.OnPortEvent((int)port);
            }
            else
            {
                StaleEvents++;
            }
        }
    }

    /// <summary>True while the port belongs to a channel or a VIRQ of ours.</summary>
    public bool IsBound(int port) => (uint)port < (uint)_ports.Length && _ports[port].IsBound;

    /// <summary>Binds a new local port to a guest's port. Its events are dropped until <see cref="SetOwner"/>.</summary>
    /// <returns>The local port, or why not.</returns>
    public SysResult BindInterdomain(uint domid, int remotePort)
        => Remember(_channels.BindInterdomain(domid, (uint)remotePort));

    /// <summary>Binds a virtual interrupt of dom0.</summary>
    public SysResult BindVirq(int virq) => Remember(_channels.BindVirq((uint)virq));

    public void SetOwner(int port, IPortHandler owner) => _ports[port].Owner = owner;

    /// <summary>Gives the port back. No event of it is delivered afterwards, also none that was read already.</summary>
    public void Unbind(int port)
    {
        _ports[port] = default;

        // The guest's end may have gone first; there is nothing left to undo then.
        _ = _channels.Unbind((uint)port);
    }

    public void Unmask(int port) => _ = _channels.Unmask((uint)port);

    /// <summary>Signals the other end; false when there is none.</summary>
    public bool Notify(int port) => _channels.Notify((uint)port).IsOk;

    public void Dispose()
    {
        _registration.Dispose();
        _channels.Dispose();
    }

    private SysResult Remember(SysResult bound)
    {
        if (!bound.IsOk)
        {
            return bound;
        }

        if (bound.Value >= ProtocolLimits.MaxPorts)
        {
            _ = _channels.Unbind((uint)bound.Value);
            throw new HypervisorLostException($"the event-channel device gave out the impossible port {bound.Value}");
        }

        if (bound.Value >= _ports.Length)
        {
            Array.Resize(ref _ports, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)bound.Value + 1));
        }

        _ports[bound.Value] = new Port { IsBound = true, BoundInBatch = _batchNumber };
        return bound;
    }

    private struct Port
    {
        public IPortHandler? Owner;
        public bool IsBound;

        /// <summary>The batch during which it was bound; events of that batch are older than the binding.</summary>
        public ulong BoundInBatch;
    }
}
