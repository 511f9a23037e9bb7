using System.Buffers.Binary;

namespace XcsSharp.Client.Capture;

/// <summary>
/// Reads captured records out of a pcapng file: one of ours, or one that went through editcap, mergecap or Wireshark.
/// Packets that are not ours, and blocks of other kinds, are passed over.
/// </summary>
/// <param name="input">Is read from where it stands; stays the caller's.</param>
public sealed class PcapngReader(Stream input)
{
    /// <summary>The largest block that is looked at: far above ours, far below what a damaged length would ask for.</summary>
    private const int MaxBlock = 1 << 20;

    private readonly byte[] _head = new byte[8];
    private readonly List<CaptureInterface> _interfaces = [];
    private byte[] _body = new byte[1024];
    private bool _inSection;
    private long _block;

    /// <summary>The file ends inside a block: its writer was killed, or still writes. Set when reading has ended.</summary>
    public bool IsCutShort { get; private set; }

    /// <summary>Packets that were passed over because they are not ours.</summary>
    public long Skipped { get; private set; }

    /// <summary>Gives the next record.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="InvalidDataException">This is no pcapng file, or it is damaged. The message says where, and what to
    /// do. Reading cannot go on.</exception>
    public bool TryRead(out CapturedRecord captured)
    {
        while (TryReadBlock(out uint type, out ReadOnlyMemory<byte> body))
        {
            switch (type)
            {
                case PcapngFormat.SectionHeader:
                    BeginSection(body.Span);
                    break;
                case PcapngFormat.InterfaceDescription:
                    _interfaces.Add(CaptureInterface.Read(body.Span) ?? throw Damaged("the description of an interface"));
                    break;
                case PcapngFormat.EnhancedPacket when TryReadPacket(body.Span, out captured):
                    return true;
            }
        }

        captured = default;
        return false;
    }

    private bool TryReadBlock(out uint type, out ReadOnlyMemory<byte> body)
    {
        type = 0;
        body = default;
        int got = input.ReadAtLeast(_head, _head.Length, throwOnEndOfStream: false);
        if (got < _head.Length)
        {
            IsCutShort = got > 0;
            return false;
        }

        _block++;
        type = BinaryPrimitives.ReadUInt32LittleEndian(_head);
        if (!_inSection && type != PcapngFormat.SectionHeader)
        {
            throw new InvalidDataException(
                "this is not a pcapng file; if it is an old capture, convert it with: editcap -F pcapng OLD NEW");
        }

        // Our records have the byte order of x86 whoever wrote the file, so a foreign one is not worth half an effort.
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(_head.AsSpan(4));
        if (length % 4 != 0 || length is < PcapngFormat.BlockOverhead or > MaxBlock)
        {
            throw Damaged(
                $"a length of {length} bytes (a file of a big-endian machine has to be rewritten there with editcap)");
        }

        return TryReadBody((int)length, out body);
    }

    private bool TryReadBody(int length, out ReadOnlyMemory<byte> body)
    {
        body = default;
        int rest = length - _head.Length;
        if (_body.Length < rest)
        {
            _body = new byte[rest];
        }

        if (input.ReadAtLeast(_body.AsSpan(0, rest), rest, throwOnEndOfStream: false) < rest)
        {
            IsCutShort = true;
            return false;
        }

        if (BinaryPrimitives.ReadInt32LittleEndian(_body.AsSpan(rest - 4)) != length)
        {
            throw Damaged("two lengths that differ");
        }

        body = _body.AsMemory(0, rest - 4);
        return true;
    }

    private void BeginSection(ReadOnlySpan<byte> body)
    {
        if (body.Length < 16 || BinaryPrimitives.ReadUInt32LittleEndian(body) != PcapngFormat.ByteOrderMagic)
        {
            throw Damaged("no byte-order mark of a little-endian machine");
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(body[4..]) != 1)
        {
            throw Damaged("a version of pcapng that is not known here");
        }

        _interfaces.Clear();
        _inSection = true;
    }

    private bool TryReadPacket(ReadOnlySpan<byte> body, out CapturedRecord captured)
    {
        captured = default;
        if (body.Length < 20)
        {
            throw Damaged("a packet's header that is cut off");
        }

        uint index = BinaryPrimitives.ReadUInt32LittleEndian(body);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(body[12..]);
        if (index >= (uint)_interfaces.Count || size > (uint)(body.Length - 20))
        {
            throw Damaged("a packet that is larger than its block or of an interface that was not described");
        }

        ReadOnlySpan<byte> packet = body.Slice(20, (int)size);
        CaptureInterface origin = _interfaces[(int)index];
        if (origin.LinkType != PcapngFormat.UserLinkType || !CaptureFormat.IsOurs(packet))
        {
            Skipped++;
            return false;
        }

        ulong units = ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(body[4..]) << 32)
            | BinaryPrimitives.ReadUInt32LittleEndian(body[8..]);
        DateTimeOffset time = origin.TimeOf(units) ?? throw Damaged("a time after the year 9999");
        return CaptureFormat.TryRead(packet, time, out captured, out string problem)
            ? true
            : throw Damaged($"a packet that cannot be read: {problem}");
    }

    private InvalidDataException Damaged(string what) => new($"block {_block} of the capture has {what}");
}
