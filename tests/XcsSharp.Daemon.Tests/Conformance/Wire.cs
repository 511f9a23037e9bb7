using System.Buffers.Binary;

using XcsSharp.Protocol;

namespace XcsSharp.Daemon.Tests.Conformance;

/// <summary>
/// Records and messages as bytes at offsets, as the specification has them (sections 1 and 2), made without the project's
/// own structs, so that the two cannot share an error. What a client of 2005 would not fill in is garbage.
/// </summary>
internal static class Wire
{
    public const byte Garbage = 0xA5;

    public const int RecordSize = 80;
    public const int MessageSize = 64;

    public const uint ConnectCtrl = 0;
    public const uint ConnectData = 1;
    public const uint Bye = 2;
    public const uint MsgBind = 3;
    public const uint MsgUnbind = 4;
    public const uint VirqBind = 5;
    public const uint WriteLock = 6;
    public const uint NewChannel = 7;
    public const uint FreeChannel = 8;
    public const uint Request = 9;
    public const uint Response = 10;
    public const uint Virq = 11;

    public const uint Ok = 0;
    public const uint Failed = 1;
    public const uint BadSession = 3;
    public const uint InUse = 5;
    public const uint BadRequest = 6;

    public const int AnyPort = unchecked((int)0xefffffff);
    public const ushort AnyType = 0xffff;
    public const ushort TypeVirq = 0xfffe;

    public static byte[] Record(uint type)
    {
        byte[] record = new byte[RecordSize];
        Array.Fill(record, Garbage);
        return record.Put(0, type);
    }

    public static byte[] ConnectControl(uint session = 0) => Record(ConnectCtrl).Put(8, session);

    public static byte[] ConnectToData(uint session) => Record(ConnectData).Put(8, session);

    public static byte[] Bind(int port, ushort type) => Record(MsgBind).Put(8, (uint)port).Put16(12, type);

    public static byte[] Unbind(int port, ushort type) => Record(MsgUnbind).Put(8, (uint)port).Put16(12, type);

    public static byte[] BindVirq(ushort virq) => Record(VirqBind).Put16(12, virq);

    public static byte[] Open(uint domid, int local = 0, int remote = 1)
        => Record(NewChannel).Put(8, domid).Put(12, (uint)local).Put(16, (uint)remote);

    public static byte[] Close(uint domid, int local = 0, int remote = 1)
        => Open(domid, local, remote).Put(0, FreeChannel);

    /// <summary>A client's REQUEST or RESPONSE; <c>result</c> and <c>local_port</c> stay garbage.</summary>
    public static byte[] ToGuest(uint type, uint domid, ReadOnlySpan<byte> message)
    {
        byte[] record = Record(type).Put(8, domid);
        message.CopyTo(record.AsSpan(16));
        return record;
    }

    /// <summary>A control message; what is beyond its length is garbage of its own.</summary>
    public static byte[] Message(byte type, byte id, byte length = 4, byte subtype = 0)
    {
        byte[] message = new byte[MessageSize];
        for (int i = 4; i < MessageSize; i++)
        {
            message[i] = (byte)(((i * 7) ^ id ^ type) | 1);
        }

        message[0] = type;
        message[1] = subtype;
        message[2] = id;
        message[3] = length;
        return message;
    }

    /// <summary>The answer to a message: other bytes, the same type, subtype and id.</summary>
    public static byte[] AnswerTo(ReadOnlySpan<byte> request, byte length = 2)
    {
        byte[] answer = request.ToArray();
        for (int i = 4; i < MessageSize; i++)
        {
            answer[i] ^= 0x5A;
        }

        answer[3] = length;
        return answer;
    }

    public static byte[] Put(this byte[] record, int offset, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(offset), value);
        return record;
    }

    public static byte[] Put16(this byte[] record, int offset, ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(offset), value);
        return record;
    }

    /// <summary>The record as a reply: the same bytes, another result.</summary>
    public static byte[] Replied(this byte[] record, uint result) => ((byte[])record.Clone()).Put(4, result);

    public static uint U32(this byte[] record, int offset)
        => BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(offset));

    public static int I32(this byte[] record, int offset) => (int)record.U32(offset);

    public static byte[] MessageOf(this byte[] record) => record[16..];

    public static byte[] Bytes(this XcsRecord record) => XcsRecord.Bytes(in record).ToArray();
}
