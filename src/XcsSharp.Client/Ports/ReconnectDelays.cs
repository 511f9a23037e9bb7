namespace XcsSharp.Client;

/// <summary>How long to wait before each attempt to connect: not at all, then longer and longer up to a bound.</summary>
/// <param name="options">The bounds.</param>
/// <param name="random">Spreads the attempts of many clients.</param>
internal sealed class ReconnectDelays(NotifierOptions options, Random random)
{
    private int _attempt;

    public TimeSpan Next()
    {
        if (_attempt == 0)
        {
            _attempt++;
            return TimeSpan.Zero;
        }

        // The exponent is bounded too: doubling for ever would overflow.
        double doubled = options.FirstDelay.TotalMilliseconds * Math.Pow(2, Math.Min(_attempt++ - 1, 30));
        double bounded = Math.Min(doubled, options.MaxDelay.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(bounded * (1 - (random.NextDouble() / 2)));
    }

    /// <summary>A connection has ended that had lasted so long. A short one does not count as success, or a daemon that
    /// closes each at once would be asked without a pause.</summary>
    public void OnConnectionEnded(TimeSpan lasted)
    {
        if (lasted >= options.MaxDelay)
        {
            _attempt = 0;
        }
    }
}
