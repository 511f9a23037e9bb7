using Microsoft.Extensions.Time.Testing;

namespace XcsSharp.Reactor.Tests;

/// <summary>When a stream that is closed behind its last bytes is really closed.</summary>
public sealed class UnixStreamEndTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly LoopRig _rig;
    private readonly RecordingOwner _owner = new();

    public UnixStreamEndTests() => _rig = new LoopRig(_clock);

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData("flushed")]
    [InlineData("time")]
    [InlineData("hang-up")]
    [InlineData("disposed")]
    public void Who_closes_after_the_flush_hears_once_that_it_is_closed_and_not_before(string how)
    {
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(_owner, writeLimit: 2_000_000);
        int calls = 0;
        Assert.True(stream.TryWrite(new byte[1_500_000]));
        stream.CloseAfterFlush(TimeSpan.FromSeconds(30), () => calls++);
        _clock.Advance(TimeSpan.FromSeconds(29));
        _rig.TurnUntilIdle();
        Assert.Equal(0, calls);
        switch (how)
        {
            case "flushed":
                _rig.TurnUntil(() =>
                {
                    peer.ReadAll();
                    return calls > 0;
                });
                break;
            case "time":
                _clock.Advance(TimeSpan.FromSeconds(2));
                break;
            case "hang-up":
                peer.Dispose();
                break;
            default:
                stream.Dispose();
                break;
        }

        _rig.TurnUntil(() => calls > 0);
        stream.Dispose();
        stream.CloseAfterFlush();
        Assert.Equal(1, calls);
    }

    [Fact]
    public void Who_closes_what_has_nothing_queued_or_is_closed_hears_it_at_once()
    {
        (UnixStream stream, _) = _rig.Stream(_owner);
        int calls = 0;
        stream.CloseAfterFlush(closed: () => calls++);
        Assert.Equal(1, calls);
        stream.CloseAfterFlush(closed: () => calls++);
        Assert.Equal(2, calls);
    }
}
