using XcsSharp.Switching;

namespace XcsSharp.TestKit;

/// <summary>dom0's end of an event channel, with the bits that Xen has: masked on delivery, pending while masked.</summary>
internal sealed class FakePort
{
    private readonly FakeHypervisor _hypervisor;
    private readonly Action _deliver;
    private IPortHandler? _handler;
    private bool _isPending;

    internal FakePort(FakeHypervisor hypervisor, int number)
    {
        _hypervisor = hypervisor;
        _deliver = Deliver;
        Number = number;
    }

    internal int Number { get; }

    internal bool IsClosed { get; private set; }

    internal bool IsMasked { get; private set; }

    internal void Bind(IPortHandler handler) => _handler = handler;

    internal void Raise()
    {
        if (IsMasked || _handler is null)
        {
            _isPending = true;
            return;
        }

        IsMasked = true;
        _hypervisor.Post(_deliver);
    }

    internal void Unmask()
    {
        IsMasked = false;
        if (_isPending)
        {
            _isPending = false;
            Raise();
        }
    }

    internal void Close()
    {
        IsClosed = true;
        _handler = null;
    }

    private void Deliver()
    {
        // Closed after it was raised: an event that nobody may see any more.
        if (_handler is { } handler)
        {
            _hypervisor.PortsServed++;
            handler.OnPortEvent(Number);
        }
    }
}
