using Microsoft.Extensions.Logging;

using XcsSharp.Reactor;

namespace XcsSharp.Switching;

/// <summary>What all channels and consoles of one switch share.</summary>
internal sealed class ChannelContext(EventLoop loop, SwitchOptions options, SwitchCounters counters, ILogger log)
{
    public EventLoop Loop { get; } = loop;
    public MessageRouter Router { get; } = new();
    public TurnQueue Turn { get; } = new(loop);
    public FloodGate Gate { get; } = new(loop);
    public FloodRate Rate { get; } = new(options.GuestBytesPerSecond, loop.Clock.TimestampFrequency);
    public SwitchCounters Counters { get; } = counters;
    public ILogger Log { get; } = log;
    public LifeLog Lives { get; } = new(loop, log);
    public int RequestQueueLimit { get; } = options.RequestQueue;

    /// <summary>Who takes the consoles' output; null while nobody does.</summary>
    public IConsoleSubscriber? Consoles { get; set; }

    /// <summary>Where output lies between a ring and the subscriber: two ring-fulls.</summary>
    public byte[] ConsoleScratch { get; } = new byte[4096];

    /// <summary>In timestamp ticks of the loop's clock, so that a message costs no conversion.</summary>
    public long UnboundGrace { get; } = Ticks(loop.Clock, options.UnboundGrace);

    /// <inheritdoc cref="UnboundGrace"/>
    public long ResponseTimeout { get; } = Ticks(loop.Clock, options.ResponseTimeout);

    public long Now => Loop.Now;

    /// <summary>Never less than the truth, so that a timer set to it finds the deadline reached.</summary>
    public TimeSpan Until(long deadline, long now)
        => TimeSpan.FromSeconds(Math.Max(0, deadline - now) / (double)Loop.Clock.TimestampFrequency)
            + TimeSpan.FromTicks(1);

    private static long Ticks(TimeProvider clock, TimeSpan span)
        => (long)(span.TotalSeconds * clock.TimestampFrequency);
}
