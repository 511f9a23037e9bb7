using Microsoft.Extensions.Time.Testing;

using XcsSharp.TestKit;

namespace XcsSharp.Reactor.Tests;

public sealed class BufferPoolTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly LoopRig _rig;

    public BufferPoolTests() => _rig = new LoopRig(_clock);

    private BufferPool Pool => _rig.Loop.Buffers;

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(1, BufferPool.Smallest)]
    [InlineData(BufferPool.Smallest, BufferPool.Smallest)]
    [InlineData(BufferPool.Smallest + 1, 2 * BufferPool.Smallest)]
    [InlineData(BufferPool.Largest - 1, BufferPool.Largest)]
    [InlineData(BufferPool.Largest, BufferPool.Largest)]
    public void What_is_given_back_is_rented_again(int size, int length)
    {
        byte[] first = Pool.Rent(size);
        byte[] second = Pool.Rent(size);
        Assert.Equal((length, length), (first.Length, second.Length));
        Pool.Return(first);
        Pool.Return(second);
        Assert.Equal(2 * length, Pool.Held);
        Assert.Same(second, Pool.Rent(size));
        Assert.Same(first, Pool.Rent(size));
        Assert.Equal(0, Pool.Held);
    }

    [Fact]
    public void It_holds_no_more_than_its_limit_and_nothing_that_is_larger_than_a_piece()
    {
        byte[][] all = [.. Enumerable.Range(0, (BufferPool.MostHeld / BufferPool.Largest) + 3).Select(_ => Pool.Rent(BufferPool.Largest))];
        Array.ForEach(all, Pool.Return);
        Assert.Equal(BufferPool.MostHeld, Pool.Held);
        Assert.Same(all[^4], Pool.Rent(BufferPool.Largest));
        Pool.Return(Pool.Rent(BufferPool.Largest + 1));
        Assert.Equal(BufferPool.MostHeld - BufferPool.Largest, Pool.Held);
    }

    [Fact]
    public void What_nobody_needs_is_dropped_and_what_is_needed_is_not()
    {
        byte[][] burst = [.. Enumerable.Range(0, 100).Select(_ => Pool.Rent(64 * 1024))];
        Array.ForEach(burst, Pool.Return);

        // From now on two at a time.
        for (int look = 0; look < 3; look++)
        {
            byte[] one = Pool.Rent(64 * 1024);
            byte[] two = Pool.Rent(64 * 1024);
            Pool.Return(one);
            Pool.Return(two);
            Wait();
        }

        Assert.Equal(2 * 64 * 1024, Pool.Held);
        Wait();
        Wait();
        Assert.Equal(0, Pool.Held);
    }

    [Fact]
    public void Hundred_streams_at_once_allocate_nothing_in_the_steady_state()
    {
        WriteQueue[] queues = [.. Enumerable.Range(0, 100).Select(_ => new WriteQueue(limit: 8 << 20, Pool))];
        byte[] burst = new byte[50_000];
        Assert.Equal(0, Allocations.Least(() =>
        {
            Array.ForEach(queues, queue => Assert.True(queue.TryAppend(burst)));
            Array.ForEach(queues, static queue => queue.Clear());
        }));
    }

    private void Wait()
    {
        _clock.Advance(BufferPool.Patience);
        _rig.TurnUntilIdle();
    }
}
