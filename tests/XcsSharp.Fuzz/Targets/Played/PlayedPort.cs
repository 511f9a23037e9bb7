using XcsSharp.Switching;

namespace XcsSharp.Fuzz.Targets.Played;

/// <summary>dom0's end of an event channel, with the bits that Xen has: masked on delivery, pending while masked.</summary>
internal sealed class PlayedPort(int number)
{
    private IPortHandler? _handler;
    private bool _isMasked;
    private bool _isPending;

    public int Number => number;

    /// <summary>There is an event that the handler would be told of now.</summary>
    public bool IsDeliverable => _isPending && !_isMasked && _handler is not null;

    public void Bind(IPortHandler handler)
    {
        _handler = handler;
        _isPending = true;
    }

    public void Raise() => _isPending = true;

    public void Unmask() => _isMasked = false;

    public void Close() => _handler = null;

    /// <returns>True when there was an event.</returns>
    public bool Deliver()
    {
        if (!IsDeliverable)
        {
            return false;
        }

        _isPending = false;
        _isMasked = true;
        _handler!.OnPortEvent(number);
        return true;
    }
}
