using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

using XcsSharp.Consoles;
using XcsSharp.Protocol;
using XcsSharp.Reactor;
using XcsSharp.Switching;
using XcsSharp.TestKit;

namespace XcsSharp.Handlers.Tests;

/// <summary>
/// A switch with handlers and the console socket over played guests. The test's own thread turns the loop, and the test moves
/// its clock; rings and the socket are real.
/// </summary>
internal sealed class HandlerRig : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(20);

    private readonly PrivateDirectory _place = new("handlers");
    private readonly ConsoleHandler _consoles;
    private readonly OperatorListener _operators;
    private readonly UnixListener _listener;
    private readonly List<OperatorClient> _clients = [];

    public HandlerRig(IEnumerable<string>? on = null, IReadOnlyList<HandlerRegistration>? table = null, int requestQueue = 64)
    {
        Loop = new EventLoop(Clock);
        Hypervisor = new FakeHypervisor(Loop.Post);
        Switch = new ControlSwitch(
            Loop, Hypervisor, new SwitchOptions { RequestQueue = requestQueue }, NullLogger<ControlSwitch>.Instance);
        _consoles = new ConsoleHandler(
            Loop,
            Switch,
            new ConsoleOptions { PtyDirectory = null, LogDirectory = null },
            NullLogger<ConsoleHandler>.Instance);
        HandlerOptions options = new();
        foreach (HandlerRegistration entry in table ?? HandlerTable.All)
        {
            options.Set(entry, on?.Contains(entry.Name) == true);
        }

        Handlers = new GuestHandlers(Loop, Switch, options, NullLogger<GuestHandlers>.Instance, table);
        _operators = Listen(Handlers.Words);
        _listener = UnixListener.Bind(Loop, _place["s"], Convert.ToInt32("600", 8), _operators.Accept);
        Switch.Start();
    }

    public FakeTimeProvider Clock { get; } = new();

    public EventLoop Loop { get; }

    public FakeHypervisor Hypervisor { get; }

    public ControlSwitch Switch { get; }

    public GuestHandlers Handlers { get; }

    /// <summary>Connections on the console socket.</summary>
    public int Connections => _operators.Connections;

    /// <summary>What answers these words on the console socket.</summary>
    public OperatorListener Listen(IEnumerable<OperatorWord> words)
        => new(Loop, Switch, _consoles, static () => throw new NotSupportedException(), NullLogger.Instance, words);

    /// <summary>A guest with a granted channel, whose kernel the test is.</summary>
    public PlayedGuest AddGuest(uint domid = 1, string? name = null)
    {
        PlayedGuest guest = new(Hypervisor.AddGuest(domid, name));
        RunIdle();
        return guest;
    }

    public GuestDomain Domain(uint domid = 1) => Switch.FindByDomid(domid)!;

    /// <summary>A client that has sent its line.</summary>
    public OperatorClient Ask(string line)
    {
        OperatorClient client = new(_place["s"]);
        _clients.Add(client);
        client.Send(line + "\n");
        RunIdle();
        return client;
    }

    /// <summary>The answer's line, once it is there.</summary>
    public string ReplyTo(OperatorClient client)
    {
        RunUntil(() => { client.Receive(); return client.IsEnded; }, "the answer");
        return client.Text;
    }

    public string ReplyTo(string line) => ReplyTo(Ask(line));

    public void Advance(TimeSpan time)
    {
        Clock.Advance(time);
        RunIdle();
    }

    public void RunUntil(Func<bool> condition, string wanted)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < s_deadline, $"waited in vain for {wanted}");
            _ = Loop.RunOnce(TimeSpan.FromMilliseconds(2));
        }
    }

    /// <summary>Turns the loop until it has nothing to do.</summary>
    public void RunIdle()
    {
        long start = Stopwatch.GetTimestamp();
        while (Loop.RunOnce(TimeSpan.Zero))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < s_deadline, "the loop never comes to rest");
        }
    }

    public void Dispose()
    {
        _clients.ForEach(static client => client.Dispose());
        _operators.Dispose();
        Handlers.Dispose();
        _consoles.Dispose();
        _listener.Dispose();
        Switch.Dispose();
        Loop.Dispose();
        _place.Dispose();
    }
}

/// <summary>A guest that takes dom0's requests and answers when the test says so.</summary>
internal sealed class PlayedGuest
{
    public PlayedGuest(FakeGuest guest)
    {
        Guest = guest;
        guest.Interrupt = Take;
    }

    public FakeGuest Guest { get; }

    /// <summary>All that it was sent, in order.</summary>
    public List<ControlMessage> Asked { get; } = [];

    /// <summary>Answers the oldest request that it has not answered.</summary>
    /// <param name="rig">Turns the loop afterwards.</param>
    /// <param name="request">What it was asked.</param>
    /// <param name="data">The answer's payload.</param>
    public void Answer(HandlerRig rig, in ControlMessage request, params ReadOnlySpan<byte> data)
    {
        Put(ControlMessage.Create(request.Type, request.Subtype, request.Id, data));
        Guest.Kick();
        rig.RunIdle();
    }

    /// <summary>As <see cref="Answer"/>, but dom0 is not signalled.</summary>
    public void Put(in ControlMessage answer) => Guest.Page.Receive.PutResponse(0, answer);

    private void Take() => Asked.AddRange(Guest.TakeRequests());
}

/// <summary>A client of the console socket that never waits.</summary>
internal sealed class OperatorClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly byte[] _buffer = new byte[4096];

    public OperatorClient(string path)
    {
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        _socket.Blocking = false;
    }

    /// <summary>What has come, without its line feed.</summary>
    public string Text { get; private set; } = "";

    public bool IsEnded { get; private set; }

    public void Send(string text) => _ = _socket.Send(Encoding.UTF8.GetBytes(text));

    /// <summary>No more will be sent; the answer is still wanted.</summary>
    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    public void Receive()
    {
        int count = _socket.Receive(_buffer, SocketFlags.None, out SocketError error);
        Text += Encoding.UTF8.GetString(_buffer, 0, Math.Max(count, 0)).TrimEnd('\n');
        IsEnded |= error != SocketError.WouldBlock && count <= 0;
    }

    public void Dispose() => _socket.Dispose();
}

/// <summary>A subscriber of the daemon that keeps what comes.</summary>
internal class Recorder : ISubscriber
{
    public string Name => "recorder";

    public List<ControlMessage> Requests { get; } = [];

    public List<ControlMessage> Responses { get; } = [];

    public void OnDomainAppeared(GuestDomain domain)
    {
    }

    public void OnDomainGone(GuestDomain domain)
    {
    }

    public void OnChannelOpened(ControlChannel channel)
    {
    }

    public virtual void OnChannelClosed(ControlChannel channel, string reason)
    {
    }

    public void OnRequest(ControlChannel channel, in ControlMessage request, RequestTicket ticket)
    {
        Requests.Add(request);
        _ = channel.Answer(this, ticket, request);
    }

    public virtual void OnResponse(ControlChannel channel, in ControlMessage response) => Responses.Add(response);

    public virtual void OnNoAnswer(ControlChannel channel, in SentRequest request)
    {
    }

    public void OnVirq(int port)
    {
    }

    public void OnRequestRoom(ControlChannel channel)
    {
    }
}
