using System.Threading.Channels;

using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Client.Tests.Ports;

/// <summary>A switch of one client, played on a real socket: it greets as the test says, does what it is asked on the
/// control connection, and says on the data connection what the test says.</summary>
internal sealed class PlayedSwitch : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    public ScriptedServer Server { get; } = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public NotifierOptions Options => new() { Path = Server.Path, FirstDelay = TimeSpan.FromMilliseconds(1) };

    /// <summary>A notifier and the session that it has.</summary>
    public async Task<(Notifier Notifier, PlayedSession Session)> ConnectAsync(NotifierOptions options)
    {
        Task<Notifier> connecting = Notifier.ConnectAsync(options, Cancel);
        PlayedSession session = await GreetAsync(1);
        return (await connecting, session);
    }

    /// <summary>The next connection becomes a session, under a number or its own.</summary>
    public async Task<PlayedSession> GreetAsync(ulong id, RecordResult result = RecordResult.Ok)
    {
        ServerConnection control = Own(await Server.AcceptAsync(Cancel));
        XcsRecord hello = await control.ReceiveAsync(Cancel);
        ulong wanted = hello.SessionId;
        XcsRecord reply = hello;
        reply.Result = result;
        reply.SessionId = wanted == 0 ? id : wanted;
        await control.SendAsync(reply, Cancel);
        if (result != RecordResult.Ok)
        {
            control.Dispose();
            return new PlayedSession(control, control, hello);
        }

        ServerConnection data = Own(await Server.AcceptAsync(Cancel));
        await data.SendAsync(await data.ReceiveAsync(Cancel), Cancel);
        return Own(new PlayedSession(control, data, hello));
    }

    public void Dispose()
    {
        _owned.ForEach(static owned => owned.Dispose());
        Server.Dispose();
    }

    private T Own<T>(T resource)
        where T : IDisposable
    {
        _owned.Add(resource);
        return resource;
    }
}

/// <summary>A session of the played switch.</summary>
internal sealed class PlayedSession(ServerConnection control, ServerConnection data, XcsRecord hello) : IDisposable
{
    private readonly Channel<XcsRecord> _asked = Channel.CreateUnbounded<XcsRecord>();
    private Task? _serving;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>With what the client came.</summary>
    public XcsRecord Hello { get; } = hello;

    public ServerConnection Data { get; } = data;

    /// <summary>Of what was asked last.</summary>
    public uint LastDomain { get; private set; }

    /// <summary>In place of <see cref="Serve"/>: says yes to all, on the caller's thread, until the client closes. Allocates nothing.</summary>
    public void EchoControl(Span<byte> record)
    {
        while (control.TryReceiveNow(record))
        {
            record.Slice(4, 4).Clear();
            control.SendNow(record);
        }
    }

    /// <summary>What is asked is done as this says, and noted.</summary>
    public void Serve(Func<XcsRecord, RecordResult>? judge = null)
        => _serving ??= Task.Run(
            async () =>
            {
                try
                {
                    while (true)
                    {
                        XcsRecord asked = await control.ReceiveAsync(Cancel);
                        LastDomain = asked.RemoteDomain;
                        _asked.Writer.TryWrite(asked);
                        asked.Result = judge?.Invoke(asked) ?? RecordResult.Ok;
                        if (asked.Type == RecordType.VirqBind)
                        {
                            asked.VirqPort = 100 + asked.Virq;
                        }

                        if (asked.Type == RecordType.OpenInterface && asked.InterfaceLocalPort == 0)
                        {
                            asked.InterfaceLocalPort = 10 + (int)asked.InterfaceDomain;
                        }

                        await control.SendAsync(asked, Cancel);
                    }
                }
                catch (Exception ended) when (ended is Xunit.Sdk.XunitException or System.Net.Sockets.SocketException
                    or ObjectDisposedException or TimeoutException or OperationCanceledException)
                {
                    _asked.Writer.TryComplete();
                }
            },
            CancellationToken.None);

    /// <summary>The next thing that was asked.</summary>
    public async Task<XcsRecord> AskedAsync()
        => await _asked.Reader.ReadAsync(Cancel).AsTask().WaitAsync(Transcript.DefaultDeadline, Cancel);

    public Task SayAsync(XcsRecord record) => Data.SendAsync(record, Cancel);

    public Task RequestAsync(uint domid, byte id, MessageType type = MessageType.Console, uint correlation = 0)
        => SayAsync(XcsRecord.ForMessage(RecordType.Request, domid, 10 + (int)domid, Message(id, type)) with
        {
            Correlation = correlation,
        });

    public Task<XcsRecord> HeardAsync() => Data.ReceiveAsync(Cancel);

    /// <summary>Both connections end.</summary>
    public void Dispose()
    {
        Data.Dispose();
        control.Dispose();
    }

    public static ControlMessage Message(byte id, MessageType type = MessageType.Console)
        => ControlMessage.Create(type, 0, id, [id]);
}
