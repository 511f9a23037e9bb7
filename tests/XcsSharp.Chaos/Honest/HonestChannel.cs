using System.Buffers.Binary;
using System.Diagnostics;

using XcsSharp.Guest;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;
using XcsSharp.TestKit;

namespace XcsSharp.Chaos.Honest;

/// <summary>A guest that asks one thing after the other on its control channel, and a subscriber who answers: each request is answered once, by that subscriber, in time.</summary>
internal sealed class HonestChannel : IGuestDriver, IAsyncDisposable
{
    /// <summary>No client that lies has it.</summary>
    private const MessageType Type = MessageType.BlockBackEnd;

    private readonly Bed _bed;
    private readonly ChildProcess _domain;
    private readonly Random _random;
    private readonly CancellationTokenSource _over = new();
    private GuestChannel _channel = null!;
    private LoopTimer _pause = null!;
    private RecordSubscriber _subscriber = null!;
    private Task _answering = Task.CompletedTask;
    private TaskCompletionSource? _quiet;
    private long _askedAt;
    private uint _asked;
    private uint _answered;
    private bool _isEnding;
    private volatile string? _problem;

    private HonestChannel(Bed bed, Random random, string name, ChildProcess domain)
    {
        _bed = bed;
        _random = random;
        _domain = domain;
        Name = name;
    }

    public string Name { get; }

    public Latencies Latencies { get; } = new();

    public static async Task<HonestChannel> StartAsync(Bed bed, Random random, string name, CancellationToken cancel)
    {
        (ChildProcess domain, uint domid) = await bed.Machine.CreateAsync(new GuestOptions(name), console: false, cancel);
        HonestChannel guest = new(bed, random, name, domain);
        TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        EventLoop loop = bed.Kernels.Loop;
        loop.Post(() =>
        {
            guest._channel = bed.Machine.As(domid, () => GuestChannel.Open(loop, GuestTransport.Granted, guest));
            guest._pause = loop.CreateTimer(guest.Ask);
            opened.SetResult();
        });
        await opened.Task;
        DomainEntry entry = await OperatorQuery.WaitForConnectedAsync(bed.Places.Console, name, cancel);
        guest._subscriber = await RecordSubscriber.ConnectAsync(bed.Places.Xcs, cancel);
        await guest._subscriber.BindAsync(cancel, entry.LocalPort!.Value, (ushort)Type);
        guest._answering = guest.AnswerAsync();
        return guest;
    }

    public void Begin() => _bed.Kernels.Loop.Post(Ask);

    /// <returns>What is wrong with its books, when all troubles are over.</returns>
    public async Task<string?> CheckAsync(CancellationToken cancel)
    {
        _quiet = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _bed.Kernels.Loop.Post(() =>
        {
            _isEnding = true;
            EndIfQuiet();
        });
        try
        {
            await _quiet.Task.WaitAsync(Transcript.DefaultDeadline, cancel);
        }
        catch (TimeoutException)
        {
            return _problem ?? $"{Name}: request {_asked} was never answered";
        }

        return _problem ?? (_channel.StrayResponses > 0 ? $"{Name}: {_channel.StrayResponses} answers to nothing" : null);
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _bed.Kernels.Loop.Post(() =>
        {
            _isEnding = true;
            _pause.Cancel();
            _channel.Dispose();
            closed.SetResult();
        });
        await closed.Task;
        _subscriber.Dispose();
        await _answering;
        await _domain.DisposeAsync();
        _over.Dispose();
    }

    void IGuestDriver.OnRequest(GuestChannel channel, in ControlMessage request, ref ControlMessage response)
        => _problem ??= $"{Name} is asked something by nobody it knows: {request.Type}";

    void IGuestDriver.OnResponse(GuestChannel channel, in ControlMessage response)
    {
        Latencies.AddSince(_askedAt);
        _answered++;
        bool isOurs = response.Length == sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(response.Data) == ~_asked;
        if (!isOurs || _answered != _asked)
        {
            _problem ??= $"{Name}: answer {_answered} to request {_asked} is not its subscriber's";
        }

        if (_isEnding)
        {
            EndIfQuiet();
        }
        else
        {
            _pause.Schedule(TimeSpan.FromMilliseconds(_random.Next(30)));
        }
    }

    void IGuestDriver.OnRoom(GuestChannel channel)
    {
    }

    void IGuestDriver.OnLost(GuestChannel channel, string reason) => _problem ??= $"{Name}: {reason}";

    private void Ask()
    {
        if (_isEnding)
        {
            return;
        }

        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(number, ++_asked);
        _askedAt = Stopwatch.GetTimestamp();
        if (!_channel.TrySend(Type, subtype: 0, number, out _))
        {
            _problem ??= $"{Name}: no room for one request";
        }
    }

    private void EndIfQuiet()
    {
        if (_answered == _asked)
        {
            _quiet?.TrySetResult();
        }
    }

    /// <summary>The other side of the daemon: its answer is the number with every bit turned over.</summary>
    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                XcsRecord request = await _subscriber.ReceiveAsync(RecordType.Request, _over.Token);
                byte[] number = request.Message.Data.ToArray();
                BinaryPrimitives.WriteUInt32LittleEndian(number, ~BinaryPrimitives.ReadUInt32LittleEndian(number));
                ControlMessage answer = ControlMessage.Create(request.Message.Type, request.Message.Subtype, request.Message.Id, number);
                await _subscriber.Data.SendAsync(XcsRecord.ForMessage(RecordType.Response, request.RemoteDomain, request.LocalPort, answer), _over.Token);
            }
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            // The end.
        }
        catch (Exception failure) when (failure is IOException or TimeoutException or System.Net.Sockets.SocketException)
        {
            _problem ??= _over.IsCancellationRequested ? null : $"{Name}: its subscriber's session ended: {failure.Message}";
        }
    }
}
