using Microsoft.Extensions.Logging.Abstractions;

using XcsSharp.Fuzz.Engine;
using XcsSharp.Fuzz.Targets.ControlPages;
using XcsSharp.Fuzz.Targets.Played;
using XcsSharp.Interop.Linux;
using XcsSharp.Protocol;
using XcsSharp.Reactor;
using XcsSharp.Rings;
using XcsSharp.Switching;

namespace XcsSharp.Fuzz.Targets.Records;

/// <summary>
/// A switch with its listener on a loop, one honest guest with an announced channel and one whose channel clients open, and
/// clients on real sockets. Used again and again: each pass begins and ends with nothing in it.
/// </summary>
internal sealed class RecordWorld : IDisposable
{
    public const uint Announced = 5;
    public const uint OnDemand = 7;
    public const int AnnouncedPort = 16;

    private const int OnDemandPort = 40;
    private const int MostConnections = 4;

    private readonly SteppedClock _clock = new();
    private readonly EventLoop _loop;
    private readonly PlayedXen _xen = new();
    private readonly ControlSwitch _switch;
    private readonly ClientListener _listener;
    private readonly AnonymousPage _page = new();
    private readonly AnonymousPage _onDemandPage = new();
    private readonly List<SocketEnd> _clients = [];
    private PlayedChannel? _channel;
    private PlayedChannel? _onDemand;

    public RecordWorld()
    {
        _loop = new EventLoop(_clock);
        SwitchOptions options = new() { GuestBytesPerSecond = 0, RequestQueue = 2, MaxSessions = 3, MaxBindsPerSubscriber = 4 };
        _switch = new ControlSwitch(_loop, _xen, options, NullLogger<ControlSwitch>.Instance);
        _listener = new ClientListener(_loop, _switch, options, NullLogger<ClientListener>.Instance);
        _switch.Start();
        _xen.Classic = OpenOnDemand;
    }

    public IReadOnlyList<SocketEnd> Clients => _clients;

    public void Begin()
    {
        _page.Bytes.Clear();
        _onDemandPage.Bytes.Clear();
        _switch.OnDomainAppeared(Announced, "announced", Guid.Empty);
        _switch.OnDomainAppeared(OnDemand, "on-demand", Guid.Empty);
        _channel = new PlayedChannel(_page, TransportKind.Granted, AnnouncedPort);
        _switch.OnTransportOffered(Announced, _channel);
        Settle();
    }

    /// <summary>Everybody leaves, and the sessions' windows close.</summary>
    public void End()
    {
        Expect.That(
            _switch.FindByDomid(Announced)?.Channel is { State: ChannelState.Open },
            "no client can close, or have put aside, the channel of an honest guest");
        foreach (SocketEnd client in _clients)
        {
            client.Dispose();
        }

        _clients.Clear();
        Settle();
        Wait(TimeSpan.FromHours(1));
        Expect.Equal(0, _listener.SessionCount, "sessions when all clients are gone");
        Expect.Equal(0, _listener.UnidentifiedCount, "unidentified connections when all clients are gone");
        Expect.That(_onDemand is null or { IsDisposed: true }, "a channel that clients opened ends with the last of them");

        // Last in, first out: then the switch's table lists the next pass's in the same order again.
        _switch.OnDomainGone(OnDemand);
        _switch.OnDomainGone(Announced);
        _onDemand = null;
    }

    public void Connect()
    {
        if (_clients.Count < MostConnections)
        {
            (Microsoft.Win32.SafeHandles.SafeFileHandle ours, Microsoft.Win32.SafeHandles.SafeFileHandle theirs) = Sockets.Pair();
            _listener.Accept(theirs);
            _clients.Add(new SocketEnd(ours));
        }
    }

    public void Turn() => _ = _loop.RunOnce(TimeSpan.Zero);

    public void Settle()
    {
        bool isBusy = true;
        for (int turns = 0; isBusy; turns++)
        {
            Expect.That(turns < 1000, "the loop comes to rest");
            bool delivered = (_channel?.Port.Deliver() ?? false) | (_onDemand?.Port.Deliver() ?? false) | _xen.Deliver();
            isBusy = _loop.RunOnce(TimeSpan.Zero) | delivered;
        }
    }

    public void Wait(TimeSpan time)
    {
        _clock.Advance(time);
        Settle();
    }

    /// <summary>The guest sends a request, if there is a slot.</summary>
    public void Ask(byte type, byte id)
    {
        RingWords ring = RingWords.Transmit(_page.Bytes);
        uint index = ring.RequestProducer;
        if (index - ring.ResponseProducer < 8)
        {
            ring.Write(index, ControlMessage.Create((MessageType)type, 0, id, [id, type]));
            ring.RequestProducer = index + 1;
            _channel!.Port.Raise();
        }
    }

    /// <summary>The guest answers the oldest request that it has, if there is one.</summary>
    public void Answer()
    {
        RingWords ring = RingWords.Receive(_page.Bytes);
        uint index = ring.ResponseProducer;
        if (index != ring.RequestProducer)
        {
            ring.ResponseProducer = index + 1;
            _channel!.Port.Raise();
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _switch.Dispose();
        _loop.Dispose();
        _page.Dispose();
        _onDemandPage.Dispose();
    }

    private PlayedChannel? OpenOnDemand(uint domid, int localPort, int remotePort)
    {
        if (domid != OnDemand)
        {
            return null;
        }

        Expect.That(_onDemand is null or { IsDisposed: true }, "a channel is opened once");
        return _onDemand = new PlayedChannel(_onDemandPage, TransportKind.Classic, localPort == 0 ? OnDemandPort : localPort);
    }
}
