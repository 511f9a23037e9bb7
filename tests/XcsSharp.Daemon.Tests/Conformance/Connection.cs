using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests.Conformance;

/// <summary>One connection of a client: bytes there, bytes back.</summary>
internal sealed class Connection(RecordSocket socket) : IDisposable
{
    public static async Task<Connection> OpenAsync(Lab lab)
        => new(await RecordSocket.ConnectAsync(lab.Places.Classic, Lab.Cancel));

    public Task SendAsync(ReadOnlyMemory<byte> bytes) => socket.SendBytesAsync(bytes, Lab.Cancel);

    /// <summary>The next 80 bytes.</summary>
    public async Task<byte[]> ReceiveAsync() => (await socket.ReceiveAsync(Lab.Cancel)).Bytes();

    public async Task<byte[]> AskAsync(byte[] record)
    {
        await SendAsync(record);
        return await ReceiveAsync();
    }

    /// <summary>Sends a record and compares all 80 bytes of the reply.</summary>
    public async Task ExpectAsync(byte[] record, byte[] reply)
        => Assert.Equal(Convert.ToHexString(reply), Convert.ToHexString(await AskAsync(record)));

    /// <summary>The reply is the record with this result, and every other byte as it was sent.</summary>
    public Task ExpectAsync(byte[] record, uint result) => ExpectAsync(record, record.Replied(result));

    /// <summary>A pushed message. Its <c>result</c> is masked (spec section 8).</summary>
    public async Task<byte[]> ExpectPushAsync(uint type, uint domid, int port, byte[] message)
    {
        byte[] record = await ReceiveAsync();
        Assert.Equal((type, domid, port), (record.U32(0), record.U32(8), record.I32(12)));
        Assert.Equal(Convert.ToHexString(message), Convert.ToHexString(record.MessageOf()));
        return record;
    }

    /// <summary>A pushed virtual interrupt. All but type and port is masked (spec section 8).</summary>
    public async Task<byte[]> ExpectVirqAsync(int port)
    {
        byte[] record = await ReceiveAsync();
        Assert.Equal((Wire.Virq, port), (record.U32(0), record.I32(12)));
        return record;
    }

    /// <summary>The next that comes is the end of the stream.</summary>
    public async Task ExpectEndAsync() => Assert.Null(await socket.TryReceiveAsync(Lab.Cancel));

    public void Dispose() => socket.Dispose();
}

/// <summary>A client with both of its connections.</summary>
internal sealed class Client(Lab lab, Connection control, Connection data, uint session) : IDisposable
{
    public Connection Control { get; private set; } = control;

    public Connection Data { get; private set; } = data;

    public uint Session { get; } = session;

    public static async Task<Client> ConnectAsync(Lab lab)
    {
        Connection control = await Connection.OpenAsync(lab);
        byte[] reply = await control.AskAsync(Wire.ConnectControl());
        Assert.Equal((Wire.ConnectCtrl, Wire.Ok), (reply.U32(0), reply.U32(4)));
        Connection data = await Connection.OpenAsync(lab);
        Client client = new(lab, control, data, reply.U32(8));
        Assert.Equal(Wire.Ok, (await data.AskAsync(Wire.ConnectToData(client.Session))).U32(4));
        return client;
    }

    public Task BindAsync(int port = Wire.AnyPort, ushort type = Wire.AnyType)
        => Control.ExpectAsync(Wire.Bind(port, type), Wire.Ok);

    public Task UnbindAsync(int port, ushort type) => Control.ExpectAsync(Wire.Unbind(port, type), Wire.Ok);

    /// <returns>The port.</returns>
    public async Task<int> BindVirqAsync(ushort virq)
    {
        byte[] ask = Wire.BindVirq(virq);
        byte[] reply = await Control.AskAsync(ask);
        Assert.Equal(Convert.ToHexString(ask.Replied(Wire.Ok).Put(8, reply.U32(8))), Convert.ToHexString(reply));
        Assert.InRange(reply.I32(8), 1, 131_071);
        return reply.I32(8);
    }

    /// <summary>NEW_CC that must succeed.</summary>
    /// <returns>dom0's port.</returns>
    public async Task<int> OpenAsync(uint domid, int local = 0, int remote = 1)
    {
        byte[] ask = Wire.Open(domid, local, remote);
        byte[] reply = await Control.AskAsync(ask);

        // Only the two ports and the result may differ from what was sent.
        byte[] expected = ask.Replied(Wire.Ok).Put(12, reply.U32(12)).Put(16, reply.U32(16));
        Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(reply));
        Assert.InRange(reply.I32(12), 1, 131_071);
        Assert.Equal(1, reply.I32(16));
        return reply.I32(12);
    }

    public Task RequestAsync(uint domid, byte[] message) => Data.SendAsync(Wire.ToGuest(Wire.Request, domid, message));

    public Task RespondAsync(uint domid, byte[] message) => Data.SendAsync(Wire.ToGuest(Wire.Response, domid, message));

    public async Task ReattachDataAsync()
    {
        Data.Dispose();
        await AttachDataAsync();
    }

    public async Task AttachDataAsync()
    {
        Data = await Connection.OpenAsync(lab);
        Assert.Equal(Wire.Ok, (await Data.AskAsync(Wire.ConnectToData(Session))).U32(4));
    }

    public async Task AttachControlAsync()
    {
        Control = await Connection.OpenAsync(lab);
        Assert.Equal(Wire.Ok, (await Control.AskAsync(Wire.ConnectControl(Session))).U32(4));
    }

    public void Dispose()
    {
        Control.Dispose();
        Data.Dispose();
    }
}
