using System.Runtime.InteropServices;
using System.Text;

using XcsSharp.Protocol;

namespace XcsSharp.Client.Tests;

public sealed class XcsSessionTests : IDisposable
{
    private readonly ScriptedServer _server = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task Connecting_sends_the_two_greetings_with_nothing_else_in_them()
    {
        Task<XcsSession> connecting = XcsSession.ConnectAsync(_server.Path, cancel: Cancel);
        using ServerConnection control = await _server.AcceptAsync(Cancel);
        byte[] hello = await control.ReceiveBytesAsync(ProtocolLimits.RecordSize, Cancel);
        Assert.All(hello, b => Assert.Equal(0, b));
        await control.SendAsync(new XcsRecord { Type = RecordType.ConnectControl, SessionId = 77 }, Cancel);

        using ServerConnection data = await _server.AcceptAsync(Cancel);
        byte[] second = await data.ReceiveBytesAsync(ProtocolLimits.RecordSize, Cancel);
        XcsRecord expected = new() { Type = RecordType.ConnectData, SessionId = 77 };
        Assert.Equal(XcsRecord.Bytes(in expected), second);
        await data.SendAsync(expected, Cancel);

        await using XcsSession session = await connecting;
        Assert.Equal(77u, session.Id);
    }

    [Fact]
    public async Task A_saved_id_is_sent_on_both_connections()
    {
        Task<XcsSession> connecting = XcsSession.ConnectAsync(_server.Path, savedId: 1234, Cancel);
        using ServerConnection control = await _server.AcceptAsync(Cancel);
        XcsRecord hello = await control.ReceiveAsync(Cancel);
        Assert.Equal((RecordType.ConnectControl, 1234UL), (hello.Type, hello.SessionId));
        await control.SendAsync(hello, Cancel);
        using ServerConnection data = await _server.AcceptAsync(Cancel);
        XcsRecord second = await data.ReceiveAsync(Cancel);
        Assert.Equal((RecordType.ConnectData, 1234UL), (second.Type, second.SessionId));
        await data.SendAsync(second, Cancel);
        await (await connecting).DisposeAsync();
    }

    [Theory]
    [InlineData(RecordResult.Failed)]
    [InlineData(RecordResult.AlreadyConnected)]
    [InlineData(RecordResult.BadSession)]
    [InlineData(RecordResult.NoSession)]
    [InlineData(RecordResult.ConnectionInUse)]
    [InlineData(RecordResult.BadRequest)]
    [InlineData((RecordResult)99)]
    public async Task Each_refusal_of_each_operation_is_an_exception_with_its_result(RecordResult result)
    {
        // Greeting of the control connection.
        Task<XcsSession> refused = XcsSession.ConnectAsync(_server.Path, 5, Cancel);
        using (ServerConnection control = await _server.AcceptAsync(Cancel))
        {
            await RefuseAsync(control, result);
            await CheckAsync(RecordType.ConnectControl, result, refused);
            await control.WaitForEndAsync(Cancel);
        }

        // Greeting of the data connection.
        refused = XcsSession.ConnectAsync(_server.Path, 0, Cancel);
        using (ServerConnection control = await _server.AcceptAsync(Cancel))
        {
            await control.SendAsync(await control.ReceiveAsync(Cancel), Cancel);
            using ServerConnection data = await _server.AcceptAsync(Cancel);
            await RefuseAsync(data, result);
            await CheckAsync(RecordType.ConnectData, result, refused);
            await control.WaitForEndAsync(Cancel);
        }

        // Everything on the control connection; the session survives each.
        (XcsSession session, ServerConnection asked, ServerConnection other) = await ConnectAsync();
        (RecordType, Func<Task>)[] operations =
        [
            (RecordType.Bind, () => session.BindAsync(7, 1, Cancel)),
            (RecordType.Unbind, () => session.UnbindAsync(7, 1, Cancel)),
            (RecordType.OpenInterface, () => session.OpenInterfaceAsync(3, cancel: Cancel)),
            (RecordType.CloseInterface, () => session.CloseInterfaceAsync(3, new InterfacePorts(1, 1), Cancel)),
            (RecordType.VirqBind, () => session.BindVirqAsync(3, Cancel)),
        ];
        foreach ((RecordType type, Func<Task> operation) in operations)
        {
            Task running = operation();
            await RefuseAsync(asked, result);
            await CheckAsync(type, result, running);
        }

        await CloseAsync(session, asked, other);
    }

    [Fact]
    public async Task Control_operations_fill_their_fields_and_give_back_what_the_reply_holds()
    {
        (XcsSession session, ServerConnection control, ServerConnection data) = await ConnectAsync();

        Task bind = session.BindAsync(cancel: Cancel);
        XcsRecord asked = await control.ReceiveAsync(Cancel);
        Assert.Equal(
            (RecordType.Bind, ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard),
            (asked.Type, asked.BindPort, asked.BindType));
        await control.SendAsync(asked, Cancel);
        await bind;

        Task<InterfacePorts> open = session.OpenInterfaceAsync(12, 0, 1, Cancel);
        asked = await control.ReceiveAsync(Cancel);
        Assert.Equal((12u, 0, 1), (asked.InterfaceDomain, asked.InterfaceLocalPort, asked.InterfaceRemotePort));
        asked.InterfaceLocalPort = 31;
        await control.SendAsync(asked, Cancel);
        Assert.Equal(new InterfacePorts(31, 1), await open);

        Task close = session.CloseInterfaceAsync(12, new InterfacePorts(31, 1), Cancel);
        asked = await control.ReceiveAsync(Cancel);
        Assert.Equal(
            (RecordType.CloseInterface, 12u, 31, 1),
            (asked.Type, asked.InterfaceDomain, asked.InterfaceLocalPort, asked.InterfaceRemotePort));
        await control.SendAsync(asked, Cancel);
        await close;

        Task<int> virq = session.BindVirqAsync(3, Cancel);
        asked = await control.ReceiveAsync(Cancel);
        Assert.Equal((RecordType.VirqBind, (ushort)3), (asked.Type, asked.Virq));
        asked.VirqPort = 19;
        await control.SendAsync(asked, Cancel);
        Assert.Equal(19, await virq);
        await CloseAsync(session, control, data);
    }

    [Fact]
    public async Task A_reply_of_another_type_is_named_for_what_it_is()
    {
        Task<XcsSession> connecting = XcsSession.ConnectAsync(_server.Path, cancel: Cancel);
        using ServerConnection control = await _server.AcceptAsync(Cancel);
        await control.ReceiveAsync(Cancel);
        await control.SendAsync(Encoding.ASCII.GetBytes(new string('E', ProtocolLimits.RecordSize)), Cancel);
        await Assert.ThrowsAsync<XcsProtocolException>(() => connecting);
    }

    [Fact]
    public async Task Giving_up_on_a_reply_does_not_give_it_to_the_next_one_who_asks()
    {
        (XcsSession session, ServerConnection control, ServerConnection data) = await ConnectAsync();
        using CancellationTokenSource impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task<int> first = session.BindVirqAsync(1, impatient.Token);
        XcsRecord asked = await control.ReceiveAsync(Cancel);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        Task<int> second = session.BindVirqAsync(2, Cancel);
        XcsRecord askedNext = await control.ReceiveAsync(Cancel);
        asked.VirqPort = 11;
        askedNext.VirqPort = 22;
        await control.SendAsync(asked, Cancel);
        await control.SendAsync(askedNext, Cancel);
        Assert.Equal(22, await second);
        await CloseAsync(session, control, data);
    }

    [Fact]
    public async Task Control_operations_at_once_are_done_one_after_the_other()
    {
        (XcsSession session, ServerConnection control, ServerConnection data) = await ConnectAsync();
        Task<int>[] asking = [.. Enumerable.Range(0, 20).Select(i => session.BindVirqAsync((ushort)i, Cancel))];
        for (int i = 0; i < asking.Length; i++)
        {
            XcsRecord asked = await control.ReceiveAsync(Cancel);
            asked.VirqPort = asked.Virq + 100;
            await control.SendAsync(asked, Cancel);
        }

        int[] ports = await Task.WhenAll(asking);
        Assert.Equal(Enumerable.Range(100, 20), ports);
        await CloseAsync(session, control, data);
    }

    [Fact]
    public async Task Records_cut_at_any_byte_are_joined_again()
    {
        const int Records = 500;
        (XcsSession session, ServerConnection control, ServerConnection data) = await ConnectAsync();
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        byte[] all = MemoryMarshal.AsBytes(NumberedRequests(Records).AsSpan()).ToArray();
        Task sending = Task.Run(
            async () =>
            {
                for (int at = 0; at < all.Length;)
                {
                    int piece = Math.Min(all.Length - at, random.Next(4) == 0 ? random.Next(1, 2000) : random.Next(1, 100));
                    await data.SendAsync(all.AsMemory(at, piece), Cancel);
                    at += piece;
                }

                data.Dispose();
            },
            Cancel);
        int next = 0;
        await foreach (XcsRecord record in session.ReadAsync(Cancel))
        {
            Assert.Equal((uint)next, record.RemoteDomain);
            Assert.Equal(Payload(next), Encoding.ASCII.GetString(record.Message.Data));
            next++;
        }

        Assert.Equal(Records, next);
        await sending;
        await CloseAsync(session, control, data);
    }

    [Fact]
    public async Task A_batch_takes_what_is_there_and_leaves_the_rest_for_the_next()
    {
        (XcsSession session, ServerConnection control, ServerConnection data) = await ConnectAsync();
        await data.SendAsync(MemoryMarshal.AsBytes(NumberedRequests(10).AsSpan()).ToArray(), Cancel);
        XcsRecord[] batch = new XcsRecord[4];
        List<uint> seen = [];
        while (seen.Count < 10)
        {
            int count = await session.ReceiveAsync(batch, Cancel);
            Assert.InRange(count, 1, 4);
            seen.AddRange(batch.Take(count).Select(record => record.RemoteDomain));
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(i => (uint)i), seen);
        await CloseAsync(session, control, data);
    }

    [Fact]
    public async Task Cancelling_a_receive_loses_nothing()
    {
        (XcsSession session, ServerConnection control, ServerConnection data) = await ConnectAsync();
        XcsRecord record = NumberedRequests(1)[0];
        byte[] bytes = XcsRecord.Bytes(in record).ToArray();
        await data.SendAsync(bytes.AsMemory(0, 33), Cancel);

        using CancellationTokenSource impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        ValueTask<int> first = session.ReceiveAsync(new XcsRecord[1], impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.AsTask());

        await data.SendAsync(bytes.AsMemory(33), Cancel);
        XcsRecord[] got = new XcsRecord[1];
        Assert.Equal(1, await session.ReceiveAsync(got, Cancel));
        Assert.Equal(bytes, XcsRecord.Bytes(in got[0]));
        await CloseAsync(session, control, data);
    }

    [Fact]
    public async Task The_end_between_records_is_an_end_and_inside_a_record_an_error()
    {
        (XcsSession session, ServerConnection control, ServerConnection data) = await ConnectAsync();
        data.Dispose();
        Assert.Equal(0, await session.ReceiveAsync(new XcsRecord[1], Cancel));
        await CloseAsync(session, control, data);

        (session, control, data) = await ConnectAsync();
        await data.SendAsync(new byte[79], Cancel);
        data.Dispose();
        await Assert.ThrowsAsync<XcsDisconnectedException>(
            () => session.ReceiveAsync(new XcsRecord[1], Cancel).AsTask());
        await CloseAsync(session, control, data);
    }

    [Fact]
    public async Task Two_receivers_at_once_are_a_programming_error()
    {
        (XcsSession session, ServerConnection control, ServerConnection data) = await ConnectAsync();
        ValueTask<int> first = session.ReceiveAsync(new XcsRecord[1], Cancel);
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => session.ReceiveAsync(new XcsRecord[1], Cancel).AsTask());
        await data.SendAsync(NumberedRequests(1)[0], Cancel);
        Assert.Equal(1, await first);
        await CloseAsync(session, control, data);
    }

    [Fact]
    public async Task Disposing_ends_a_receive_that_waits()
    {
        (XcsSession session, ServerConnection control, ServerConnection data) = await ConnectAsync();
        Task<int> waiting = session.ReceiveAsync(new XcsRecord[1], Cancel).AsTask();
        await session.DisposeAsync();
        Assert.Equal(0, await waiting.WaitAsync(TimeSpan.FromSeconds(20), Cancel));
        await CloseAsync(session, control, data);
    }

    [Fact]
    public async Task Answers_repeat_the_request_and_requests_carry_their_domain()
    {
        (XcsSession session, ServerConnection control, ServerConnection data) = await ConnectAsync();
        XcsRecord request = XcsRecord.ForMessage(
            RecordType.Request, 9, 17, ControlMessage.Create(MessageType.BlockFrontEnd, 4, 201, "payload"u8));

        await session.RespondAsync(request, Cancel);
        XcsRecord answer = await data.ReceiveAsync(Cancel);
        XcsRecord expected = XcsRecord.ForMessage(
            RecordType.Response, 9, 17, ControlMessage.Create(MessageType.BlockFrontEnd, 4, 201, []));
        Assert.Equal(XcsRecord.Bytes(in expected), XcsRecord.Bytes(in answer));

        XcsRecord notToBeAnswered = request;
        notToBeAnswered.Type = RecordType.Response;
        await session.RespondAsync((XcsRecord[])[request, notToBeAnswered, request], Cancel);
        for (int i = 0; i < 2; i++)
        {
            answer = await data.ReceiveAsync(Cancel);
            Assert.Equal(XcsRecord.Bytes(in expected), XcsRecord.Bytes(in answer));
        }

        await session.SendRequestAsync(9, ControlMessage.Create(MessageType.Console, 0, 1, "ls\n"u8), Cancel);
        XcsRecord sent = await data.ReceiveAsync(Cancel);
        Assert.Equal((RecordType.Request, 9u, (byte)1), (sent.Type, sent.RemoteDomain, sent.Message.Id));
        Assert.Equal("ls\n"u8, sent.Message.Data);

        await session.NotifyVirqAsync(19, Cancel);
        sent = await data.ReceiveAsync(Cancel);
        Assert.Equal((RecordType.Virq, 19), (sent.Type, sent.LocalPort));
        await CloseAsync(session, control, data);
    }

    [Fact]
    public async Task Sends_of_many_callers_never_mix_inside_a_record()
    {
        const int Callers = 8;
        const int Each = 200;
        (XcsSession session, ServerConnection control, ServerConnection data) = await ConnectAsync();
        Task[] sending = [.. Enumerable.Range(0, Callers).Select(caller => Task.Run(
            async () =>
            {
                for (int i = 0; i < Each; i++)
                {
                    byte[] payload = [.. Enumerable.Repeat((byte)caller, 60)];
                    await session.SendRequestAsync(
                        (uint)caller, ControlMessage.Create(MessageType.Console, 0, (byte)i, payload), Cancel);
                }
            },
            Cancel))];
        int[] next = new int[Callers];
        for (int i = 0; i < Callers * Each; i++)
        {
            XcsRecord record = await data.ReceiveAsync(Cancel);
            Assert.All(record.Message.Data.ToArray(), b => Assert.Equal(record.RemoteDomain, b));
            Assert.Equal((byte)next[record.RemoteDomain]++, record.Message.Id);
        }

        await Task.WhenAll(sending);
        await CloseAsync(session, control, data);
    }

    [Fact]
    public async Task Cancelling_a_send_in_the_middle_closes_the_session()
    {
        (XcsSession session, ServerConnection control, ServerConnection data) = await ConnectAsync();
        using CancellationTokenSource impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        // Nobody reads: a few megabytes do not fit anywhere.
        ValueTask sending = session.SendAsync(NumberedRequests(100_000), impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.AsTask());
        await control.WaitForEndAsync(Cancel);
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => session.SendAsync(NumberedRequests(1), Cancel).AsTask());
        await CloseAsync(session, control, data);
    }

    [Fact]
    public async Task A_daemon_that_has_gone_is_told_apart_from_one_that_refuses()
    {
        (XcsSession session, ServerConnection control, ServerConnection data) = await ConnectAsync();
        control.Dispose();
        await Assert.ThrowsAsync<XcsDisconnectedException>(() => session.BindAsync(cancel: Cancel));
        data.Dispose();
        await Assert.ThrowsAsync<XcsDisconnectedException>(
            () => session.SendAsync(NumberedRequests(1), Cancel).AsTask());
        await CloseAsync(session, control, data);
    }

    private static XcsRecord[] NumberedRequests(int count)
        => [.. Enumerable.Range(0, count).Select(i => XcsRecord.ForMessage(
            RecordType.Request,
            (uint)i,
            7,
            ControlMessage.Create(MessageType.Console, 0, (byte)i, Encoding.ASCII.GetBytes(Payload(i)))))];

    private static string Payload(int i) => $"message {i}";

    private static async Task RefuseAsync(ServerConnection connection, RecordResult result)
    {
        XcsRecord asked = await connection.ReceiveAsync(Cancel);
        asked.Result = result;
        await connection.SendAsync(asked, Cancel);
    }

    private static async Task CheckAsync(RecordType type, RecordResult result, Task refused)
    {
        XcsRefusedException refusal = await Assert.ThrowsAsync<XcsRefusedException>(() => refused);
        Assert.Equal((type, result), (refusal.Operation, refusal.Result));
        Assert.Contains("was refused", refusal.Message, StringComparison.Ordinal);
    }

    private async Task<(XcsSession Session, ServerConnection Control, ServerConnection Data)> ConnectAsync()
    {
        Task<(ServerConnection Control, ServerConnection Data)> greeting = _server.GreetAsync(42, Cancel);
        XcsSession session = await XcsSession.ConnectAsync(_server.Path, cancel: Cancel);
        (ServerConnection control, ServerConnection data) = await greeting;
        return (session, control, data);
    }

    private static async Task CloseAsync(XcsSession session, ServerConnection control, ServerConnection data)
    {
        await session.DisposeAsync();
        control.Dispose();
        data.Dispose();
    }
}
