using XcsSharp.Switching;

namespace XcsSharp.TestKit;

/// <summary>dom0's end of an event channel, with the bits that Xen has: masked on delivery, pending while masked.</summary>
/// <remarks>
/// An event that is on its way to its handler takes in those that follow it, as Xen's one bit does until dom0 takes the interrupt. A
/// delivery for each would find what the one before had left behind, and hide that it was left.
/// </remarks>
internal sealed class FakePort
{
    private readonly FakeHypervisor _hypervisor;
    private readonly Action _deliver;
    private IPortHandler? _handler;
    private bool _isOnItsWay;
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

    /// <exception cref="InvalidOperationException">The number is another port's.</exception>
    internal void Bind(IPortHandler handler)
    {
        _hypervisor.OnBound(Number);
        _handler = handler;
    }

    /// <summary>The other end signals. With nobody here yet, or any more, the event goes nowhere.</summary>
    internal void Raise()
    {
        if (_handler is null)
        {
            return;
        }

        if (IsMasked)
        {
            _isPending = true;
        }
        else if (!_isOnItsWay)
        {
            _isOnItsWay = true;
            _hypervisor.Post(_deliver);
        }
    }

    internal void Unmask()
    {
        _hypervisor.OnUnmasked();
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
        if (_handler is not null)
        {
            _handler = null;
            _hypervisor.OnUnbound(Number);
        }
    }

    private void Deliver()
    {
        _isOnItsWay = false;

        // Closed after it was raised: an event that nobody may see any more.
        if (_handler is { } handler)
        {
            IsMasked = true;
            _hypervisor.OnDelivered();
            handler.OnPortEvent(Number);
        }
    }
}
