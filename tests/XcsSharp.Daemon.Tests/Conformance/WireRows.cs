using Mono.Unix.Native;

using static XcsSharp.Daemon.Tests.Conformance.Row;

namespace XcsSharp.Daemon.Tests.Conformance;

/// <summary>Section 1: the record, its fields and what nobody may look at.</summary>
internal static class WireRows
{
    public static IEnumerable<Row> All =>
    [
        Same("1", "a record is 80 bytes, and so is its reply, with nothing between them", Records_are_80_bytes),
        Same("1", "connect.session_id of 4 bytes: what is in the upper four is not looked at", bench => Attach(bench, 0xdeadbeef)),
        Same("1", "connect.session_id of 8 bytes: the upper four are 0", bench => Attach(bench, 0)),
        Same("1", "a new session of a client with an id of 4 bytes: its upper four are garbage", New_session_with_garbage),
        Same("1", "an unknown id is unknown in its low half, whatever the upper one is", Unknown_id),
        Differs("1", "a session's id is above 0 and below 2^31, and its upper half is sent as 0", "B21", Ids_fit_everywhere),
        .. Bindings(),
        Differs("1", "VIRQ and result carry no byte of the daemon's memory", "B7", Pushed_bytes_are_ours),
        Same("1", "REQUEST: result, local_port and what is beyond the length are not looked at", Garbage_in_requests),
        Same("1", "RESPONSE: result, local_port and what is beyond the length are not looked at", Garbage_in_responses),
        Same("1", "a probe of the toolstack connects and closes: nothing happens", A_probe),
        Same("1", "SIGTERM ends it with 0", bench => Ends(bench, Signum.SIGTERM), "--Switching:SessionWindow=0s"),
        Same("1", "SIGINT ends it with 0", bench => Ends(bench, Signum.SIGINT), "--Switching:SessionWindow=0s"),
        Differs("1", "SIGHUP opens the logs anew and ends nothing", "log rotation", Hang_up_ends_nothing, "--Switching:SessionWindow=0s"),
    ];

    private static IEnumerable<Row> Bindings()
    {
        (int Port, int Type, uint Result)[] same =
        [
            (-1, 0, Wire.BadRequest), (16, 256, Wire.BadRequest), (16, 0xfffd, Wire.BadRequest),
            (unchecked((int)0xeffffffe), 0, Wire.BadRequest), (int.MinValue, 0, Wire.BadRequest),
            (16, 0xfffe, Wire.Ok), (Wire.AnyPort, 0xfffe, Wire.Ok), (1023, 255, Wire.Ok), (0, 0, Wire.Ok),
            (16, 0xffff, Wire.Ok), (Wire.AnyPort, 0xffff, Wire.Ok), (Wire.AnyPort, 0, Wire.Ok),
        ];
        foreach ((int port, int type, uint result) in same)
        {
            yield return Same("1", $"BIND ({port}, {type}) gives {result}, with garbage in the padding", bench => Bind(bench, port, type, result));
        }

        foreach ((int port, uint result) in new[] { (1024, Wire.Ok), (131_071, Wire.Ok), (131_072, Wire.BadRequest) })
        {
            yield return Differs(
                "1", $"BIND ({port}, 0) gives {result}", "ports go to 2^17 today", bench => Bind(bench, port, 0, result));
        }
    }

    private static async Task Bind(Bench bench, int port, int type, uint result)
    {
        Client client = await bench.ClientAsync();
        await client.Control.ExpectAsync(Wire.Bind(port, (ushort)type), result);
        await client.Control.ExpectAsync(Wire.Unbind(port, (ushort)type), result);
    }

    private static async Task Records_are_80_bytes(Bench bench)
    {
        Client client = await bench.ClientAsync();
        byte[] first = Wire.Bind(1, 1);
        byte[] second = Wire.Unbind(2, 2);
        await client.Control.SendAsync((byte[])[.. first, .. second]);
        Assert.Equal(first.Replied(Wire.Ok), await client.Control.ReceiveAsync());
        Assert.Equal(second.Replied(Wire.Ok), await client.Control.ReceiveAsync());
    }

    private static async Task Attach(Bench bench, uint upper)
    {
        Client client = await bench.ClientAsync();
        client.Data.Dispose();
        Connection data = await bench.ConnectAsync();
        byte[] connect = Wire.ConnectToData(client.Session).Put(12, upper);
        await data.ExpectAsync(connect, connect.Replied(Wire.Ok).Put(12, 0));

        client.Control.Dispose();
        Connection control = await bench.ConnectAsync();
        connect = Wire.ConnectControl(client.Session).Put(12, upper);
        await control.ExpectAsync(connect, connect.Replied(Wire.Ok).Put(12, 0));
    }

    private static async Task New_session_with_garbage(Bench bench)
    {
        Connection control = await bench.ConnectAsync();
        byte[] connect = Wire.ConnectControl();
        Assert.Equal(Wire.Garbage, connect[12]);
        byte[] reply = await control.AskAsync(connect);
        Assert.Equal(connect.Replied(Wire.Ok).Put(8, reply.U32(8)).Put(12, 0), reply);
    }

    private static async Task Unknown_id(Bench bench)
    {
        Client client = await bench.ClientAsync();
        Connection data = await bench.ConnectAsync();

        // The id is in the wrong half: whoever compared all eight bytes and whoever only these would both be wrong.
        await data.ExpectAsync(Wire.ConnectToData(client.Session ^ 1).Put(12, client.Session), Wire.BadSession);
    }

    private static async Task Ids_fit_everywhere(Bench bench)
    {
        HashSet<uint> ids = [];
        for (int i = 0; i < 8; i++)
        {
            byte[] reply = await (await bench.ConnectAsync()).AskAsync(Wire.ConnectControl());
            Assert.InRange(reply.U32(8), 1u, (uint)int.MaxValue);
            Assert.Equal(0u, reply.U32(12));
            Assert.True(ids.Add(reply.U32(8)));
        }
    }

    private static async Task Pushed_bytes_are_ours(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        guest.Ask(Wire.Message(5, 1));
        byte[] request = await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(5, 1));
        Assert.Equal(0u, request.U32(4));

        int virq = await client.BindVirqAsync(11);
        await bench.Lab.Machine.CommandAsync(Lab.Cancel, "virq", "11");
        byte[] expected = new byte[Wire.RecordSize].Put(0, Wire.Virq).Put(12, (uint)virq);
        Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(await client.Data.ExpectVirqAsync(virq)));
    }

    private static async Task Garbage_in_requests(Bench bench)
    {
        Client client = await bench.ClientAsync();
        (RingGuest guest, _) = await bench.OpenGuestAsync(client);
        byte[] message = Wire.Message(2, 7, length: 3);
        byte[] record = Wire.ToGuest(Wire.Request, guest.Domid, message);
        Assert.Equal((0xA5A5A5A5u, 0xA5A5A5A5u), (record.U32(4), record.U32(12)));
        await client.Data.SendAsync(record);
        Assert.Equal(message, await guest.RequestAsync(1));
    }

    private static async Task Garbage_in_responses(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        byte[] request = Wire.Message(2, 7);
        guest.Ask(request);
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, request);
        byte[] answer = Wire.AnswerTo(request, length: 3);
        await client.RespondAsync(guest.Domid, answer);
        Assert.Equal(answer, await guest.AnswerAsync(1));
    }

    private static async Task A_probe(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        for (int i = 0; i < 20; i++)
        {
            (await bench.ConnectAsync()).Dispose();
        }

        await bench.ExpectNothingAsync(client);
    }

    private static async Task Ends(Bench bench, Signum signal)
    {
        Lab lab = bench.Lab;
        Client client = await bench.BoundClientAsync();
        lab.Daemon.Process.Signal(signal);
        Assert.Equal(0, await lab.Daemon.Process.WaitAsync(Lab.Cancel));
        await client.Control.ExpectEndAsync();
        await client.Data.ExpectEndAsync();

        // The original left its socket file behind; here the path is free again.
        Assert.False(File.Exists(lab.Places.Classic));
        await lab.RestartAsync();
    }

    private static async Task Hang_up_ends_nothing(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        bench.Lab.Daemon.Process.Signal(Signum.SIGHUP);
        await bench.ExpectNothingAsync(client);
        Assert.False(bench.Lab.Daemon.Process.HasExited);
    }
}
