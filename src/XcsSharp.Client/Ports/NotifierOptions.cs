using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>How a <see cref="Notifier"/> connects, and comes back.</summary>
public sealed record NotifierOptions
{
    /// <summary>The daemon's xcs socket.</summary>
    public string Path { get; init; } = XcsSession.DefaultPath;

    /// <summary>What to ask for beyond the protocol of 2005; a daemon that knows nothing of it is served as in 2005.
    /// <see cref="Extensions.None"/> asks for nothing.</summary>
    public Extensions Extensions { get; init; } = Extensions.All;

    /// <summary>See <see cref="XcsSessionOptions.Credit"/>.</summary>
    public int Credit { get; init; } = 1024;

    /// <summary>Messages that wait for the reader of one stream, at most; beyond that the oldest goes. xend had 64.</summary>
    public int QueueLength { get; init; } = 64;

    /// <summary>Requests whose answers are awaited at the same time; further ones wait for their turn.</summary>
    public int MaxAsks { get; init; } = 256;

    /// <summary>How long <see cref="Port.AskAsync"/> waits for an answer, as long as xend did.</summary>
    public TimeSpan AskTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Whether a connection that ends is made again.</summary>
    public bool Reconnect { get; init; } = true;

    /// <summary>The first attempt is made at once, the second about so long after it, each later one about twice as long.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest time between two attempts. Each delay is shortened by up to half at random, so that not all of a
    /// daemon's clients come at once.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>When to give up: for how long there was no connection. Never by default.</summary>
    public TimeSpan GiveUpAfter { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>How long a port that is refused by a new session is asked for again: a daemon that has just
    /// started finds some channels later.</summary>
    public TimeSpan RestoreWithin { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For delays and timeouts.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxAsks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(FirstDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxDelay, FirstDelay);
    }
}
