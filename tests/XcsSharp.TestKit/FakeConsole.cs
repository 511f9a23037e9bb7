using XcsSharp.Rings;

namespace XcsSharp.TestKit;

/// <summary>
/// A console ring of a <see cref="FakeGuest"/>: the guest's ends of a real ring over a page that dom0's end shares. Does nothing
/// by itself; the test puts and takes, or lets <see cref="RingProgram"/> do that.
/// </summary>
public sealed class FakeConsole
{
    private readonly FakeGuest _guest;
    private readonly FakeHypervisor _hypervisor;
    private AnonymousPage _memory = new();
    private FakeConsoleTransport? _transport;

    internal FakeConsole(FakeGuest guest, FakeHypervisor hypervisor, int number, bool takesInput)
    {
        _guest = guest;
        _hypervisor = hypervisor;
        Number = number;
        TakesInput = takesInput;
        Ring = new GuestConsoleRing(new PageView(_memory));
    }

    public int Number { get; }

    public bool TakesInput { get; }

    /// <summary>What the toolstack wants to be kept.</summary>
    public long? HistoryWish { get; init; }

    /// <summary>The guest's ends of the ring.</summary>
    public GuestConsoleRing Ring { get; private set; }

    /// <summary>The page's bytes, for a guest that lies.</summary>
    public Span<byte> PageBytes => _memory.Bytes;

    /// <summary>dom0's port of now; 0 while it is not offered.</summary>
    public int LocalPort => _transport?.LocalPort ?? 0;

    /// <summary>How many times dom0 has signalled this console.</summary>
    public int Notifications { get; private set; }

    /// <summary>How many times dom0 has unmasked the port of now.</summary>
    public int Unmasks => _transport?.Unmasks ?? 0;

    /// <summary>True while dom0 would not hear of a signal.</summary>
    public bool IsMasked => _transport?.IsMasked ?? true;

    /// <summary>True while dom0 has it mapped and bound.</summary>
    public bool IsServed => _transport is { IsDisposed: false };

    /// <summary>The terminal that the toolstack's tools would find now.</summary>
    public string? Terminal { get; set; }

    /// <summary>Called when dom0 signals; where an interrupt would be.</summary>
    public Action? Interrupt { get; set; }

    /// <summary>Called after every look of dom0's at the output, when there is the room that it gives: a guest that writes on another processor meanwhile.</summary>
    public Action? Meanwhile { get; set; }

    /// <summary>Offers the ring, or offers it again.</summary>
    public void Offer()
    {
        if (_hypervisor.Sink is { } sink)
        {
            _transport = new FakeConsoleTransport(this, new FakePort(_hypervisor, _hypervisor.NewPort()), new PageView(_memory));
            sink.OnConsoleOffered(_guest.Domid, _transport);
        }
    }

    /// <summary>The same ring, offered to the dom0 of after a restart; the domain is made there.</summary>
    public void OfferTo(FakeHypervisor restarted, uint domid)
    {
        _ = restarted.AddDomain(domid, _guest.Name, _guest.Uuid);
        _transport = new FakeConsoleTransport(this, new FakePort(restarted, restarted.NewPort()), new PageView(_memory));
        restarted.Sink!.OnConsoleOffered(domid, _transport);
    }

    /// <summary>The driver begins anew: another page, and another port when it is offered.</summary>
    public void Restart()
    {
        AnonymousPage before = _memory;
        _memory = new AnonymousPage();
        Ring.Dispose();
        Ring = new GuestConsoleRing(new PageView(_memory));
        Offer();
        before.Dispose();
    }

    /// <summary>The console is taken out of the living domain.</summary>
    public void Withdraw(string reason = "the toolstack removed it")
        => _hypervisor.Sink?.OnConsoleWithdrawn(_guest.Domid, Number, reason);

    /// <summary>Signals dom0.</summary>
    public void Kick() => _transport?.Raise();

    /// <summary>Puts output, as much as fits, and signals dom0.</summary>
    /// <returns>How many bytes.</returns>
    public int Write(ReadOnlySpan<byte> output)
    {
        int count = Ring.Put(output);
        Kick();
        return count;
    }

    /// <summary>The input that is there; dom0 is not signalled.</summary>
    public byte[] TakeInput()
    {
        byte[] input = new byte[ConsoleRingLayout.InputSize];
        return Ring.TryTake(input, out int count) == RingRead.Message ? input[..count] : [];
    }

    internal bool OnNotified(FakeConsoleTransport transport)
    {
        if (!ReferenceEquals(transport, _transport))
        {
            return false;
        }

        Notifications++;
        Interrupt?.Invoke();
        return true;
    }

    internal void End()
    {
        Ring.Dispose();
        _memory.Dispose();
    }
}
