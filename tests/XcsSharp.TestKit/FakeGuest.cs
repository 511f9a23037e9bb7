using XcsSharp.Protocol;
using XcsSharp.Rings;
using XcsSharp.Switching;

namespace XcsSharp.TestKit;

/// <summary>
/// A domain and its program: the guest's ends of a real control page. Does nothing by itself; the test takes and puts,
/// or lets <see cref="ConsoleProgram"/> do that.
/// </summary>
/// <remarks>
/// The page belongs to the program: after <see cref="EndProgram"/> or <see cref="ReplaceProgram"/> the next <see cref="Publish"/>
/// has another.
/// </remarks>
public sealed class FakeGuest
{
    private readonly FakeHypervisor _hypervisor;
    private readonly List<FakeConsole> _consoles = [];
    private AnonymousPage _memory = new();
    private FakeTransport? _transport;
    private bool _isPublished;

    internal FakeGuest(FakeHypervisor hypervisor, uint domid, string name, Guid? uuid = null)
    {
        _hypervisor = hypervisor;
        Domid = domid;
        Name = name;
        Uuid = uuid ?? Guid.NewGuid();
        Page = new GuestPage(MapPage());
    }

    public uint Domid { get; }

    public string Name { get; private set; }

    public Guid Uuid { get; }

    /// <summary>The guest's ends of the rings.</summary>
    public GuestPage Page { get; private set; }

    /// <summary>The page's bytes, for a guest that lies.</summary>
    public Span<byte> PageBytes => _memory.Bytes;

    /// <summary>How many times the controller has signalled this guest.</summary>
    public int Notifications { get; private set; }

    /// <summary>dom0's port of now; 0 without a channel.</summary>
    public int LocalPort => _transport?.LocalPort ?? 0;

    /// <summary>dom0's end of now, or of last if the domain was removed.</summary>
    /// <exception cref="InvalidOperationException">It has no channel.</exception>
    public FakeTransport Transport => _transport ?? throw new InvalidOperationException("The guest has no channel.");

    /// <summary>Called when the controller signals; where an interrupt would be.</summary>
    public Action? Interrupt { get; set; }

    /// <summary>Offers the page to dom0 as a granted one.</summary>
    /// <param name="localPort">dom0's end; 0: a new one.</param>
    public void Publish(int localPort = 0)
    {
        _isPublished = true;
        if (_hypervisor.Sink is not null)
        {
            OfferPage(localPort);
        }
    }

    /// <summary>Another view of the page, as the dom0 of before or after has it.</summary>
    public MappedPage MapPage() => new PageView(_memory);

    /// <summary>A console ring, offered to dom0.</summary>
    public FakeConsole AddConsole(int number = 0, bool takesInput = true, long? historyWish = null)
    {
        FakeConsole console = new(this, _hypervisor, number, takesInput) { HistoryWish = historyWish };
        _consoles.Add(console);
        console.Offer();
        return console;
    }

    /// <summary>Signals dom0. Without a channel the event goes nowhere.</summary>
    public void Kick() => _transport?.Raise();

    /// <summary>Puts a request and signals dom0.</summary>
    /// <returns>False when all eight slots are taken.</returns>
    public bool TrySend(in ControlMessage request)
    {
        if (!Page.Transmit.TryPutRequest(request))
        {
            return false;
        }

        Kick();
        return true;
    }

    /// <summary>Puts a request, for which there must be room, and signals dom0.</summary>
    /// <exception cref="InvalidOperationException">All eight slots are taken.</exception>
    public void Send(in ControlMessage request)
    {
        if (!TrySend(request))
        {
            throw new InvalidOperationException("The guest's ring is full.");
        }
    }

    /// <inheritdoc cref="Send(in ControlMessage)"/>
    public void Send(MessageType type, byte id, params ReadOnlySpan<byte> data) => Send(ControlMessage.Create(type, 0, id, data));

    /// <summary>The answers that are there, oldest first; dom0 is not signalled.</summary>
    public List<ControlMessage> TakeAnswers()
    {
        List<ControlMessage> answers = [];
        while (Page.Transmit.TryTakeResponse(out ControlMessage answer) == RingRead.Message)
        {
            answers.Add(answer);
        }

        return answers;
    }

    /// <summary>dom0's requests that are there, oldest first. They are not answered by this.</summary>
    public List<ControlMessage> TakeRequests()
    {
        List<ControlMessage> requests = [];
        while (Page.Receive.TryTakeRequest(out ControlMessage request) == RingRead.Message)
        {
            requests.Add(request);
        }

        return requests;
    }

    /// <summary>Answers the oldest unanswered request of dom0's, with nothing, and signals dom0.</summary>
    public void AnswerOldest(in ControlMessage request)
    {
        Page.Receive.PutResponse(0, ControlMessage.EmptyAnswerTo(request));
        Kick();
    }

    public void Rename(string name)
    {
        Name = name;
        _hypervisor.Sink?.OnDomainAppeared(Domid, name, Uuid);
    }

    /// <summary>The program ends and its page with it; the domain lives on.</summary>
    public void EndProgram(string reason = "the program is gone")
    {
        _hypervisor.Sink?.OnTransportWithdrawn(Domid, reason);
        _transport = null;
        Page.Dispose();
        _memory.Dispose();
        ReplaceProgram();
    }

    /// <summary>
    /// Another program has taken the place of this one, with another page. dom0 hears of it with the next <see cref="Publish"/>, and
    /// serves the page of before until then.
    /// </summary>
    public void ReplaceProgram()
    {
        _isPublished = false;

        // The memory of before stays for whoever has it mapped; the collector takes it then.
        _memory = new AnonymousPage();
        Page = new GuestPage(MapPage());
    }

    /// <summary>The domain is destroyed; its id may be used again.</summary>
    public void Destroy()
    {
        _hypervisor.Remove(this);
        _transport = null;
        _consoles.ForEach(static console => console.End());
        Page.Dispose();
        _memory.Dispose();
    }

    internal void Offer()
    {
        _consoles.ForEach(static console => console.Offer());
        if (_isPublished)
        {
            OfferPage(localPort: 0);
        }
    }

    private void OfferPage(int localPort)
        => _hypervisor.Sink!.OnTransportOffered(Domid, MakeTransport(TransportKind.Granted, localPort, remotePort: 0));

    internal IChannelTransport MakeTransport(TransportKind kind, int localPort, int remotePort)
    {
        FakePort port = new(_hypervisor, localPort != 0 ? localPort : _hypervisor.NewPort());
        return _transport = new FakeTransport(this, kind, port, remotePort != 0 ? remotePort : 1, MapPage());
    }

    internal bool OnNotified(FakeTransport transport)
    {
        if (!ReferenceEquals(transport, _transport))
        {
            return false;
        }

        Notifications++;
        Interrupt?.Invoke();
        return true;
    }
}
