using Xunit;

namespace XcsSharp.Protocol.Tests;

public sealed class RecordAssemblerTests
{
    [Fact]
    public void A_record_split_at_any_byte_is_joined()
    {
        byte[] stream = Numbered(count: 2);
        for (int cut = 0; cut <= stream.Length; cut++)
        {
            RecordAssembler assembler = default;
            List<XcsRecord> taken = [];
            TakeAll(ref assembler, stream.AsSpan(0, cut), taken);
            TakeAll(ref assembler, stream.AsSpan(cut), taken);

            Assert.Equal(stream, Joined(taken));
            Assert.Equal(0, assembler.Held);
        }
    }

    [Fact]
    public void A_record_that_comes_byte_by_byte_is_joined()
    {
        byte[] stream = Numbered(count: 3);
        RecordAssembler assembler = default;
        List<XcsRecord> taken = [];
        foreach (byte b in stream)
        {
            TakeAll(ref assembler, [b], taken);
        }

        Assert.Equal(stream, Joined(taken));
    }

    [Fact]
    public void Many_records_in_random_pieces_keep_their_order()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        byte[] stream = new byte[500 * ProtocolLimits.RecordSize];
        random.NextBytes(stream);

        RecordAssembler assembler = default;
        List<XcsRecord> taken = [];
        for (int at = 0; at < stream.Length;)
        {
            int piece = Math.Min(random.Next(1, 400), stream.Length - at);
            TakeAll(ref assembler, stream.AsSpan(at, piece), taken);
            at += piece;
        }

        Assert.Equal(stream, Joined(taken));
    }

    [Fact]
    public void An_incomplete_record_is_held_and_not_reported()
    {
        RecordAssembler assembler = default;
        ReadOnlySpan<byte> input = new byte[79];
        Assert.False(assembler.TryTake(ref input, out _));
        Assert.True(input.IsEmpty);
        Assert.Equal(79, assembler.Held);
    }

    private static byte[] Numbered(int count)
        => [.. Enumerable.Range(0, count * ProtocolLimits.RecordSize).Select(i => (byte)((i * 7) + (i >> 8)))];

    private static void TakeAll(ref RecordAssembler assembler, ReadOnlySpan<byte> input, List<XcsRecord> taken)
    {
        while (assembler.TryTake(ref input, out XcsRecord record))
        {
            taken.Add(record);
        }
    }

    private static byte[] Joined(List<XcsRecord> records)
    {
        List<byte> bytes = [];
        foreach (XcsRecord record in records)
        {
            bytes.AddRange(XcsRecord.Bytes(in record));
        }

        return [.. bytes];
    }
}
