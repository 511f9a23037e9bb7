using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// A seeded stream that may go back a little where the daemon was killed, and nowhere else: at most by the messages that a
/// ring holds.
/// </summary>
internal sealed class RepeatedStream(SeededStream sent)
{
    private bool _mayGoBack;

    /// <summary>Where the next byte belongs; all before it came at least once.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes that came again.</summary>
    public long Repeated { get; private set; }

    /// <summary>The next message may be one that came before.</summary>
    public void ExpectRepeats() => _mayGoBack = true;

    public void Accept(ReadOnlySpan<byte> message)
    {
        if (_mayGoBack)
        {
            long start = FindBehind(message);
            Repeated += Position - start;
            Position = start;
            _mayGoBack = false;
        }

        Assert.True(
            message.SequenceEqual(sent.Take(Position, message.Length)),
            $"at byte {Position}: not what was sent next (seed {sent.Seed})");
        Position += message.Length;
    }

    private long FindBehind(ReadOnlySpan<byte> message)
    {
        long least = Math.Max(0, Position - (ProtocolLimits.RingSlots * ProtocolLimits.MaxPayload));
        for (long start = Position; start >= least; start--)
        {
            if (message.SequenceEqual(sent.Take(start, message.Length)))
            {
                return start;
            }
        }

        Assert.Fail($"after byte {Position}: neither the next message nor one of the last eight (seed {sent.Seed})");
        return -1;
    }
}
