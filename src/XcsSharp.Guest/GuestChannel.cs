using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Protocol;
using XcsSharp.Reactor;
using XcsSharp.Rings;

namespace XcsSharp.Guest;

/// <summary>
/// A guest's side of its control channel, on a loop: puts requests on tx and takes their answers, answers the
/// controller's requests on rx.
/// </summary>
/// <remarks>
/// Behaves as the Linux driver of 2005 did (spec section 7): the controller is signalled after every message, at most eight
/// requests are unanswered, whoever found the ring full goes on when a slot is freed, every request of the controller
/// gets an answer unless the driver holds it. The ring is never polled: only an event makes us look. Unlike that driver it checks the answers.
/// </remarks>
public sealed class GuestChannel : IReadyHandler, ITurnEndWork, IDisposable
{
    /// <summary>The id of a request whose answer nobody waits for.</summary>
    public const byte NoReply = 0xFF;

    /// <summary>Requests of the controller in one turn; then others have theirs.</summary>
    private const int RequestsPerTurn = 32;

    private readonly EventLoop _loop;
    private readonly IGuestDriver _driver;
    private readonly EventChannels _ports;
    private readonly XenStoreConnection _store;
    private readonly IControlPageSource _source;
    private readonly Registration _registration;
    private readonly Registration _storeRegistration;
    private readonly uint[] _events = new uint[16];
    private PendingRequests _pending;
    private bool _drainAtTurnEnd;
    private bool _requestsPaused;
    private bool _isHeld;
    private bool _lost;
    private bool _disposed;

    private GuestChannel(
        EventLoop loop, IGuestDriver driver, EventChannels ports, XenStoreConnection store, IControlPageSource source)
    {
        _loop = loop;
        _driver = driver;
        _ports = ports;
        _store = store;
        _source = source;
        InheritedUnanswered = source.Page.Transmit.Unanswered;
        _registration = loop.Register(ports.FileDescriptor, Readiness.Readable, this);
        _storeRegistration = loop.Register(store.FileDescriptor, Readiness.Readable, new StoreWatch(this));
    }

    /// <summary>Our end of the event channel.</summary>
    public uint Port => _source.Port;

    /// <summary>Requests that can be sent now: 0..8.</summary>
    public int Room => _lost || _disposed ? 0 : _source.Page.Transmit.Room;

    /// <summary>Requests of ours that are not answered: 0..8.</summary>
    public int Unanswered => _source.Page.Transmit.Unanswered;

    /// <summary>Of these at the start, sent by an earlier program of this guest.</summary>
    public int InheritedUnanswered { get; private set; }

    public ulong RequestsSent { get; private set; }

    public ulong ResponsesReceived { get; private set; }

    /// <summary>Requests of the controller that were answered.</summary>
    public ulong RequestsAnswered { get; private set; }

    /// <summary>Requests of the controller that hold their slot for ever: 0..8.</summary>
    public int RequestsHeld { get; private set; }

    /// <summary>Answers whose type or id fits no request of ours. The driver of 2005 would have crashed on some.</summary>
    public ulong StrayResponses { get; private set; }

    /// <summary>Opens and publishes this domain's control channel.</summary>
    /// <param name="loop">On whose thread the driver is called.</param>
    /// <param name="transport">Which page and port.</param>
    /// <param name="driver">Gets the messages. Nothing comes before this returns.</param>
    /// <exception cref="ErrnoException">Xen, simulated or not, refuses something; the message names it.</exception>
    public static GuestChannel Open(EventLoop loop, GuestTransport transport, IGuestDriver driver)
    {
        EventChannels ports = EventChannels.Open();
        XenStoreConnection? store = null;
        IControlPageSource? source = null;
        try
        {
            store = XenStoreConnection.Open();
            source = transport == GuestTransport.Classic
                ? new ClassicPageSource(ports, store)
                : new GrantedPageSource(ports, store);
            GuestChannel channel = new(loop, driver, ports, store, source);
            source.Publish();

            // A page that is older than this program may hold messages whose event went to nobody.
            channel.DrainLater();
            return channel;
        }
        catch
        {
            source?.Dispose();
            store?.Dispose();
            ports.Dispose();
            throw;
        }
    }

    /// <summary>Sends a request whose answer only frees the slot.</summary>
    /// <returns>False when eight are unanswered: <see cref="IGuestDriver.OnRoom"/> follows.</returns>
    public bool TrySend(MessageType type, byte subtype, ReadOnlySpan<byte> data) => TrySend(type, subtype, NoReply, data);

    /// <summary>Sends a request whose answer <see cref="IGuestDriver.OnResponse"/> can tell by its id.</summary>
    /// <param name="type">The type.</param>
    /// <param name="subtype">The subtype.</param>
    /// <param name="data">At most 60 bytes.</param>
    /// <param name="id">0..7: no other unanswered request has it.</param>
    public bool TrySend(MessageType type, byte subtype, ReadOnlySpan<byte> data, out byte id)
    {
        id = 0;
        while (_pending.HasId(id))
        {
            id++;
        }

        return TrySend(type, subtype, id, data);
    }

    /// <summary>Sends a request byte for byte, its id and what stands behind its payload included.</summary>
    /// <param name="request">Several with one id are told apart by nobody: their answers count in order.</param>
    /// <returns>False when eight are unanswered: <see cref="IGuestDriver.OnRoom"/> follows.</returns>
    public bool TrySend(in ControlMessage request)
    {
        if (_lost || _disposed || !_source.Page.Transmit.TryPutRequest(request))
        {
            return false;
        }

        _pending.Add(request.Type, request.Id);
        RequestsSent++;
        Notify();
        return true;
    }

    /// <summary>Leaves the controller's requests in the ring, so that it has to wait.</summary>
    public void PauseRequests() => _requestsPaused = true;

    /// <summary>
    /// Inside <see cref="IGuestDriver.OnRequest"/>: this request is never answered, as by a guest whose driver hangs. It holds its slot
    /// for the channel's life.
    /// </summary>
    public void HoldRequest() => _isHeld = true;

    public void ResumeRequests()
    {
        if (_requestsPaused)
        {
            _requestsPaused = false;
            DrainLater();
        }
    }

    /// <summary>Withdraws the channel in order: dom0 is told first, then the page and the port go.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _registration.Dispose();
        _storeRegistration.Dispose();
        _source.Dispose();
        _store.Dispose();
        _ports.Dispose();
    }

    void IReadyHandler.OnReady(Readiness ready)
    {
        SysResult read = _ports.ReadPorts(_events);
        if (!read.IsOk)
        {
            if (read.Error != Errno.EAGAIN)
            {
                // ENODEV, EIO: the machine is gone, or the events that ran over are lost.
                Lose($"the event-channel device fails: {read.Error}");
            }

            return;
        }

        // Unmasked first, looked at second: an event in between comes again instead of getting lost.
        for (int i = 0; i < read.Value; i++)
        {
            _ = _ports.Unmask(_events[i]);
        }

        Drain();
    }

    void ITurnEndWork.OnTurnEnd()
    {
        _drainAtTurnEnd = false;
        Drain();
    }

    private bool TrySend(MessageType type, byte subtype, byte id, ReadOnlySpan<byte> data)
        => TrySend(ControlMessage.Create(type, subtype, id, data));

    private void DrainLater()
    {
        if (!_drainAtTurnEnd)
        {
            _drainAtTurnEnd = true;
            _loop.AtTurnEnd(this);
        }
    }

    private void Drain()
    {
        // Responses first, as the driver did: they make room for what the requests may cause.
        bool freed = false;
        while (IsOpen && TryTakeResponse())
        {
            freed = true;
        }

        for (int taken = 0; IsOpen && !_requestsPaused && TryAnswerRequest(); taken++)
        {
            if (taken == RequestsPerTurn)
            {
                DrainLater();
                break;
            }
        }

        if (freed && IsOpen)
        {
            _driver.OnRoom(this);
        }
    }

    private bool IsOpen => !_lost && !_disposed;

    private bool TryTakeResponse()
    {
        switch (_source.Page.Transmit.TryTakeResponse(out ControlMessage response))
        {
            case RingRead.Message:
                Accept(in response);
                return true;
            case RingRead.Corrupt:
                Lose("the controller claims answers to requests that were never sent");
                return false;
            default:
                return false;
        }
    }

    private void Accept(in ControlMessage response)
    {
        ResponsesReceived++;
        if (_pending.TryRemove(response.Type, response.Id))
        {
            _driver.OnResponse(this, in response);
        }
        else if (InheritedUnanswered > 0)
        {
            InheritedUnanswered--;
        }
        else
        {
            StrayResponses++;
            _pending.RemoveOldest();
        }
    }

    private bool TryAnswerRequest()
    {
        switch (_source.Page.Receive.TryTakeRequest(out ControlMessage request))
        {
            case RingRead.Message:
                ControlMessage response = ControlMessage.EmptyAnswerTo(in request);
                _isHeld = false;
                _driver.OnRequest(this, in request, ref response);
                if (_isHeld)
                {
                    RequestsHeld++;
                }
                else if (!_disposed)
                {
                    _source.Page.Receive.PutResponse(RequestsHeld, in response);
                    RequestsAnswered++;
                    Notify();
                }

                return true;
            case RingRead.Corrupt:
                Lose("the controller claims more requests than the ring holds");
                return false;
            default:
                return false;
        }
    }

    // Nobody at the other end (a daemon between two lives) is no error: it looks at the ring when it comes.
    private void Notify() => _ = _ports.Notify(Port);

    private void Lose(string reason)
    {
        if (!_lost)
        {
            _lost = true;
            _registration.ChangeInterest(Readiness.None);
            _storeRegistration.Dispose();
            _driver.OnLost(this, reason);
        }
    }

    /// <summary>
    /// We watch nothing in xenstore, so all that can come on its connection is its end. An event channel has no such
    /// end: a program that a simulated domain has left behind would wait on it for ever.
    /// </summary>
    private sealed class StoreWatch(GuestChannel channel) : IReadyHandler
    {
        public void OnReady(Readiness ready)
        {
            if (channel._store.TryReadWatch(out _, out _) is not (Errno.OK or Errno.EAGAIN))
            {
                channel.Lose("the connection to xenstore has ended: the domain or its machine is gone");
            }
        }
    }
}
