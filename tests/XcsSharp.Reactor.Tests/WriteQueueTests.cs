namespace XcsSharp.Reactor.Tests;

public sealed class WriteQueueTests : IDisposable
{
    private readonly LoopRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Bytes_come_out_in_order_whatever_pieces_go_in_and_out()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        Random random = new(seed);
        (SafeFileHandle ours, SafeFileHandle peer) = _rig.Pair();
        WriteQueue queue = new(limit: 50_000, _rig.Loop.Buffers);
        byte[] piece = new byte[30_000];
        byte[] read = new byte[3_500];
        int partial = 0;
        long written = 0;
        long received = 0;
        for (int step = 0; step < 20_000; step++)
        {
            int length = random.Next(8) == 0 ? random.Next(piece.Length) : random.Next(200);
            for (int i = 0; i < length; i++)
            {
                piece[i] = Byte(written + i);
            }

            bool fits = queue.Count + length <= queue.Limit;
            Assert.Equal(fits, queue.TryAppend(piece.AsSpan(0, length)));
            written += fits ? length : 0;
            if (random.Next(2) == 0)
            {
                SysResult sent = queue.SendTo(ours);
                Assert.True(sent.IsOk || sent.Error == Errno.EAGAIN, sent.Error.ToString());
                partial += queue.Count > 0 ? 1 : 0;
            }

            // The peer is a little slower than the queue's filler: the queue is seldom empty and often wraps.
            SysResult got = Sys.Read(peer, read.AsSpan(0, random.Next(1, read.Length)));
            for (int i = 0; i < got.Value; i++)
            {
                Assert.Equal(Byte(received + i), read[i]);
            }

            received += got.Value;
            Assert.InRange(queue.Count, 0, queue.Limit);
        }

        Assert.True(received > 1_000_000 && partial > 1000, $"{received} bytes, {partial} partial sends");
    }

    [Fact]
    public void Nothing_of_a_refused_piece_is_queued()
    {
        WriteQueue queue = new(limit: 100, _rig.Loop.Buffers);
        Assert.True(queue.TryAppend(new byte[60]));
        Assert.False(queue.TryAppend(new byte[41]));
        Assert.Equal(60, queue.Count);
        Assert.True(queue.TryAppend(new byte[40]));
        Assert.Equal(0, queue.Room);
        Assert.False(queue.TryAppend([1]));
        Assert.True(queue.TryAppend([]));
    }

    [Fact]
    public void An_empty_queue_keeps_only_a_small_piece_of_memory()
    {
        (SafeFileHandle ours, SafeFileHandle peer) = _rig.Pair();
        WriteQueue queue = new(limit: 1024 * 1024, _rig.Loop.Buffers);
        Assert.Equal(0, queue.Capacity);
        Assert.True(queue.TryAppend(new byte[100_000]));
        while (queue.Count > 0)
        {
            queue.SendTo(ours);
            peer.ReadAll();
        }

        Assert.InRange(queue.Capacity, 0, 4096);
    }

    [Fact]
    public void The_limit_is_what_is_held_at_most()
    {
        WriteQueue queue = new(limit: 64 * 1024, _rig.Loop.Buffers);
        while (queue.TryAppend(new byte[80]))
        {
        }

        Assert.InRange(queue.Capacity, queue.Count, 64 * 1024);
        queue.Clear();
        Assert.Equal(0, queue.Count);
        Assert.Equal(queue.Limit, queue.Room);
    }

    /// <summary>Without a period that a buffer's size could have: what stood there before must not look right.</summary>
    private static byte Byte(long position) => (byte)((position * 131) ^ (position >> 8) ^ ((position >> 16) * 7));
}
