using XcsSharp.Protocol;
using XcsSharp.Rings;
using XcsSharp.Switching;

namespace XcsSharp.TestKit;

/// <summary>
/// A domain and its program: the guest's ends of a real control page. Does nothing by itself; the test takes and puts,
/// or lets <see cref="ConsoleProgram"/> do that.
/// </summary>
/// <remarks>The page belongs to the program: after <see cref="EndProgram"/> the next <see cref="Publish"/> has another.</remarks>
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
        Page = new GuestPage(new PageView(_memory));
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

    /// <summary>Called when the controller signals; where an interrupt would be.</summary>
    public Action? Interrupt { get; set; }

    /// <summary>Offers the page to dom0 as a granted one.</summary>
    public void Publish()
    {
        _isPublished = true;
        if (_hypervisor.Sink is not null)
        {
            OfferPage();
        }
    }

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

    public void Rename(string name)
    {
        Name = name;
        _hypervisor.Sink?.OnDomainAppeared(Domid, name, Uuid);
    }

    /// <summary>The program ends and its page with it; the domain lives on.</summary>
    public void EndProgram(string reason = "the program is gone")
    {
        _isPublished = false;
        _hypervisor.Sink?.OnTransportWithdrawn(Domid, reason);
        _transport = null;
        Page.Dispose();
        _memory.Dispose();
        _memory = new AnonymousPage();
        Page = new GuestPage(new PageView(_memory));
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
            OfferPage();
        }
    }

    private void OfferPage()
        => _hypervisor.Sink!.OnTransportOffered(Domid, MakeTransport(TransportKind.Granted, localPort: 0, remotePort: 0));

    internal IChannelTransport MakeTransport(TransportKind kind, int localPort, int remotePort)
    {
        FakePort port = new(_hypervisor, localPort != 0 ? localPort : _hypervisor.NewPort());
        return _transport = new FakeTransport(this, kind, port, remotePort != 0 ? remotePort : 1, new PageView(_memory));
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
