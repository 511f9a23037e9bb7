using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

using XcsSharp.Consoles;
using XcsSharp.Fuzz.Engine;
using XcsSharp.Fuzz.Targets.ControlPages;
using XcsSharp.Fuzz.Targets.Played;
using XcsSharp.Fuzz.Targets.Records;
using XcsSharp.Interop.Linux;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;
using XcsSharp.Rings;
using XcsSharp.Switching;

namespace XcsSharp.Fuzz.Targets.Handshakes;

/// <summary>A console socket's listener over the real console handler, and one guest whose console has printed something.</summary>
internal sealed class HandshakeWorld : IDisposable
{
    private const uint Domid = 5;

    private readonly SteppedClock _clock = new();
    private readonly EventLoop _loop;
    private readonly ControlSwitch _switch;
    private readonly ConsoleHandler _consoles;
    private readonly OperatorListener _operators;
    private readonly AnonymousPage _page = new();
    private readonly List<byte> _typed = [];
    private PlayedChannel? _channel;

    public HandshakeWorld()
    {
        _loop = new EventLoop(_clock);
        PlayedXen xen = new();
        _switch = new ControlSwitch(_loop, xen, new SwitchOptions { GuestBytesPerSecond = 0 }, NullLogger<ControlSwitch>.Instance);
        ConsoleOptions options = new() { PtyDirectory = null, LogDirectory = null, KeepAfterEnd = TimeSpan.Zero, Exclusive = ExclusivePolicy.Viewing };
        _consoles = new ConsoleHandler(_loop, _switch, options, NullLogger<ConsoleHandler>.Instance);
        DaemonStatus status = new("0", 1, "played", 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        _operators = new OperatorListener(_loop, _switch, _consoles, () => status, NullLogger.Instance);
        _switch.Start();
    }

    /// <summary>What the guest was given as input.</summary>
    public ReadOnlySpan<byte> Typed => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_typed);

    /// <summary>The guest exists and has printed this.</summary>
    public void Begin(ReadOnlySpan<byte> printed)
    {
        _page.Bytes.Clear();
        _typed.Clear();
        _switch.OnDomainAppeared(Domid, "web", Guid.Empty);
        RingWords ring = RingWords.Transmit(_page.Bytes);
        ring.Write(0, ControlMessage.Create(MessageType.Console, 0, 0, printed));
        ring.RequestProducer = 1;
        _channel = new PlayedChannel(_page, TransportKind.Granted, 16);
        _switch.OnTransportOffered(Domid, _channel);
        Settle();
    }

    public SocketEnd Connect()
    {
        (SafeFileHandle ours, SafeFileHandle theirs) = Sockets.Pair();
        _operators.Accept(theirs);
        return new SocketEnd(ours);
    }

    public void End(SocketEnd client)
    {
        client.HangUp();
        Settle();
        _switch.OnDomainGone(Domid);
        Wait(TimeSpan.FromHours(1));
        Expect.Equal(0, _operators.Connections, "connections when all clients are gone");
        Expect.Equal(0, _consoles.Viewers + _consoles.Ending, "viewers and consoles when all are gone");
    }

    public void Turn() => _ = _loop.RunOnce(TimeSpan.Zero);

    /// <summary>Until nothing happens any more; the guest reads what it is given.</summary>
    public void Settle()
    {
        bool isBusy = true;
        for (int turns = 0; isBusy; turns++)
        {
            Expect.That(turns < 1000, "the loop comes to rest");
            ReadInput();
            isBusy = _channel!.Port.Deliver();
            isBusy |= _loop.RunOnce(TimeSpan.Zero);
        }
    }

    public void Wait(TimeSpan time)
    {
        _clock.Advance(time);
        Settle();
    }

    public void Dispose()
    {
        _operators.Dispose();
        _consoles.Dispose();
        _switch.Dispose();
        _loop.Dispose();
        _page.Dispose();
    }

    private void ReadInput()
    {
        RingWords ring = RingWords.Receive(_page.Bytes);
        for (uint index = ring.ResponseProducer; index != ring.RequestProducer; index++)
        {
            _typed.AddRange(ring.Read(index).Data);
            ring.ResponseProducer = index + 1;
            _channel!.Port.Raise();
        }
    }
}
