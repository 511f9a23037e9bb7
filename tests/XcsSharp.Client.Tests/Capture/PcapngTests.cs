using System.Buffers.Binary;

using XcsSharp.Client.Capture;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;
using XcsSharp.TestKit;

namespace XcsSharp.Client.Tests.Capture;

public sealed class PcapngTests
{
    [Fact]
    public void What_was_written_is_read_back()
    {
        Random random = CaptureSamples.Seeded();
        CapturedRecord[] records = [.. Enumerable.Range(0, 2000).Select(_ => CaptureSamples.Random(random))];
        AssertSame(records, Read(Written(records), out PcapngReader reader));
        Assert.False(reader.IsCutShort);
        Assert.Equal(0, reader.Skipped);
    }

    [Fact]
    public void A_packet_has_the_bytes_of_the_description()
    {
        byte[] file = Written(CaptureSamples.FromGuest(CaptureSamples.Console("hi"u8, id: 5), abi: PayloadAbi.Packed64));
        (uint type, byte[] body) = Blocks(file)[2];
        Assert.Equal(6u, type);
        ulong nanoseconds = (ulong)(CaptureSamples.Noon - DateTimeOffset.UnixEpoch).Ticks * 100;
        Assert.Equal([0, (uint)(nanoseconds >> 32), (uint)nanoseconds, 99, 99], Words(body)[..5]);

        byte[] expected = new byte[99];
        "XCS\u0001\0\u0001\0\u0003"u8.CopyTo(expected);
        new byte[] { 3, 0, 0, 0, 17, 0, 0, 0 }.CopyTo(expected, 8);
        "web"u8.CopyTo(expected.AsSpan(16));
        new byte[] { 9, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 17, 0, 0, 0, 0, 0, 5, 2 }.CopyTo(expected, 19);
        "hi"u8.CopyTo(expected.AsSpan(39));
        Assert.Equal(expected, body[20..119]);
        Assert.Equal(0, body[119]); // 99 bytes are padded to 100

        // epb_flags: inbound; then the end of options
        Assert.Equal([2, 0, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0], body[120..]);
    }

    [Fact]
    public void The_file_begins_with_a_section_and_one_interface_of_the_users_link_type()
    {
        List<(uint Type, byte[] Body)> blocks = Blocks(Written());
        Assert.Equal([0x0A0D0D0Au, 1u], blocks.Select(block => block.Type));
        Assert.Equal([0x1A2B3C4Du, 1u, uint.MaxValue, uint.MaxValue], Words(blocks[0].Body)[..4]);
        Assert.Equal([147, 0, 0, 0], blocks[1].Body[..4]);
    }

    [Fact]
    public void Blocks_of_names_of_every_length_are_padded_with_zeros()
    {
        // From long to short, so that each block finds the bytes of the one before where its padding is.
        ControlMessage full = CaptureSamples.Console("a message of sixty bytes, so that a record ends with no zero"u8);
        CapturedRecord[] records = [.. Enumerable.Range(0, 301).Reverse()
            .Select(length => CaptureSamples.FromGuest(full, name: new string('n', length)))];
        List<(uint Type, byte[] Body)> blocks = Blocks(Written(records));
        for (int i = 0; i < records.Length; i++)
        {
            byte[] body = blocks[i + 2].Body;
            int size = 16 + Math.Min(records[i].DomainName.Length, 255) + 80;
            Assert.Equal((uint)size, Words(body)[3]);
            Assert.Equal(20 + ((size + 3) & ~3) + 12, body.Length);
            Assert.All(body[(20 + size)..^12], padding => Assert.Equal(0, padding));
        }
    }

    [Fact]
    public void A_name_that_is_too_long_is_cut_between_characters()
    {
        CapturedRecord named =
            CaptureSamples.FromGuest(CaptureSamples.Console("x"u8), name: new string('n', 254) + "ü" + "more");
        CapturedRecord read = Assert.Single(Read(Written(named), out _));
        Assert.Equal(new string('n', 254), read.DomainName);
    }

    [Fact]
    public void Writing_a_record_allocates_nothing_and_is_one_write()
    {
        CountingStream output = new();
        PcapngWriter writer = new(output);
        CapturedRecord record = CaptureSamples.FromGuest(CaptureSamples.Console("hello"u8));
        writer.Write(record);
        int expected = output.Writes;
        Assert.Equal(0, Allocations.Least(() =>
        {
            expected += 1000;
            for (int i = 0; i < 1000; i++)
            {
                writer.Write(record);
            }
        }));
        Assert.Equal(expected, output.Writes);
    }

    [Fact]
    public void A_file_cut_at_any_byte_gives_the_records_before_the_cut()
    {
        byte[] file = Written(
            CaptureSamples.FromGuest(CaptureSamples.Console("one"u8)),
            CaptureSamples.ToGuest(CaptureSamples.Console("two"u8)));
        int[] ends = [.. BlockEnds(file)];
        for (int length = 0; length <= file.Length; length++)
        {
            List<CapturedRecord> read = Read(file[..length], out PcapngReader reader);
            Assert.Equal(Math.Max(0, ends.Count(end => end <= length) - 2), read.Count);
            Assert.Equal(length != 0 && !ends.Contains(length), reader.IsCutShort);
        }
    }

    [Fact]
    public void A_damaged_file_is_refused_with_a_reason_or_read()
    {
        Random random = CaptureSamples.Seeded();
        byte[] file = Written([.. Enumerable.Range(0, 3).Select(_ => CaptureSamples.Random(random))]);
        int refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] damaged = [.. file];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                _ = Read(damaged, out _);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1, 19_999);
    }

    [Fact]
    public void What_is_no_pcapng_file_is_refused_with_a_remedy()
    {
        byte[] pcap = [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, .. new byte[16]];
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Read(pcap, out _));
        Assert.Contains("editcap -F pcapng", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, 0xFF, "a length of")]
    [InlineData(4, 0x80, "two lengths that differ")]
    [InlineData(8, 9, "interface that was not described")]
    [InlineData(20, 0xFF, "larger than its block")]
    [InlineData(28 + 3, 9, "version 9")]
    [InlineData(28 + 4, 2, "no direction")]
    [InlineData(28 + 7, 4, "should have")]
    public void A_packet_that_lies_is_named(int offset, byte value, string reason)
    {
        byte[] file = Written(CaptureSamples.FromGuest(CaptureSamples.Console("x"u8)));
        file[BlockEnds(file).ElementAt(1) + offset] = value;
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Read(file, out _));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Contains("block 3", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Packets_and_blocks_of_others_are_passed_over()
    {
        byte[] ours = Written(CaptureSamples.FromGuest(CaptureSamples.Console("x"u8)));
        int[] ends = [.. BlockEnds(ours)];
        byte[] packet = ours[ends[1]..];
        byte[] foreign = [.. packet];
        foreign[28] = (byte)'Y';
        byte[] ethernetPacket = [.. packet];
        ethernetPacket[8] = 1;
        byte[] ethernet = Block(1, [1, 0, 0, 0, 0, 0, 1, 0]);
        byte[] file = [.. ours[..ends[1]], .. Block(0x80001234, new byte[8]), .. foreign, .. ethernet, .. ethernetPacket, .. packet];
        List<CapturedRecord> read = Read(file, out PcapngReader reader);
        Assert.Single(read);
        Assert.Equal(2, reader.Skipped);
    }

    [Theory]
    [InlineData(new byte[0], 1_000_000)]                  // no option: microseconds
    [InlineData(new byte[] { 9, 0, 1, 0, 3, 0, 0, 0 }, 1000)]
    [InlineData(new byte[] { 9, 0, 1, 0, 0x8A, 0, 0, 0 }, 1024)]
    [InlineData(new byte[] { 2, 0, 3, 0, 1, 2, 3, 0, 9, 0, 1, 0, 0, 0, 0, 0 }, 1)]
    public void Times_have_the_resolution_that_their_interface_says(byte[] options, long unitsPerSecond)
    {
        byte[] ours = Written(CaptureSamples.FromGuest(CaptureSamples.Console("x"u8)));
        int[] ends = [.. BlockEnds(ours)];
        byte[] description = Block(1, [147, 0, 0, 0, 0, 0, 1, 0, .. options]);
        byte[] packet = ours[ends[1]..];
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(12), 0);
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(16), (uint)(unitsPerSecond * 5 / 2));
        byte[] file = [.. ours[..ends[0]], .. description, .. packet];
        double seconds = (Assert.Single(Read(file, out _)).Time - DateTimeOffset.UnixEpoch).TotalSeconds;
        Assert.Equal(unitsPerSecond == 1 ? 2 : 2.5, seconds);
    }

    [Fact]
    public void Joined_files_are_read_to_the_end()
    {
        byte[] one = Written(CaptureSamples.FromGuest(CaptureSamples.Console("one"u8)));
        byte[] two = Written(CaptureSamples.FromGuest(CaptureSamples.Console("two"u8)));

        // Interfaces are counted anew in each section: in the first one ours is not the first.
        int[] ends = [.. BlockEnds(one)];
        byte[] ethernet = Block(1, [1, 0, 0, 0, 0, 0, 1, 0]);
        one = [.. one[..ends[0]], .. ethernet, .. one[ends[0]..]];
        one[ends[1] + ethernet.Length + 8] = 1;
        string[] texts = [.. Read([.. one, .. two], out _)
            .Select(record => System.Text.Encoding.UTF8.GetString(record.Record.Message.Data))];
        Assert.Equal(["one", "two"], texts);
    }

    private static byte[] Written(params CapturedRecord[] records)
    {
        using MemoryStream output = new();
        PcapngWriter writer = new(output);
        foreach (CapturedRecord record in records)
        {
            writer.Write(record);
        }

        return output.ToArray();
    }

    private static List<CapturedRecord> Read(byte[] file, out PcapngReader reader)
    {
        using MemoryStream input = new(file);
        reader = new PcapngReader(input);
        List<CapturedRecord> records = [];
        while (reader.TryRead(out CapturedRecord record))
        {
            records.Add(record);
        }

        return records;
    }

    private static void AssertSame(CapturedRecord[] expected, List<CapturedRecord> actual)
    {
        Assert.Equal(expected.Length, actual.Count);
        for (int i = 0; i < expected.Length; i++)
        {
            CaptureSamples.AssertSame(expected[i], actual[i]);
        }
    }

    /// <summary>The blocks' types and bodies; both lengths of each are checked.</summary>
    private static List<(uint Type, byte[] Body)> Blocks(byte[] file)
    {
        List<(uint, byte[])> blocks = [];
        int start = 0;
        foreach (int end in BlockEnds(file))
        {
            Assert.Equal(0, end % 4);
            Assert.Equal(end - start, BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(end - 4)));
            blocks.Add((BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(start)), file[(start + 8)..(end - 4)]));
            start = end;
        }

        return blocks;
    }

    private static IEnumerable<int> BlockEnds(byte[] file)
    {
        for (int at = 0; at < file.Length;)
        {
            at += BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 4));
            yield return at;
        }
    }

    private static byte[] Block(uint type, byte[] body)
    {
        byte[] block = new byte[body.Length + 12];
        BinaryPrimitives.WriteUInt32LittleEndian(block, type);
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(4), block.Length);
        body.CopyTo(block, 8);
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(block.Length - 4), block.Length);
        return block;
    }

    private static uint[] Words(byte[] bytes)
        => [.. bytes.Chunk(4).Where(chunk => chunk.Length == 4).Select(chunk => BinaryPrimitives.ReadUInt32LittleEndian(chunk))];

    private sealed class CountingStream : Stream
    {
        public int Writes { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => 0;

        public override long Position { get; set; }

        public override void Write(byte[] buffer, int offset, int count) => Writes++;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
