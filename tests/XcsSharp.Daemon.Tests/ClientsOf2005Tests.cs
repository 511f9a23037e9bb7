using System.Buffers.Binary;
using System.Runtime.InteropServices;

using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// What the clients of 2005 send, step by step (spec section 6), with their garbage in the fields that nobody may look
/// at, one byte a send.
/// </summary>
public sealed class ClientsOf2005Tests
{
    private const byte Garbage = 0xA5;

    [Fact]
    public async Task Xcsdump_connects_binds_everything_and_reads()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint domid) = await lab.ConsoleGuestAsync("web", classic: true);
        using RecordSocket control = await RecordSocket.ConnectAsync(lab.Places.Classic, Lab.Cancel);
        byte[] message = new byte[ProtocolLimits.RecordSize];
        byte[] reply = await TradeAsync(control, message);
        AssertOk(reply, RecordType.ConnectControl);

        using RecordSocket data = await RecordSocket.ConnectAsync(lab.Places.Classic, Lab.Cancel);
        Put(reply, 0, (uint)RecordType.ConnectData); // the reply's record is used again
        reply = await TradeAsync(data, reply);
        AssertOk(reply, RecordType.ConnectData);

        PutBind(reply, ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard); // and again: old bytes stay in it
        AssertOk(await TradeAsync(control, reply), RecordType.Bind);

        await guest.WriteAsync("dumped\n", Lab.Cancel);
        XcsRecord request = await data.ReceiveAsync(Lab.Cancel);
        Assert.Equal((RecordType.Request, domid), (request.Type, request.RemoteDomain));
        Assert.Equal((MessageType.Console, (byte)0), (request.Message.Type, request.Message.Subtype));
        Assert.Equal("dumped\n"u8.ToArray(), request.Message.Data.ToArray());
        Assert.Equal((await lab.ConnectedAsync("web")).LocalPort, request.LocalPort);

        // Its end is a short read.
        Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));
        await data.WaitForEndAsync(Lab.Cancel);
    }

    [Fact]
    public async Task Xenconsoled_of_2005_reads_and_types_and_never_answers()
    {
        await using Lab lab = await Lab.StartAsync();
        Transcript typed = new("the guest's input");
        (GuestProgram guest, uint domid) = await lab.ConsoleGuestAsync("web", classic: true, typed.Append);

        // It opens both sockets first.
        using RecordSocket control = await RecordSocket.ConnectAsync(lab.Places.Classic, Lab.Cancel);
        using RecordSocket data = await RecordSocket.ConnectAsync(lab.Places.Classic, Lab.Cancel);
        byte[] record = await TradeAsync(control, new byte[ProtocolLimits.RecordSize]);
        AssertOk(record, RecordType.ConnectControl);
        Put(record, 0, (uint)RecordType.ConnectData);
        record = await TradeAsync(data, record);
        AssertOk(record, RecordType.ConnectData);
        PutBind(record, ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard);
        AssertOk(await TradeAsync(control, record), RecordType.Bind);

        // More than eight messages: were they waiting for its answers, the ring would be full for good.
        const int Bytes = 60 * 40;
        SeededStream output = Lab.Seeded("output");
        StreamVerifier shown = new("its pty", output, Bytes);
        await guest.WriteAsync(output.Take(0, Bytes), Lab.Cancel);
        while (shown.Missing > 0 && shown.Problem is null)
        {
            XcsRecord request = await data.ReceiveAsync(Lab.Cancel);
            Assert.Equal(RecordType.Request, request.Type);
            shown.Accept(request.Message.Data);
        }

        shown.Check();

        byte[] typing = new byte[ProtocolLimits.RecordSize];
        Array.Fill(typing, Garbage); // result, local_port and the tail come from its stack
        Put(typing, 0, (uint)RecordType.Request);
        Put(typing, 8, domid);
        typing[16] = 0;
        typing[17] = 0;
        typing[18] = 1;
        typing[19] = 3;
        "ls\n"u8.CopyTo(typing.AsSpan(20));
        await SendByteByByteAsync(data, typing);
        await typed.WaitForTextAsync("ls\n", Lab.Cancel);
        Assert.Equal("ls\n", typed.Text);

        XcsRecord response = await data.ReceiveAsync(Lab.Cancel);
        Assert.Equal((RecordType.Response, domid), (response.Type, response.RemoteDomain));
        Assert.Equal((MessageType.Console, (byte)1, (byte)0),
            (response.Message.Type, response.Message.Id, response.Message.Length));

        // It exits when xcs dies, which both of its connections tell.
        await lab.Daemon.Kill9Async(Lab.Cancel);
        await control.WaitForEndAsync(Lab.Cancel);
        await data.WaitForEndAsync(Lab.Cancel);
    }

    [Fact]
    public async Task Xend_opens_the_channel_answers_every_request_once_and_gets_answers_to_its_own()
    {
        await using Lab lab = await Lab.StartAsync();
        await using GuestProgram guest = GuestProgram.Start(
            lab.Machine, new GuestOptions("dom", Classic: true, Announced: false), ["console", "--type", "1"]);
        uint domid = (await OperatorDomidAsync(lab, "dom")).Domid;

        using RecordSocket control = await RecordSocket.ConnectAsync(lab.Places.Classic, Lab.Cancel);
        byte[] reply = await TradeAsync(control, new byte[ProtocolLimits.RecordSize]);
        AssertOk(reply, RecordType.ConnectControl);
        ulong session = BinaryPrimitives.ReadUInt64LittleEndian(reply.AsSpan(8));
        using RecordSocket data = await RecordSocket.ConnectAsync(lab.Places.Classic, Lab.Cancel);
        AssertOk(await TradeAsync(data, OnStack(RecordType.ConnectData, session)), RecordType.ConnectData);

        byte[] virq = OnStack(RecordType.VirqBind, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(virq.AsSpan(12), 3);
        AssertOk(await TradeAsync(control, virq), RecordType.VirqBind);

        byte[] open = OnStack(RecordType.OpenInterface, domid);
        Put(open, 12, 0);
        Put(open, 16, 1);
        reply = await TradeAsync(control, open);
        AssertOk(reply, RecordType.OpenInterface);
        int local = BinaryPrimitives.ReadInt32LittleEndian(reply.AsSpan(12));
        int remote = BinaryPrimitives.ReadInt32LittleEndian(reply.AsSpan(16));
        Assert.Equal(1, remote);
        Assert.True(local > 0);

        byte[] bind = OnStack(RecordType.Bind, 0);
        PutBind(bind, local, ProtocolLimits.TypeWildcard);
        AssertOk(await TradeAsync(control, bind), RecordType.Bind);

        // The guest asks (a block back end's messages, so that nobody but us answers): more than the ring holds at once.
        const int Bytes = 60 * 30;
        SeededStream asked = Lab.Seeded("requests");
        StreamVerifier requests = new("requests", asked, Bytes);
        await guest.WriteAsync(asked.Take(0, Bytes), Lab.Cancel);
        int answered = 0;
        while (requests.Missing > 0 && requests.Problem is null)
        {
            XcsRecord request = await data.ReceiveAsync(Lab.Cancel);
            Assert.Equal((RecordType.Request, domid, local), (request.Type, request.RemoteDomain, request.LocalPort));
            requests.Accept(request.Message.Data);
            request.Type = RecordType.Response; // xend's default: the request itself, unchanged
            await SendByteByByteAsync(data, XcsRecord.Bytes(in request).ToArray());
            answered++;
        }

        requests.Check();

        // xend asks: a message of a type that the guest does not know is answered with length 0.
        ControlMessage shutdown = ControlMessage.Create(MessageType.Shutdown, 2, 77, "xx"u8);
        XcsRecord own = XcsRecord.ForMessage(RecordType.Request, domid, Garbage, shutdown);
        await SendByteByByteAsync(data, XcsRecord.Bytes(in own).ToArray());
        XcsRecord answer = await data.ReceiveAsync(Lab.Cancel);
        Assert.Equal((RecordType.Response, domid), (answer.Type, answer.RemoteDomain));
        Assert.Equal((MessageType.Shutdown, (byte)2, (byte)77, (byte)0),
            (answer.Message.Type, answer.Message.Subtype, answer.Message.Id, answer.Message.Length));

        Protocol.Operator.DomainEntry entry = await lab.ConnectedAsync("dom");
        Assert.Equal(((ulong)answered, (ulong)answered, 0), (entry.Requests, entry.Responses, entry.Unanswered));
        Assert.Equal(0UL, (await lab.StatusAsync()).AnsweredByDaemon);

        byte[] free = OnStack(RecordType.CloseInterface, domid);
        Put(free, 12, (uint)local);
        Put(free, 16, (uint)remote);
        AssertOk(await TradeAsync(control, free), RecordType.CloseInterface);
    }

    [Fact]
    public async Task Pdb_answers_a_request_with_a_request_and_dies_of_the_response()
    {
        await using Lab lab = await Lab.StartAsync(
            "--Switching:SessionWindow=0s", "--Switching:UnboundGrace=0s", "--Switching:ResponseTimeout=1h");
        await using GuestProgram guest = GuestProgram.Start(
            lab.Machine, new GuestOptions("dom", Classic: true), ["console", "--type", "11"]);
        uint domid = (await lab.ConnectedAsync("dom")).Domid;
        using (RecordSocket control = await RecordSocket.ConnectAsync(lab.Places.Classic, Lab.Cancel))
        using (RecordSocket data = await RecordSocket.ConnectAsync(lab.Places.Classic, Lab.Cancel))
        {
            byte[] reply = await TradeAsync(control, OnStack(RecordType.ConnectControl, 0));
            AssertOk(reply, RecordType.ConnectControl);
            ulong session = BinaryPrimitives.ReadUInt64LittleEndian(reply.AsSpan(8));
            AssertOk(await TradeAsync(data, OnStack(RecordType.ConnectData, session)), RecordType.ConnectData);
            byte[] bind = OnStack(RecordType.Bind, 0);
            PutBind(bind, ProtocolLimits.PortWildcard, (ushort)MessageType.Debug);
            AssertOk(await TradeAsync(control, bind), RecordType.Bind);

            await guest.WriteAsync("break", Lab.Cancel);
            XcsRecord request = await data.ReceiveAsync(Lab.Cancel);
            Assert.Equal((RecordType.Request, domid, MessageType.Debug), (request.Type, request.RemoteDomain, request.Message.Type));
            byte[] answer = OnStack(RecordType.Request, domid);
            ControlMessage command = ControlMessage.Create(MessageType.Debug, 0, 0, [1, 2, 3, 4]);
            XcsRecord filled = XcsRecord.ForMessage(RecordType.Request, domid, 0, command);
            XcsRecord.Bytes(in filled)[16..24].CopyTo(answer.AsSpan(16)); // four bytes of header, four valid ones
            await SendByteByByteAsync(data, answer);
            XcsRecord response = await data.ReceiveAsync(Lab.Cancel);
            Assert.Equal((RecordType.Response, MessageType.Debug, (byte)0), (response.Type, response.Message.Type, response.Message.Id));
        }

        // The guest's request was never answered by it: now somebody does.
        await OperatorQuery.WaitForListAsync(
            lab.Places.Console, list => list.Domains.Single() is { Requests: 1, Responses: 1, Unanswered: 0 }, "the answer", Lab.Cancel);
    }

    private static async Task<Protocol.Operator.DomainEntry> OperatorDomidAsync(Lab lab, string name)
    {
        Protocol.Operator.DomainList list = await OperatorQuery.WaitForListAsync(
            lab.Places.Console, list => list.Domains.Any(domain => domain.Name == name), name, Lab.Cancel);
        return list.Domains.First(domain => domain.Name == name);
    }

    /// <summary>A record as xu.c makes it: on the stack, only the needed fields filled in.</summary>
    private static byte[] OnStack(RecordType type, ulong firstField)
    {
        byte[] record = new byte[ProtocolLimits.RecordSize];
        Array.Fill(record, Garbage);
        Put(record, 0, (uint)type);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(8), firstField);
        return record;
    }

    private static void Put(byte[] record, int offset, uint value)
        => BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(offset), value);

    private static void PutBind(byte[] record, int port, ushort type)
    {
        Put(record, 0, (uint)RecordType.Bind);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(8), port);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(12), type);
    }

    private static void AssertOk(byte[] reply, RecordType type)
    {
        XcsRecord record = MemoryMarshal.Read<XcsRecord>(reply);
        Assert.Equal((type, RecordResult.Ok), (record.Type, record.Result));
    }

    private static async Task<byte[]> TradeAsync(RecordSocket socket, byte[] record)
    {
        await SendByteByByteAsync(socket, record);
        XcsRecord reply = await socket.ReceiveAsync(Lab.Cancel);
        return XcsRecord.Bytes(in reply).ToArray();
    }

    private static async Task SendByteByByteAsync(RecordSocket socket, byte[] record)
    {
        for (int i = 0; i < record.Length; i++)
        {
            await socket.SendBytesAsync(record.AsMemory(i, 1), Lab.Cancel);
        }
    }
}
