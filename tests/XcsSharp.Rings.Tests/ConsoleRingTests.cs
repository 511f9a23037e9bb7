using System.Buffers.Binary;

using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Rings.Tests;

public sealed class ConsoleRingTests : IDisposable
{
    private readonly AnonymousPage _memory = new();
    private readonly byte[] _taken = new byte[4096];

    /// <summary>Starts that make the free-running indexes wrap, in the ring and at 2^32.</summary>
    public static TheoryData<uint> Starts => [0, 5, 2047, uint.MaxValue - 700, uint.MaxValue];

    public void Dispose() => _memory.Dispose();

    [Theory]
    [MemberData(nameof(Starts))]
    public void Bytes_come_in_order_both_ways_in_pieces_of_any_size(uint start)
    {
        (ConsoleRing ring, GuestConsoleRing guest) = Attach(start);
        using (ring)
        using (guest)
        {
            int seed = Environment.TickCount;
            TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
            Random sizes = new(seed);
            Stream(sizes, guest.Put, TakeAndGiveRoom);
            Stream(sizes, ring.Put, guest.TryTake);

            RingRead TakeAndGiveRoom(Span<byte> to, out int count)
            {
                RingRead read = ring.TryTake(to, out count);
                ring.GiveRoom();
                return read;
            }
        }
    }

    [Fact]
    public void A_full_ring_takes_no_more_until_something_was_taken()
    {
        (ConsoleRing ring, GuestConsoleRing guest) = Attach(9);
        using (ring)
        using (guest)
        {
            Assert.Equal(2048, guest.Put(new byte[3000]));
            Assert.Equal(0, guest.Put([1]));
            Assert.Equal(1024, ring.Put(new byte[3000]));
            Assert.Equal(0, ring.Put([1]));
            Assert.False(ring.IsInputCorrupt);

            Assert.Equal(RingRead.Message, ring.TryTake(_taken.AsSpan(0, 10), out int count));
            Assert.Equal(10, count);
            Assert.Equal(0, guest.Put([1]));
            ring.GiveRoom();
            Assert.Equal(10, guest.Put(new byte[3000]));
        }
    }

    [Fact]
    public void An_empty_ring_gives_nothing()
    {
        (ConsoleRing ring, GuestConsoleRing guest) = Attach(0);
        using (ring)
        using (guest)
        {
            Assert.Equal(RingRead.Empty, ring.TryTake(_taken, out int count));
            Assert.Equal(0, count);
            Assert.Equal(0, ring.Put([]));
        }
    }

    [Theory]
    [InlineData(2049u)]
    [InlineData(0x80000000u)]
    [InlineData(0xFFFFFFFFu)]
    public void An_output_index_that_the_ring_cannot_hold_is_corrupt_for_good(uint ahead)
    {
        (ConsoleRing ring, GuestConsoleRing guest) = Attach(100);
        using (ring)
        using (guest)
        {
            Store(ConsoleRingLayout.OutputProducer, 100 + ahead);
            Assert.Equal(RingRead.Corrupt, ring.TryTake(_taken, out int count));
            Assert.Equal(0, count);

            Store(ConsoleRingLayout.OutputProducer, 101);
            Assert.Equal(RingRead.Corrupt, ring.TryTake(_taken, out _));
        }
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(0x80000000u)]
    [InlineData(0xFFFFFBFFu)]
    public void An_input_index_of_bytes_never_put_is_corrupt_for_good(uint ahead)
    {
        (ConsoleRing ring, GuestConsoleRing guest) = Attach(100);
        using (ring)
        using (guest)
        {
            Store(ConsoleRingLayout.InputConsumer, 100 + ahead);
            Assert.Equal(0, ring.Put([1, 2, 3]));
            Assert.True(ring.IsInputCorrupt);

            Store(ConsoleRingLayout.InputConsumer, 100);
            Assert.Equal(0, ring.Put([1, 2, 3]));
            Assert.Equal(100u, Load(ConsoleRingLayout.InputProducer));
        }
    }

    [Fact]
    public void An_impossible_input_index_is_seen_before_there_is_input_and_for_good()
    {
        (ConsoleRing ring, GuestConsoleRing guest) = Attach(100);
        using (ring)
        using (guest)
        {
            Assert.False(ring.IsInputCorrupt);
            Store(ConsoleRingLayout.InputConsumer, 101);
            Assert.True(ring.IsInputCorrupt);

            Store(ConsoleRingLayout.InputConsumer, 100);
            Assert.True(ring.IsInputCorrupt);
            Assert.Equal(0, ring.Put([1, 2, 3]));
        }
    }

    [Fact]
    public void What_the_guest_writes_over_our_own_indexes_changes_nothing()
    {
        (ConsoleRing ring, GuestConsoleRing guest) = Attach(0);
        using (ring)
        using (guest)
        {
            _ = guest.Put("abcdef"u8);
            _ = ring.TryTake(_taken.AsSpan(0, 2), out _);
            Store(ConsoleRingLayout.OutputConsumer, 5);
            Store(ConsoleRingLayout.InputProducer, 77);
            Assert.Equal(RingRead.Message, ring.TryTake(_taken, out int count));
            Assert.Equal("cdef"u8.ToArray(), _taken.AsSpan(0, count).ToArray());
            ring.GiveRoom();
            Assert.Equal(3, ring.Put("xyz"u8));
            Assert.Equal((6u, 3u), (Load(ConsoleRingLayout.OutputConsumer), Load(ConsoleRingLayout.InputProducer)));
        }
    }

    [Fact]
    public void A_back_end_that_starts_anew_goes_on_where_the_last_one_stopped()
    {
        (ConsoleRing ring, GuestConsoleRing guest) = Attach(2040);
        using (guest)
        {
            _ = guest.Put("one two three"u8);
            _ = ring.TryTake(_taken.AsSpan(0, 4), out _);
            ring.GiveRoom();
            _ = ring.Put("input"u8);
            ring.Dispose();

            using ConsoleRing next = new(new PageView(_memory));
            Assert.Equal(RingRead.Message, next.TryTake(_taken, out int count));
            Assert.Equal("two three"u8.ToArray(), _taken.AsSpan(0, count).ToArray());
            _ = next.Put(" more"u8);
            Assert.Equal(RingRead.Message, guest.TryTake(_taken, out count));
            Assert.Equal("input more"u8.ToArray(), _taken.AsSpan(0, count).ToArray());
        }
    }

    [Fact]
    public void What_was_taken_and_not_given_back_is_there_for_the_next_back_end()
    {
        (ConsoleRing ring, GuestConsoleRing guest) = Attach(2040);
        using (guest)
        {
            _ = guest.Put("one two three"u8);
            _ = ring.TryTake(_taken.AsSpan(0, 4), out _);
            ring.Dispose();

            using ConsoleRing next = new(new PageView(_memory));
            Assert.Equal(RingRead.Message, next.TryTake(_taken, out int count));
            Assert.Equal("one two three"u8.ToArray(), _taken.AsSpan(0, count).ToArray());
        }
    }

    [Theory]
    [InlineData(4u, "two three")]
    [InlineData(13u, "")]
    [InlineData(0u, "one two three")]
    [InlineData(14u, "one two three")]
    [InlineData(0xFFFFFFFFu, "one two three")]
    [InlineData(0x80000000u, "one two three")]
    public void A_back_end_goes_on_behind_what_the_last_one_had_taken_if_that_can_be(uint taken, string rest)
    {
        (ConsoleRing ring, GuestConsoleRing guest) = Attach(2040);
        using (ring)
        using (guest)
        {
            _ = guest.Put("one two three"u8);
            ring.GoOnFrom(2040 + taken);
            Assert.Equal(rest.Length < 13 ? 2040 + taken : 2040, Load(ConsoleRingLayout.OutputConsumer));
            _ = ring.TryTake(_taken, out int count);
            Assert.Equal(rest, System.Text.Encoding.ASCII.GetString(_taken.AsSpan(0, count)));
            Assert.Equal(2040 + 13u, ring.OutputIndex);
        }
    }

    [Fact]
    public void A_back_end_goes_on_behind_a_whole_ring_that_the_last_one_had_taken()
    {
        (ConsoleRing ring, GuestConsoleRing guest) = Attach(100);
        using (ring)
        using (guest)
        {
            Assert.Equal(2048, guest.Put(new byte[2048]));
            ring.GoOnFrom(100 + 2048);
            Assert.Equal(RingRead.Empty, ring.TryTake(_taken, out _));
            Assert.Equal(2048, guest.Put(new byte[2048]));
        }
    }

    /// <summary>The page says 5000 bytes, of which 3000 were taken: neither can be.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void On_a_corrupt_ring_there_is_nowhere_to_go_on_from(bool isSeen)
    {
        (ConsoleRing ring, GuestConsoleRing guest) = Attach(100);
        using (ring)
        using (guest)
        {
            Store(ConsoleRingLayout.OutputProducer, 100 + 5000);
            if (isSeen)
            {
                Assert.Equal(RingRead.Corrupt, ring.TryTake(_taken, out _));
                Store(ConsoleRingLayout.OutputProducer, 100 + 10);
            }

            ring.GoOnFrom(isSeen ? 105u : 100 + 3000);
            Assert.Equal((100u, 100u), (ring.OutputIndex, Load(ConsoleRingLayout.OutputConsumer)));
        }
    }

    [Theory]
    [InlineData(0u, 0u, false)]
    [InlineData(1u, 0u, true)]
    [InlineData(0u, 1u, true)]
    [InlineData(7u, 9u, true)]
    public void A_ring_was_used_once_something_was_taken_or_put(uint taken, uint put, bool wasUsed)
    {
        Store(ConsoleRingLayout.OutputConsumer, taken);
        Store(ConsoleRingLayout.OutputProducer, taken);
        Store(ConsoleRingLayout.InputProducer, put);
        Store(ConsoleRingLayout.InputConsumer, put);
        using ConsoleRing ring = new(new PageView(_memory));
        Assert.Equal(wasUsed, ring.WasUsed);
    }

    [Fact]
    public void What_puts_nothing_writes_nothing()
    {
        (ConsoleRing ring, GuestConsoleRing guest) = Attach(0);
        using (ring)
        using (guest)
        {
            _ = ring.Put(new byte[1024]);
            Store(ConsoleRingLayout.InputProducer, 77);
            byte[] before = _memory.Bytes.ToArray();
            Assert.Equal(0, ring.Put([1, 2, 3]));
            Assert.Equal(0, ring.Put([]));
            Assert.Equal(before, _memory.Bytes.ToArray());
        }
    }

    [Fact]
    public void Attaching_writes_nothing_and_connecting_only_the_flag()
    {
        _memory.Bytes[ConsoleRingLayout.Connection] = ConsoleRingLayout.Disconnected;
        (ConsoleRing ring, GuestConsoleRing guest) = Attach(3);
        using (ring)
        using (guest)
        {
            byte[] before = _memory.Bytes.ToArray();
            Assert.False(guest.IsConnected);
            ring.Connect();
            Assert.True(guest.IsConnected);
            before[ConsoleRingLayout.Connection] = ConsoleRingLayout.Connected;
            Assert.Equal(before, _memory.Bytes.ToArray());
        }
    }

    private delegate int Put(ReadOnlySpan<byte> data);

    private delegate RingRead Take(Span<byte> to, out int count);

    private (ConsoleRing Ring, GuestConsoleRing Guest) Attach(uint start)
    {
        Store(ConsoleRingLayout.InputConsumer, start);
        Store(ConsoleRingLayout.InputProducer, start);
        Store(ConsoleRingLayout.OutputConsumer, start);
        Store(ConsoleRingLayout.OutputProducer, start);
        return (new ConsoleRing(new PageView(_memory)), new GuestConsoleRing(new PageView(_memory)));
    }

    private void Stream(Random sizes, Put put, Take take)
    {
        byte[] sent = new byte[50_000];
        sizes.NextBytes(sent);
        List<byte> received = [];
        for (int at = 0; received.Count < sent.Length;)
        {
            at += put(sent.AsSpan(at, Math.Min(sizes.Next(2500), sent.Length - at)));
            if (take(_taken.AsSpan(0, sizes.Next(1, 2500)), out int count) == RingRead.Message)
            {
                received.AddRange(_taken.AsSpan(0, count));
            }
        }

        Assert.Equal(sent, received);
    }

    private uint Load(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_memory.Bytes[offset..]);

    private void Store(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_memory.Bytes[offset..], value);
}
