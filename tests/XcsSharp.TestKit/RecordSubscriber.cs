using XcsSharp.Protocol;

namespace XcsSharp.TestKit;

/// <summary>A session made by hand: a control and a data connection, as every client of 2005 has them.</summary>
public sealed class RecordSubscriber : IDisposable
{
    private RecordSubscriber(RecordSocket control, RecordSocket data, ulong session)
    {
        Control = control;
        Data = data;
        Session = session;
    }

    public RecordSocket Control { get; }

    public RecordSocket Data { get; }

    public ulong Session { get; }

    public static async Task<RecordSubscriber> ConnectAsync(
        string path, CancellationToken cancel, int? receiveBuffer = null)
    {
        RecordSocket control = await RecordSocket.ConnectAsync(path, cancel);
        RecordSocket? data = null;
        try
        {
            XcsRecord reply = await control.AskAsync(new XcsRecord { Type = RecordType.ConnectControl }, cancel);
            Expect(reply, RecordType.ConnectControl);
            data = await RecordSocket.ConnectAsync(path, cancel, receiveBuffer);
            Expect(
                await data.AskAsync(
                    new XcsRecord { Type = RecordType.ConnectData, SessionId = reply.SessionId }, cancel),
                RecordType.ConnectData);
            return new RecordSubscriber(control, data, reply.SessionId);
        }
        catch
        {
            control.Dispose();
            data?.Dispose();
            throw;
        }
    }

    public async Task BindAsync(
        CancellationToken cancel, int port = ProtocolLimits.PortWildcard, ushort type = ProtocolLimits.TypeWildcard)
        => Expect(
            await Control.AskAsync(new XcsRecord { Type = RecordType.Bind, BindPort = port, BindType = type }, cancel),
            RecordType.Bind);

    /// <summary>The next record of that type; others are passed over.</summary>
    public async Task<XcsRecord> ReceiveAsync(RecordType type, CancellationToken cancel)
    {
        while (true)
        {
            XcsRecord record = await Data.ReceiveAsync(cancel);
            if (record.Type == type)
            {
                return record;
            }
        }
    }

    /// <summary>The next request is taken, then answered as it came.</summary>
    public async Task AnswerAsync(Action<XcsRecord> take, CancellationToken cancel)
    {
        XcsRecord request = await ReceiveAsync(RecordType.Request, cancel);
        take(request);
        request.Type = RecordType.Response;
        await Data.SendAsync(in request, cancel);
    }

    /// <summary>Sends console input to a guest as requests of at most 60 bytes.</summary>
    public async Task SendInputAsync(uint domain, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (!bytes.IsEmpty)
        {
            int count = Math.Min(bytes.Length, ProtocolLimits.MaxPayload);
            ControlMessage message = ControlMessage.Create(MessageType.Console, 0, 1, bytes.Span[..count]);
            await Data.SendAsync(XcsRecord.ForMessage(RecordType.Request, domain, 0, message), cancel);
            bytes = bytes[count..];
        }
    }

    public void Dispose()
    {
        Control.Dispose();
        Data.Dispose();
    }

    private static void Expect(XcsRecord reply, RecordType type)
    {
        if (reply.Type != type || reply.Result != RecordResult.Ok)
        {
            throw new InvalidDataException($"the daemon answers {reply.Type} {reply.Result} to {type}");
        }
    }
}
