namespace XcsSharp.Switching;

/// <summary>How much any one guest may cost: <see cref="SwitchOptions.GuestBytesPerSecond"/>, made ready for counting.</summary>
/// <param name="bytesPerSecond">0: there is no limit.</param>
/// <param name="frequency">Ticks a second of the clock that the budgets are told of.</param>
internal sealed class FloodRate(int bytesPerSecond, long frequency)
{
    public bool IsOff { get; } = bytesPerSecond == 0;

    public double BytesPerTick { get; } = bytesPerSecond / (double)frequency;

    /// <summary>What a guest may do at once after a rest: an eighth of a second's worth, a boot's messages many times over.</summary>
    public double Most { get; } = bytesPerSecond / 8.0;

    public double MillisecondsPerTick { get; } = 1000.0 / frequency;
}

/// <summary>
/// What one guest may still cost now: a bucket of bytes that fills at the guest's rate. One for all of a guest's
/// channel and consoles.
/// </summary>
/// <remarks>
/// Prices
/// - A byte of console output is a byte, a control message is the 64 of its slot.
/// - An event costs <see cref="EventBytes"/>, because reading, unmasking and answering it costs as much whatever it brings; what it
///   brings is paid with that. So a console that fills its ring is limited by bytes alone, and an event storm to
///   rate / 512 events a second: 16,384 at the default of 8 MiB/s. Only an event without any message costs that on a
///   control channel: there the eight slots and their answers are the limit.
/// A spent bucket is not looked at by a timer of its own: who finds it spent waits at the <see cref="FloodGate"/>.
/// </remarks>
internal sealed class FloodBudget(FloodRate rate)
{
    /// <summary>What an event costs at least.</summary>
    public const int EventBytes = 512;

    /// <summary>What a control message costs.</summary>
    public const int MessageBytes = 64;

    private double _left;
    private long _filled;
    private long _waitingSince;
    private long _waited;
    private bool _isWaiting;

    /// <summary>How many times the guest was made to wait.</summary>
    public ulong Waits { get; private set; }

    /// <summary>How long in all, finished waits only.</summary>
    public ulong WaitedMilliseconds => (ulong)(_waited * rate.MillisecondsPerTick);

    /// <summary>True when the guest may be served. Ends its wait, if so.</summary>
    public bool HasRoom(long now)
    {
        if (rate.IsOff)
        {
            return true;
        }

        // The first look of all comes a long time after 0, and finds it full.
        _left = Math.Min(rate.Most, _left + ((now - _filled) * rate.BytesPerTick));
        _filled = now;
        if (_left < 1)
        {
            return false;
        }

        if (_isWaiting)
        {
            _isWaiting = false;
            _waited += now - _waitingSince;
        }

        return true;
    }

    /// <summary>What may be taken at once, after <see cref="HasRoom"/> said yes: 1..<paramref name="most"/>.</summary>
    public int Share(int most) => rate.IsOff ? most : (int)Math.Min(_left, most);

    /// <summary>May go below nothing by one drain; the guest waits for that, too.</summary>
    public void Pay(int bytes)
    {
        if (!rate.IsOff)
        {
            _left -= bytes;
        }
    }

    /// <summary>The guest is made to wait from now on.</summary>
    public void Wait(long now)
    {
        if (!_isWaiting)
        {
            _isWaiting = true;
            _waitingSince = now;
            Waits++;
        }
    }
}
