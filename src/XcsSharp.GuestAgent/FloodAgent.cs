using System.Globalization;
using System.Text;

using XcsSharp.Guest;
using XcsSharp.Interop;
using XcsSharp.Protocol;
using XcsSharp.Reactor;

namespace XcsSharp.GuestAgent;

/// <summary>
/// <c>xcs-guest flood</c>: keeps all eight slots full, and at the end prints what went through as one line of JSON. Ends
/// when its limit is reached and everything is answered.
/// </summary>
internal sealed class FloodAgent : Agent
{
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(5);

    private readonly FloodOptions _flood;
    private readonly FloodPayload _payload;
    private readonly LoopTimer _deadline;
    private readonly LoopTimer _pace;
    private long _startedAt;
    private long _bytes;
    private bool _stopped;

    public FloodAgent(AgentOptions options, FloodOptions flood)
        : base(options)
    {
        _flood = flood;
        _payload = new FloodPayload(flood.Seed);
        _deadline = Loop.CreateTimer(Stop);
        _pace = Loop.CreateTimer(OnPace);
    }

    public override void OnRequest(GuestChannel channel, in ControlMessage request, ref ControlMessage response)
    {
        // A busy guest: input is taken and thrown away.
    }

    public override void OnRoom(GuestChannel channel) => Fill();

    protected override void OnStart()
    {
        _startedAt = Loop.Clock.GetTimestamp();
        if (_flood.Seconds is double seconds)
        {
            _deadline.Schedule(TimeSpan.FromSeconds(seconds));
        }

        OnPace();
    }

    protected override void OnEnding()
    {
        double seconds = Elapsed.TotalSeconds;
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"messages":{{Channel.RequestsSent}},"answers":{{Channel.ResponsesReceived}},"bytes":{{_bytes}},"seconds":{{seconds:0.000000}},"messagesPerSecond":{{Channel.ResponsesReceived / Math.Max(seconds, 1e-6):0.0}},"strayAnswers":{{Channel.StrayResponses}}}""");
        try
        {
            new DescriptorStream(1).Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
        catch (ErrnoException)
        {
            // Nobody wants to know.
        }
    }

    private TimeSpan Elapsed => Loop.Clock.GetElapsedTime(_startedAt);

    private void OnPace()
    {
        Fill();
        if (_flood.Rate is not null && !_stopped)
        {
            _pace.Schedule(s_tick);
        }
    }

    private void Fill()
    {
        while (Channel.Room > 0 && IsDue())
        {
            ReadOnlySpan<byte> payload = _payload.Next();
            if (_flood.Bytes is long limit)
            {
                payload = payload[..(int)Math.Min(payload.Length, limit - _bytes)];
            }

            _ = Channel.TrySend(Options.Type, 0, payload);
            _bytes += payload.Length;
        }

        if (_stopped && Channel.Unanswered == 0)
        {
            End(0);
        }
    }

    /// <summary>Whether another message may go now.</summary>
    private bool IsDue()
    {
        _stopped |= _bytes >= _flood.Bytes || (long)Channel.RequestsSent >= _flood.Messages;
        return !_stopped && (_flood.Rate is not double rate || Channel.RequestsSent < Elapsed.TotalSeconds * rate);
    }

    private void Stop()
    {
        _stopped = true;
        Fill();
    }
}
