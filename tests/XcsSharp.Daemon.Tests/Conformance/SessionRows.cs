using System.Diagnostics;

using static XcsSharp.Daemon.Tests.Conformance.Row;

namespace XcsSharp.Daemon.Tests.Conformance;

/// <summary>Section 3: first records, echoes, and the life of a session.</summary>
internal static class SessionRows
{
    public static IEnumerable<Row> All =>
    [
        Same("3", "first CTRL with session 0: a new session, the record echoed with its id", New_session),
        Same("3", "first CTRL with the id of a session whose control is away: OK, bindings kept", Control_comes_back),
        Same("3", "first CTRL with an unknown id: 3", bench => Refused(bench, Wire.ConnectControl(0x12345678), Wire.BadSession)),
        Same("3", "first CTRL of a session whose control is there: 5, and the first one stays", bench => InUse(bench, control: true)),
        Same("3", "first DATA with the id of a session without data: OK", Data_attaches),
        Same("3", "first DATA with an unknown id: 3", bench => Refused(bench, Wire.ConnectToData(0x12345678), Wire.BadSession)),
        Same("3", "first DATA without a session: 3, for the id comes with the control connection", bench => Refused(bench, Wire.ConnectToData(0), Wire.BadSession)),
        Same("3", "first DATA of a session whose data is there: 5, and the first one stays", bench => InUse(bench, control: false)),
        Same("3", "first BYE: closed without a reply", First_goodbye),
        .. ((uint[])[3, 4, 5, 7, 8, 9, 10, 11, 12, 0xffffffff]).Select(type => Same(
            "3", $"first record of type {type}: echoed byte for byte, the client's result too", bench => FirstEcho(bench, type))),
        Differs("3", "a connection whose first record was no CTRL or DATA is closed after the echo", "B4", Closed_after_echo),
        Differs("3", "a connection that was refused is closed after the reply", "B4", Closed_after_refusal),
        Same("3", "a connection that says nothing is closed", Silent, "--Switching:FirstRecordTimeout=1s"),
        Same("3", "a connection that says half a record is closed", Half_said, "--Switching:FirstRecordTimeout=1s"),
        .. ((uint[])[0, 1, 2, 9, 10, 11, 12, 99, 0xffffffff]).Select(type => Same(
            "3", $"control: type {type} is echoed byte for byte and does nothing", bench => ControlEcho(bench, type))),
        Same("3", "control: records that come together are answered in order", Pipelined),
        Same("3", "either connection may drop and come back with the id while the other stays", Either_drops),
        Same("3", "responses and virtual interrupts while data is away are dropped", Dropped_while_away),
        Differs("3", "requests while data is away are kept and offered again", "design 4: all who got it are gone", Requests_while_away),
        Same("3", "both gone and back within the window: bindings are kept", Both_come_back),
        Same("3", "both gone for longer than the window: 3", Both_stay_away, "--Switching:SessionWindow=1s"),
        Differs("3", "split records are put together", "B12", Split),
    ];

    private static async Task New_session(Bench bench)
    {
        Connection control = await bench.ConnectAsync();
        byte[] connect = Wire.ConnectControl().Put(12, 0);
        byte[] reply = await control.AskAsync(connect);
        Assert.NotEqual(0u, reply.U32(8));
        Assert.Equal(connect.Replied(Wire.Ok).Put(8, reply.U32(8)), reply);
    }

    private static async Task Control_comes_back(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        client.Control.Dispose();
        await client.AttachControlAsync();
        await AssertServedAsync(bench, client);
        await client.UnbindAsync(Wire.AnyPort, Wire.AnyType);
        await bench.ExpectNothingAsync(client);
    }

    private static async Task Refused(Bench bench, byte[] record, uint result)
        => await (await bench.ConnectAsync()).ExpectAsync(record, result);

    private static async Task InUse(Bench bench, bool control)
    {
        Client client = await bench.BoundClientAsync();
        byte[] record = control ? Wire.ConnectControl(client.Session) : Wire.ConnectToData(client.Session);
        await Refused(bench, record, Wire.InUse);
        await AssertServedAsync(bench, client);
    }

    private static async Task Data_attaches(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        client.Data.Dispose();
        Connection data = await bench.ConnectAsync();
        byte[] connect = Wire.ConnectToData(client.Session).Put(12, 0);
        await data.ExpectAsync(connect, Wire.Ok);
    }

    private static async Task First_goodbye(Bench bench)
    {
        Connection connection = await bench.ConnectAsync();
        await connection.SendAsync(Wire.Record(Wire.Bye));
        await connection.ExpectEndAsync();
    }

    private static async Task FirstEcho(Bench bench, uint type)
    {
        Connection connection = await bench.ConnectAsync();
        byte[] record = Lab.Seeded("record").Take(0, Wire.RecordSize).Put(0, type);
        await connection.ExpectAsync(record, record);
    }

    private static async Task Closed_after_echo(Bench bench)
    {
        Connection connection = await bench.ConnectAsync();
        byte[] record = Wire.Bind(1, 1);
        await connection.ExpectAsync(record, record);
        await connection.ExpectEndAsync();
    }

    private static async Task Closed_after_refusal(Bench bench)
    {
        Client client = await bench.ClientAsync();
        foreach (byte[] record in (byte[][])[Wire.ConnectControl(1), Wire.ConnectToData(1), Wire.ConnectToData(client.Session)])
        {
            Connection connection = await bench.ConnectAsync();
            Assert.NotEqual(Wire.Ok, (await connection.AskAsync(record)).U32(4));
            await connection.ExpectEndAsync();
        }
    }

    private static async Task Silent(Bench bench) => await (await bench.ConnectAsync()).ExpectEndAsync();

    private static async Task Half_said(Bench bench)
    {
        Connection connection = await bench.ConnectAsync();
        await connection.SendAsync(new byte[10]);
        await connection.ExpectEndAsync();
    }

    private static async Task ControlEcho(Bench bench, uint type)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, _) = await bench.OpenGuestAsync(client);
        byte[] record = Lab.Seeded("record").Take(0, Wire.RecordSize).Put(0, type).Put(8, guest.Domid);
        await client.Control.ExpectAsync(record, record);
        await bench.ExpectNothingAsync(client);
        Assert.Equal((0u, 0u), (guest[RingGuest.RxRequests], guest[RingGuest.TxResponses]));
        await AssertServedAsync(bench, client);
    }

    private static async Task Pipelined(Bench bench)
    {
        Client client = await bench.ClientAsync();
        byte[][] records =
        [
            .. Enumerable.Range(0, 100).Select(i => (i % 4) switch
            {
                0 => Wire.Bind(i, 3),
                1 => Wire.Unbind(i, 3),
                2 => Wire.Record(12).Put(16, (uint)i).Put(4, Wire.Ok),
                _ => Wire.Close(4000, i),
            }),
        ];
        await client.Control.SendAsync(records.SelectMany(record => record).ToArray());
        foreach (byte[] record in records)
        {
            Assert.Equal(record.Replied(Wire.Ok), await client.Control.ReceiveAsync());
        }
    }

    private static async Task Either_drops(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        for (int i = 0; i < 3; i++)
        {
            await client.ReattachDataAsync();
            await AssertServedAsync(bench, client);
            client.Control.Dispose();
            await AssertServedAsync(bench, client, await bench.ClientAsync());
            await client.AttachControlAsync();
            await AssertServedAsync(bench, client);
        }
    }

    private static async Task Dropped_while_away(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        Client other = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(other);
        int virq = await other.BindVirqAsync(12);
        client.Data.Dispose();
        await other.RequestAsync(guest.Domid, Wire.Message(6, 1));
        await guest.RequestAsync(1);
        guest.Answer(Wire.Message(6, 1));
        await other.Data.ExpectPushAsync(Wire.Response, guest.Domid, port, Wire.Message(6, 1));
        await bench.Lab.Machine.CommandAsync(Lab.Cancel, "virq", "12");
        await other.Data.ExpectVirqAsync(virq);

        await client.AttachDataAsync();
        await bench.ExpectNothingAsync(client, other);
    }

    private static async Task Requests_while_away(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        client.Data.Dispose();
        await bench.WaitForAsync(list => true, "a turn of the daemon");
        guest.Ask(Wire.Message(3, 1));
        await client.AttachDataAsync();
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, 1));
        await client.RespondAsync(guest.Domid, Wire.Message(3, 1));
        Assert.Equal(Wire.Message(3, 1), await guest.AnswerAsync(1));
    }

    private static async Task Both_come_back(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        client.Dispose();
        await client.AttachControlAsync();
        await client.AttachDataAsync();
        await AssertServedAsync(bench, client);
        client.Dispose();
        await client.AttachDataAsync();
        await client.AttachControlAsync();
        await AssertServedAsync(bench, client);
    }

    private static async Task Both_stay_away(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        long start = Stopwatch.GetTimestamp();
        client.Dispose();
        await bench.WaitForSessionsAsync(0);
        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromSeconds(1), "the window was too short");
        await Refused(bench, Wire.ConnectControl(client.Session), Wire.BadSession);
        await Refused(bench, Wire.ConnectToData(client.Session), Wire.BadSession);
    }

    private static async Task Split(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, _) = await bench.OpenGuestAsync(client);
        byte[] own = Wire.ToGuest(Wire.Request, guest.Domid, Wire.Message(6, 1));
        await client.Data.SendAsync(own.AsMemory(0, 33));
        byte[] bind = Wire.Bind(7, 7);
        await client.Control.SendAsync(bind.AsMemory(0, 40));
        await AssertServedAsync(bench, await bench.BoundClientAsync());
        await client.Data.SendAsync(own.AsMemory(33));
        await client.Control.SendAsync(bind.AsMemory(40));
        Assert.Equal(bind.Replied(Wire.Ok), await client.Control.ReceiveAsync());
        Assert.Equal(Wire.Message(6, 1), await guest.RequestAsync(1));
    }

    /// <summary>The session gets what a guest asks, and its answer reaches the guest.</summary>
    private static async Task AssertServedAsync(Bench bench, Client client, Client? opener = null)
    {
        (RingGuest guest, int port) = await bench.OpenGuestAsync(opener ?? client);
        byte[] request = Wire.Message(3, 42);
        guest.Ask(request);
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, request);
        await client.RespondAsync(guest.Domid, Wire.AnswerTo(request));
        Assert.Equal(Wire.AnswerTo(request), await guest.AnswerAsync(1));
    }
}
