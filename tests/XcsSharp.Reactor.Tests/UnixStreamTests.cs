using Microsoft.Extensions.Time.Testing;

using Mono.Unix.Native;

using Errno = XcsSharp.Interop.Errno;

namespace XcsSharp.Reactor.Tests;

public sealed class UnixStreamTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly LoopRig _rig;
    private readonly RecordingOwner _owner = new();

    public UnixStreamTests() => _rig = new LoopRig(_clock);

    private EventLoop Loop => _rig.Loop;

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Bytes_pass_both_ways()
    {
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(_owner);
        peer.WriteSome([1, 2, 3]);
        _rig.TurnUntil(() => _owner.Received.Length == 3);
        Assert.Equal([1, 2, 3], _owner.Received.ToArray());

        Assert.True(stream.TryWrite([4, 5]));
        Assert.Equal(2, stream.Queued);
        _rig.TurnUntilIdle();
        Assert.Equal([4, 5], peer.ReadAll());
        Assert.Equal(0, stream.Queued);
    }

    [Fact]
    public void Half_a_record_is_delivered_as_it_came()
    {
        (_, SafeFileHandle peer) = _rig.Stream(_owner);
        foreach (int piece in (int[])[1, 39, 40])
        {
            peer.WriteSome(new byte[piece]);
            _rig.TurnUntilIdle();
        }

        Assert.Equal([1, 39, 40], _owner.Pieces);
    }

    [Fact]
    public void Everything_written_in_a_turn_is_one_send()
    {
        // A socket that keeps the limits of each send shows how many there were.
        Assert.Equal(0, Syscall.socketpair(
            UnixAddressFamily.AF_UNIX,
            UnixSocketType.SOCK_SEQPACKET,
            0,
            out int ours,
            out int theirs));
        SafeFileHandle peer = _rig.Own(new SafeFileHandle(theirs, ownsHandle: true));
        SafeFileHandle socket = new(ours, ownsHandle: true);
        Sys.SetNonBlocking(peer);
        Sys.SetNonBlocking(socket);
        UnixStream stream = _rig.Own(new UnixStream(Loop, socket, 64 * 1024) { Owner = _owner });
        stream.Start();
        Loop.Post(() => WriteRecords(stream, 100));
        Loop.Post(() => WriteRecords(stream, 28));
        Loop.RunOnce(TimeSpan.Zero);

        byte[] buffer = new byte[64 * 1024];
        Assert.Equal(128 * 80, Sys.Read(peer, buffer).Value);
        Assert.Equal(Errno.EAGAIN, Sys.Read(peer, buffer).Error);
    }

    [Fact]
    public void A_write_beyond_the_limit_is_refused_whole_and_room_is_told_when_half_is_free()
    {
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(_owner, writeLimit: 400_000);
        int accepted = Fill(stream);
        Assert.InRange(stream.Queued, 399_000, 400_000);
        Assert.Equal(0, _owner.Rooms);

        int received = 0;
        int atRoom = -1;
        _owner.WhenRoom = _ => atRoom = stream.Queued;
        _rig.TurnUntil(() =>
        {
            received += peer.ReadAll().Length;
            return received == accepted;
        });
        Assert.Equal(1, _owner.Rooms);
        Assert.InRange(atRoom, 0, 200_000);
        _rig.TurnUntilIdle();
        Assert.Equal(1, _owner.Rooms);
    }

    [Fact]
    public void Room_is_not_told_to_whom_nothing_was_refused()
    {
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(_owner);
        for (int i = 0; i < 20; i++)
        {
            Assert.True(stream.TryWrite(new byte[1000]));
            _rig.TurnUntilIdle();
            peer.ReadAll();
        }

        Assert.Equal(0, _owner.Rooms);
    }

    [Fact]
    public void A_peer_that_never_reads_costs_no_wake_ups_and_disturbs_nobody()
    {
        (UnixStream stuck, _) = _rig.Stream(new RecordingOwner());
        Fill(stuck);
        _rig.AssertSleeps();

        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(_owner);
        int received = 0;
        for (int i = 0; i < 1000; i++)
        {
            Assert.False(stuck.TryWrite(new byte[1000]));
            Assert.True(stream.TryWrite(new byte[1000]));
            Loop.RunOnce(TimeSpan.Zero);
            received += peer.ReadAll().Length;
        }

        Assert.Equal(1_000_000, received);
    }

    [Fact]
    public void A_peer_that_closes_is_told_after_its_last_byte()
    {
        (_, SafeFileHandle peer) = _rig.Stream(_owner);
        int written = peer.WriteSome(new byte[1_000_000]);
        peer.Dispose();
        _rig.TurnUntil(() => _owner.Ends.Count > 0);
        Assert.Equal(written, _owner.Received.Length);
        Assert.Equal([StreamEnd.PeerClosed], _owner.Ends);
        _rig.AssertSleeps();
    }

    [Fact]
    public void A_peer_that_only_stops_writing_has_ended_too()
    {
        (SafeFileHandle ours, SafeFileHandle theirs) = _rig.Pair();
        UnixStream stream = _rig.Own(new UnixStream(Loop, ours, 1000) { Owner = _owner });
        stream.Start();
        theirs.WriteSome(new byte[5000]);
        Assert.Equal(0, Syscall.shutdown(theirs.Number(), ShutdownOption.SHUT_WR));
        _rig.TurnUntil(() => _owner.Ends.Count > 0);
        Assert.Equal(5000, _owner.Received.Length);
        Assert.Equal([StreamEnd.PeerClosed], _owner.Ends);
        Assert.True(theirs.AtEnd());
    }

    [Fact]
    public void A_peer_that_vanishes_in_the_middle_of_a_write_ends_the_stream_once()
    {
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(_owner);
        Fill(stream);
        peer.Dispose();
        _rig.TurnUntil(() => _owner.Ends.Count > 0);
        Assert.Single(_owner.Ends);
        Assert.True(stream.TryWrite([1]), "bytes for nobody are taken");
        Assert.Equal(0, stream.Queued);
        _rig.AssertSleeps();
    }

    [Fact]
    public void What_a_vanished_peer_had_sent_comes_before_the_end_even_when_sending_failed_first()
    {
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(_owner);
        peer.WriteSome([1, 2, 3]);
        peer.Dispose();
        Assert.True(stream.TryWrite([9]));
        ((ITurnEndWork)stream).OnTurnEnd();
        Assert.Equal(0, stream.Queued);
        Assert.Empty(_owner.Ends);
        _rig.TurnUntil(() => _owner.Ends.Count > 0);
        Assert.Equal([1, 2, 3], _owner.Received.ToArray());
        Assert.Single(_owner.Ends);
    }

    [Fact]
    public void While_reading_is_paused_bytes_and_the_end_wait()
    {
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(_owner);
        stream.PauseReading();
        peer.WriteSome([1, 2, 3]);
        _rig.AssertSleeps();
        peer.Dispose();
        _rig.TurnUntil(() => _owner.Vanished == 1);
        _rig.AssertSleeps();
        Assert.Equal(0, _owner.Received.Length);
        Assert.Empty(_owner.Ends);

        stream.ResumeReading();
        _rig.TurnUntil(() => _owner.Ends.Count > 0);
        Assert.Equal([1, 2, 3], _owner.Received.ToArray());
        Assert.Equal([StreamEnd.PeerClosed], _owner.Ends);
        Assert.Equal(1, _owner.Vanished);
    }

    [Fact]
    public void Pausing_in_the_middle_of_a_batch_of_reads_stops_at_once()
    {
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(_owner);
        int written = peer.WriteSome(new byte[200_000]);
        Assert.True(written > 64 * 1024);
        _owner.WhenReceived = (_, _) => stream.PauseReading();
        _rig.TurnUntilIdle();
        Assert.Single(_owner.Pieces);
        _owner.WhenReceived = null;
        stream.ResumeReading();
        _rig.TurnUntil(() => _owner.Received.Length == written);
    }

    [Fact]
    public void An_owner_that_waits_for_room_before_it_reads_again_hears_of_a_vanished_peer()
    {
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(_owner);
        stream.PauseReading();
        Fill(stream);
        _rig.TurnUntilIdle();
        _owner.WhenRoom = _ => stream.ResumeReading();
        peer.Dispose();
        _rig.TurnUntil(() => _owner.Ends.Count > 0);
        Assert.Equal(1, _owner.Rooms);
    }

    [Theory]
    [InlineData("received")]
    [InlineData("room")]
    [InlineData("ended")]
    public void A_stream_may_be_disposed_in_every_callback(string where)
    {
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(_owner);
        int calls = 0;
        void Dispose(UnixStream disposed)
        {
            calls++;
            disposed.Dispose();
        }

        switch (where)
        {
            case "received":
                _owner.WhenReceived = (disposed, _) => Dispose(disposed);
                peer.WriteSome(new byte[200_000]);
                break;
            case "room":
                _owner.WhenRoom = Dispose;
                Fill(stream);
                _rig.TurnUntil(() =>
                {
                    peer.ReadAll();
                    return calls > 0;
                });
                break;
            default:
                _owner.WhenEnded = Dispose;
                peer.Dispose();
                break;
        }

        _rig.TurnUntil(() => calls > 0);
        _rig.AssertSleeps();
        Assert.Equal(1, calls);
        Assert.Equal(where == "ended" ? 1 : 0, _owner.Ends.Count);
        stream.ResumeReading();
        stream.PauseReading();
        stream.CloseAfterFlush();
        _rig.AssertSleeps();
    }

    [Fact]
    public void Closing_after_the_flush_sends_all_first()
    {
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(_owner, writeLimit: 1_000_000);
        int accepted = Fill(stream);
        stream.CloseAfterFlush();
        peer.WriteSome([1]);
        int received = 0;
        _rig.TurnUntil(() =>
        {
            received += peer.ReadAll().Length;
            return received == accepted;
        });
        _rig.TurnUntilIdle();
        Assert.True(peer.AtEnd());
        Assert.Equal(0, _owner.Received.Length);
        Assert.Empty(_owner.Ends);
    }

    [Fact]
    public void Closing_after_the_flush_waits_for_nobody_longer_than_five_seconds()
    {
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(_owner);
        Fill(stream);
        stream.CloseAfterFlush();
        _clock.Advance(TimeSpan.FromSeconds(4.9));
        Loop.RunOnce(TimeSpan.Zero);
        Assert.False(PeerIsClosed());
        _clock.Advance(TimeSpan.FromSeconds(0.2));
        Loop.RunOnce(TimeSpan.Zero);
        peer.ReadAll();
        Assert.True(PeerIsClosed());
        bool PeerIsClosed() => stream.Queued == 0;
    }

    [Fact]
    public void A_new_owner_gets_what_comes_from_then_on()
    {
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(_owner);
        RecordingOwner session = new();
        _owner.WhenReceived = (_, _) => stream.Owner = session;
        peer.WriteSome(new byte[10]);
        _rig.TurnUntilIdle();
        peer.WriteSome(new byte[20]);
        peer.Dispose();
        _rig.TurnUntil(() => session.Ends.Count > 0);
        Assert.Equal(10, _owner.Received.Length);
        Assert.Equal(20, session.Received.Length);
        Assert.Empty(_owner.Ends);
    }

    [Fact]
    public void A_peer_that_never_stops_sending_or_taking_gets_only_its_share_of_a_turn()
    {
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(_owner);
        byte[] chunk = new byte[64 * 1024];
        _owner.WhenReceived = (_, _) => peer.WriteSome(chunk);
        peer.WriteSome(chunk);
        Loop.RunOnce(TimeSpan.Zero);
        Assert.InRange(_owner.Pieces.Count, 1, 8);

        _owner.WhenReceived = null;
        _rig.TurnUntilIdle();
        _owner.WhenRoom = _ =>
        {
            peer.ReadAll();
            Fill(stream);
        };
        Fill(stream);
        peer.ReadAll();
        Loop.RunOnce(TimeSpan.Zero);
        Assert.InRange(_owner.Rooms, 1, 8);
    }

    [Fact]
    public void Writes_before_the_start_are_sent_and_starting_twice_is_harmless()
    {
        (SafeFileHandle ours, SafeFileHandle peer) = _rig.Pair();
        UnixStream stream = _rig.Own(new UnixStream(Loop, ours, 1_000_000) { Owner = _owner });
        int accepted = Fill(stream);
        _rig.TurnUntilIdle();
        stream.Start();
        stream.Start();
        int received = 0;
        _rig.TurnUntil(() =>
        {
            received += peer.ReadAll().Length;
            return received == accepted;
        });
    }

    [Fact]
    public void The_peer_is_known()
    {
        (UnixStream stream, _) = _rig.Stream(_owner);
        Assert.Equal(Environment.ProcessId, stream.Peer.Pid);
        Assert.Equal(Syscall.getuid(), stream.Peer.Uid);
        Assert.Equal(Syscall.getgid(), stream.Peer.Gid);
    }

    private static void WriteRecords(UnixStream stream, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.True(stream.TryWrite(new byte[80]));
        }
    }

    /// <summary>Writes until it is refused, with the socket's own buffer full too.</summary>
    private int Fill(UnixStream stream)
    {
        int accepted = 0;
        for (int refused = 0; refused < 2;)
        {
            if (stream.TryWrite(new byte[1000]))
            {
                accepted += 1000;
                refused = 0;
            }
            else
            {
                // What fits into the socket leaves the queue; a refusal with nothing left to send is final.
                int queued = stream.Queued;
                RecordingOwner? owner = (RecordingOwner?)stream.Owner;
                stream.Owner = null;
                ((ITurnEndWork)stream).OnTurnEnd();
                stream.Owner = owner;
                refused += queued == stream.Queued ? 1 : 0;
            }
        }

        return accepted;
    }
}
