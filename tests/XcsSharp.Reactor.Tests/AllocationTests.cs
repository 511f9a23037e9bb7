using XcsSharp.TestKit;

namespace XcsSharp.Reactor.Tests;

public sealed class AllocationTests : IDisposable
{
    private const int Rounds = 10_000;

    private readonly LoopRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_message_through_a_stream_allocates_nothing()
    {
        CountingOwner owner = new();
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(owner);
        byte[] record = new byte[80];
        byte[] buffer = new byte[1024];
        Assert.Equal(0, Allocated(() =>
        {
            Sys.Write(peer, record);
            stream.TryWrite(record);
            _rig.Loop.RunOnce(TimeSpan.Zero);
            Sys.Read(peer, buffer);
        }));
        Assert.Equal(2L * Rounds * 80, owner.Bytes);
    }

    [Fact]
    public void A_burst_of_many_records_in_each_turn_allocates_nothing()
    {
        (UnixStream stream, SafeFileHandle peer) = _rig.Stream(new CountingOwner(), writeLimit: 1024 * 1024);
        byte[] record = new byte[80];
        byte[] buffer = new byte[256 * 1024];
        Assert.Equal(0, Allocated(
            () =>
            {
                for (int i = 0; i < 1500; i++)
                {
                    stream.TryWrite(record);
                }

                _rig.Loop.RunOnce(TimeSpan.Zero);
                while (Sys.Read(peer, buffer).IsOk)
                {
                }
            },
            rounds: 200));
    }

    [Fact]
    public void Scheduling_and_running_timers_allocates_nothing()
    {
        int fired = 0;
        LoopTimer[] timers = [.. Enumerable.Range(0, 10).Select(_ => _rig.Loop.CreateTimer(() => fired++))];
        Assert.Equal(0, Allocated(() =>
        {
            foreach (LoopTimer timer in timers)
            {
                timer.Schedule(TimeSpan.FromSeconds(1));
                timer.Schedule(TimeSpan.Zero);
            }

            _rig.Loop.RunOnce(TimeSpan.Zero);
        }));
        Assert.Equal(2 * 10 * Rounds, fired);
    }

    [Fact]
    public void A_byte_through_a_terminal_allocates_nothing()
    {
        CountingOwner owner = new();
        PseudoTerminal terminal = _rig.Own(PseudoTerminal.Open(_rig.Loop, owner));
        using SafeFileHandle slave = Terminals.OpenSlave(terminal.SlavePath);
        Sys.SetNonBlocking(slave);
        byte[] bytes = new byte[60];
        byte[] buffer = new byte[1024];
        Assert.Equal(0, Allocated(() =>
        {
            terminal.TryWrite(bytes);
            Sys.Write(slave, bytes);
            _rig.Loop.RunOnce(TimeSpan.Zero);
            Sys.Read(slave, buffer);
        }));
        Assert.True(owner.Bytes > 0);
    }

    private static long Allocated(Action round, int rounds = Rounds)
    {
        // The same again before it is measured: buffers grow to what they need, methods are compiled.
        All();
        return Allocations.Least(All);

        void All()
        {
            for (int i = 0; i < rounds; i++)
            {
                round();
            }
        }
    }

    private sealed class CountingOwner : IStreamOwner, IPtyOwner
    {
        public long Bytes { get; private set; }

        public void OnReceived(UnixStream stream, ReadOnlySpan<byte> bytes) => Bytes += bytes.Length;

        public void OnRoom(UnixStream stream)
        {
        }

        public void OnEnded(UnixStream stream, StreamEnd why)
        {
        }

        public void OnInput(PseudoTerminal pty, ReadOnlySpan<byte> bytes) => Bytes += bytes.Length;

        public void OnWritable(PseudoTerminal pty)
        {
        }

        public void OnLost(PseudoTerminal pty)
        {
        }
    }
}
