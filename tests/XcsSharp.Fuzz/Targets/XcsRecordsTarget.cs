using System.Buffers.Binary;
using System.Runtime.InteropServices;

using XcsSharp.Fuzz.Engine;
using XcsSharp.Fuzz.Targets.Records;
using XcsSharp.Protocol;

namespace XcsSharp.Fuzz.Targets;

/// <summary>
/// What clients send on the xcs socket, honest or not, on up to four connections. Some inputs are played twice, each piece whole and
/// cut in two. What comes back must be the same, and on a control connection one record for each.
/// </summary>
internal sealed class XcsRecordsTarget : IFuzzTarget
{
    /// <summary>Stands for the id of the session that was begun last.</summary>
    private const uint SessionWord = 0x51515151;

    private const int MostSteps = 16;

    private static readonly RecordType[] s_types =
    [
        RecordType.ConnectControl, RecordType.ConnectData, RecordType.Goodbye, RecordType.Bind, RecordType.Unbind, RecordType.VirqBind,
        RecordType.WriteLock, RecordType.OpenInterface, RecordType.CloseInterface, RecordType.Request, RecordType.Response, RecordType.Virq,
        RecordType.ConnectExtended, RecordType.BindDomain, RecordType.UnbindDomain, RecordType.Credit, RecordType.Undelivered,
        RecordType.DomainNews, RecordType.Gap, (RecordType)12, (RecordType)0x107, (RecordType)uint.MaxValue,
    ];

    private static readonly uint[] s_values =
        [0, SessionWord, unchecked((uint)ProtocolLimits.PortWildcard), RecordWorld.Announced, RecordWorld.OnDemand, RecordWorld.AnnouncedPort, 40, 4000];

    private readonly RecordWorld _world = new();
    private uint _session;

    private enum Step
    {
        Record,
        SameRecord,
        Raw,
        Connect,
        Select,
        HangUp,
        Ask,
        Answer,
        Wait,
        End,
    }

    public int MaxLength => 320;

    public IEnumerable<byte[]> Seeds =>
    [
        [0, .. Record(0), (byte)Step.Connect, (byte)Step.Select, 1, .. Record(1, 1), (byte)Step.Select, 0, .. Record(3, 2, 255), (byte)Step.Ask, 0, 9, (byte)Step.Select, 1, .. Record(10, 3), .. Record(9, 3), (byte)Step.Answer],
        [9, .. Record(12, 0, 0, 1, 0, 0, 0, 15), (byte)Step.Connect, (byte)Step.Select, 1, .. Record(1, 1), (byte)Step.Select, 0, .. Record(13, 3, 0), .. Record(15), (byte)Step.Ask, 0, 9],
        [3, .. Record(0), .. Record(5, 0, 3), .. Record(7, 4), .. Record(8, 4), .. Record(6, 5), .. Record(2), (byte)Step.HangUp],
        [1, (byte)Step.Raw, 100, 0, 0, 0, 0, (byte)Step.Wait, 6],
        [2, .. Record(9), (byte)Step.Connect, (byte)Step.Select, 1, .. Record(2), (byte)Step.Connect, (byte)Step.Select, 2, .. Record(1, 1)],
    ];

    public IReadOnlyList<byte[]> Words =>
    [
        .. Enumerable.Range(0, 22).Select(static type => Record((byte)type)), Record(1, 1), Record(3, 2, 255), Record(3, 5, 0), Record(13, 3, 255),
        [(byte)Step.Connect, (byte)Step.Select, 1], [(byte)Step.Select, 0], [(byte)Step.Ask, 0, 1], [(byte)Step.Answer], [(byte)Step.Wait, 21], [(byte)Step.SameRecord, 9],
    ];

    public void Run(ReadOnlySpan<byte> bytes)
    {
        int piece = bytes.IsEmpty ? 80 : 1 + (bytes[0] % 90);
        Join(bytes, piece);
        bool isCut = piece % 2 == 1;
        List<(byte[] Came, bool IsEnded)> whole = Play(bytes, isCut ? piece : int.MaxValue);
        if (piece % 8 > 1)
        {
            // System calls are what an execution costs: the second time is for a quarter of them.
            return;
        }

        List<(byte[] Came, bool IsEnded)> inPieces = Play(bytes, isCut ? int.MaxValue : piece);
        Expect.Equal(whole.Count, inPieces.Count, "connections");
        for (int i = 0; i < whole.Count; i++)
        {
            Expect.Same(whole[i].Came, inPieces[i].Came, $"what came on connection {i} is the same however it was sent");
            Expect.Equal(whole[i].IsEnded, inPieces[i].IsEnded, $"connection {i} ended, however it was sent");
        }
    }

    public void Dispose() => _world.Dispose();

    /// <summary>Of a seed: type, then what <see cref="Step.Record"/> reads.</summary>
    private static byte[] Record(byte type, byte value = 0, byte second = 0, byte a = 0, byte b = 0, byte c = 0, byte d = 0, byte e = 0)
        => [(byte)Step.Record, type, 0, value, second, 0, 12, a, b, c, d, e, 0, 0, 0, 16, 0, 0, 0];

    /// <summary>The assembler alone, against the plain way to cut a stream into records.</summary>
    private static void Join(ReadOnlySpan<byte> bytes, int piece)
    {
        RecordAssembler assembler = default;
        int next = 0;
        for (ReadOnlySpan<byte> left = bytes; !left.IsEmpty;)
        {
            ReadOnlySpan<byte> input = left[..Math.Min(piece, left.Length)];
            left = left[input.Length..];
            while (assembler.TryTake(ref input, out XcsRecord record))
            {
                Expect.Same(bytes.Slice(next, 80), XcsRecord.Bytes(in record), "a joined record");
                next += 80;
            }

            Expect.That(input.IsEmpty, "what is no whole record is held");
        }

        Expect.Equal(bytes.Length - next, assembler.Held, "bytes held");
    }

    private List<(byte[] Came, bool IsEnded)> Play(ReadOnlySpan<byte> bytes, int piece)
    {
        _session = 0;
        _world.Begin();
        _world.Connect();
        FuzzInput input = new(bytes);
        _ = input.Byte();
        int selected = 0;
        byte[] record = new byte[ProtocolLimits.RecordSize];
        for (int left = MostSteps; left > 0 && !input.IsEmpty; left--)
        {
            switch ((Step)(input.Byte() % (byte)Step.End))
            {
                case Step.Record:
                    Read(ref input, record);
                    SendRecord(selected, record, piece);
                    break;
                case Step.SameRecord:
                    record[18] += input.Byte();
                    SendRecord(selected, record, piece);
                    break;
                case Step.Raw:
                    Send(selected, input.Take(input.Byte() % 128), piece);
                    break;
                case Step.Connect:
                    _world.Connect();
                    break;
                case Step.Select:
                    selected = input.Byte() % _world.Clients.Count;
                    break;
                case Step.HangUp:
                    _world.Clients[selected].HangUp();
                    _world.Settle();
                    break;
                case Step.Ask:
                    _world.Ask(input.Byte(), input.Byte());
                    _world.Settle();
                    break;
                case Step.Answer:
                    _world.Answer();
                    _world.Settle();
                    break;
                default:
                    _world.Wait(TimeSpan.FromSeconds(input.Byte() % 32));
                    break;
            }
        }

        _world.Settle();
        foreach (SocketEnd client in _world.Clients)
        {
            client.Receive();
        }

        List<(byte[] Came, bool IsEnded)> came = [.. _world.Clients.Select(Judge)];
        _world.End();
        return came;
    }

    private void Read(ref FuzzInput input, Span<byte> record)
    {
        record.Clear();
        RecordType type = s_types[input.Byte() % s_types.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)type);
        record[4] = input.Byte();
        byte value = input.Byte();
        uint word = value < s_values.Length ? s_values[value] : input.U32();
        BinaryPrimitives.WriteUInt32LittleEndian(record[8..], word == SessionWord && IsConnect(type) ? _session : word);
        byte second = input.Byte();
        BinaryPrimitives.WriteUInt16LittleEndian(record[12..], second switch { 255 => ushort.MaxValue, 254 => ProtocolLimits.TypeVirq, _ => second });
        record[14] = input.Byte();
        input.Take(input.Byte() % 64).CopyTo(record[16..]);
    }

    private static bool IsConnect(RecordType type)
        => type is RecordType.ConnectControl or RecordType.ConnectData or RecordType.ConnectExtended;

    /// <summary>The id is random, so it is sent where it is read as an id and nowhere else.</summary>
    private void SendRecord(int selected, ReadOnlySpan<byte> from, int piece)
    {
        byte[] record = from.ToArray();
        if (_world.Clients[selected].Sent.Length % ProtocolLimits.RecordSize != 0 && IsConnect(XcsRecord.At(record).Type))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), SessionWord);
        }

        Send(selected, record, piece);
        if (IsConnect(XcsRecord.At(record).Type))
        {
            FindSession(_world.Clients[selected]);
        }
    }

    private void Send(int selected, ReadOnlySpan<byte> bytes, int piece)
    {
        SocketEnd client = _world.Clients[selected];
        if (piece < bytes.Length)
        {
            client.Send(bytes[..piece]);
            bytes = bytes[piece..];
            _world.Turn();
        }

        client.Send(bytes);
        _world.Settle();
    }

    /// <summary>The id that the daemon gave, which no input could know.</summary>
    private void FindSession(SocketEnd client)
    {
        client.Receive();
        if (client.Came.Length >= 80)
        {
            ref readonly XcsRecord first = ref XcsRecord.At(client.Came);
            if (first.Type is RecordType.ConnectControl && first.Result == RecordResult.Ok || first.Type == RecordType.ConnectExtended && first.ExtensionVersion != 0)
            {
                _session = first.ShortSessionId;
            }
        }
    }

    /// <summary>What came on a connection, with all that differs from run to run taken out; and whether it could come.</summary>
    private static (byte[] Came, bool IsEnded) Judge(SocketEnd client)
    {
        Span<byte> came = client.Came;
        Expect.Equal(0, came.Length % ProtocolLimits.RecordSize, "bytes beyond whole records");
        Span<XcsRecord> records = MemoryMarshal.Cast<byte, XcsRecord>(came);
        ReadOnlySpan<XcsRecord> sent = MemoryMarshal.Cast<byte, XcsRecord>(client.Sent);
        if (records.Length > 0)
        {
            Expect.That(sent.Length > 0, "who has sent no record gets none");
            Expect.Equal((uint)sent[0].Type, (uint)records[0].Type, "the first record is answered by its own type");
            bool isControl = records[0].Type is RecordType.ConnectControl or RecordType.ConnectExtended && records[0].Result == RecordResult.Ok;
            if (isControl)
            {
                JudgeReplies(sent, records, client);
            }
            else if (records[0].Type != RecordType.ConnectData || records[0].Result != RecordResult.Ok)
            {
                Expect.That(client.IsHungUp || client.IsEnded && records.Length == 1, "who is refused gets one record and the end");
            }
        }

        foreach (ref XcsRecord record in records)
        {
            record.SessionId = IsConnect(record.Type) ? 0 : record.SessionId;
            record.DomainLife = record.Type == RecordType.DomainNews ? 0 : record.DomainLife;
        }

        return (came.ToArray(), client.IsEnded);
    }

    private static void JudgeReplies(ReadOnlySpan<XcsRecord> sent, ReadOnlySpan<XcsRecord> records, SocketEnd client)
    {
        Expect.That(records.Length == sent.Length || client.IsEnded || client.IsHungUp && records.Length <= sent.Length, "each record on a control connection has one reply");
        for (int i = 1; i < Math.Min(records.Length, sent.Length); i++)
        {
            Expect.Equal((uint)sent[i].Type, (uint)records[i].Type, "a reply has the type of its record");
            bool isAsked = sent[i].Type is (>= RecordType.Bind and <= RecordType.CloseInterface) or RecordType.BindDomain or RecordType.UnbindDomain or RecordType.Credit;
            if (!isAsked)
            {
                Expect.Same(XcsRecord.Bytes(in sent[i]), XcsRecord.Bytes(in records[i]), "what asks for nothing is echoed");
            }
            else
            {
                Expect.That(records[i].Result is RecordResult.Ok or RecordResult.Failed or RecordResult.BadRequest || records[i].Result == sent[i].Result, "a reply has a result");
                Expect.Same(XcsRecord.Bytes(in sent[i])[20..], XcsRecord.Bytes(in records[i])[20..], "the rest of a reply is the record's");
            }
        }
    }
}
