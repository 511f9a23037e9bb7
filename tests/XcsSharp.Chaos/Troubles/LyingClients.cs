using System.Net.Sockets;
using System.Text;

using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Chaos.Troubles;

/// <summary>Sessions that bind to everything and then answer what they were never asked, send to ports that they do not have, stop reading, or break the protocol.</summary>
internal sealed class LyingClients(Bed bed, Random random) : Trouble(bed, random)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    private readonly List<RecordSubscriber> _sessions = [];

    public override string Name => "lying-clients";

    protected override async Task ActAsync(CancellationToken cancel)
    {
        try
        {
            switch (Random.Next(4))
            {
                case 0:
                    await NoiseAtAConsoleAsync(cancel);
                    break;
                case 1 when _sessions.Count < 30:
                    await SubscribeAsync(cancel);
                    break;
                case 2 when _sessions.Count > 0:
                    int gone = Random.Next(_sessions.Count);
                    _sessions[gone].Dispose();
                    _sessions.RemoveAt(gone);
                    Note("gone");
                    break;
                default:
                    await LieAsync(cancel);
                    break;
            }
        }
        catch (Exception failure) when (failure is IOException or SocketException or TimeoutException or InvalidDataException)
        {
            // Refused, closed, or not answered while it had no descriptors left: all of it is its right.
            Note($"refused: {failure.GetType().Name}");
        }
    }

    protected override Task EndAsync()
    {
        foreach (RecordSubscriber session in _sessions)
        {
            session.Dispose();
        }

        return Task.CompletedTask;
    }

    private async Task SubscribeAsync(CancellationToken cancel)
    {
        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(s_patience);
        try
        {
            RecordSubscriber session = await RecordSubscriber.ConnectAsync(Bed.Places.Xcs, late.Token, receiveBuffer: 4096);
            _sessions.Add(session);

            // By a type that nobody honest uses: what it owes must not be somebody's round trip.
            await session.BindAsync(late.Token, type: (ushort)Random.Next(10, 256));
            Note("bound");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            Note("not answered in time");
        }
    }

    private async Task LieAsync(CancellationToken cancel)
    {
        if (_sessions.Count == 0)
        {
            return;
        }

        RecordSubscriber session = _sessions[Random.Next(_sessions.Count)];
        byte[] record = new byte[ProtocolLimits.RecordSize];
        Random.NextBytes(record);
        XcsRecord known = XcsRecord.Read(record);
        if (Random.Next(4) > 0)
        {
            known.Type = OneOf(RecordType.Request, RecordType.Response, RecordType.Bind, RecordType.ConnectData);
        }

        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(s_patience);
        try
        {
            await OneOf(session.Data, session.Control).SendAsync(in known, late.Token);
            Note("a record");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            Note("not read in time");
        }
    }

    private async Task NoiseAtAConsoleAsync(CancellationToken cancel)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Bed.Places.Console), cancel);
        byte[] line = Random.Next(2) == 0 ? Bytes(300) : Encoding.UTF8.GetBytes($"ATTACH {Convert.ToBase64String(Bytes(100))} {OneOf("all", "since=x", "write", "\0")}\n");
        _ = await socket.SendAsync(line, cancel);
        Note("noise at a console");
    }
}
