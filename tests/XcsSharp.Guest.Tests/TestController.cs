using System.Globalization;
using System.Runtime.InteropServices;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Protocol;
using XcsSharp.Reactor;
using XcsSharp.Rings;
using XcsSharp.TestKit;

namespace XcsSharp.Guest.Tests;

/// <summary>
/// The controller in dom0, played by the test: maps a guest's page, binds its port, and does with the rings what the test
/// says. It runs only inside <see cref="RunUntil"/>.
/// </summary>
internal sealed class TestController : IReadyHandler, IDisposable
{
    private readonly SimulatedXen _xen;
    private readonly EventLoop _loop;
    private readonly bool _ownsLoop;
    private readonly XenStoreConnection _store;
    private readonly EventChannels _ports;
    private readonly GrantTable _grants;
    private readonly ForeignMemory _memory;
    private readonly Registration _registration;
    private readonly uint[] _events = new uint[4];
    private ControllerPage? _page;
    private nint _address;
    private uint _port;

    private TestController(SimulatedXen xen, uint domid, EventLoop? loop)
    {
        _xen = xen;
        Domid = domid;
        _loop = loop ?? new EventLoop();
        _ownsLoop = loop is null;
        (_store, _ports, _grants, _memory) = xen.As(
            0, () => (XenStoreConnection.Open(), EventChannels.Open(), GrantTable.Open(), ForeignMemory.Open()));
        _registration = _loop.Register(_ports.FileDescriptor, Readiness.Readable, this);
    }

    public uint Domid { get; }

    public ControllerPage Page => _page!;

    /// <summary>The nonce that the guest published.</summary>
    public ulong Nonce { get; private set; }

    /// <summary>Answers each request with length 0 as it comes; otherwise the test does.</summary>
    public bool AnswersAtOnce { get; set; } = true;

    /// <summary>Gets each request taken.</summary>
    public Action<ControlMessage>? Requested { get; set; }

    /// <summary>Gets each answer to a request of ours.</summary>
    public Action<ControlMessage>? Responded { get; set; }

    public int RequestsTaken { get; private set; }

    public bool Corrupt { get; private set; }

    /// <summary>Waits for the guest's announcement and attaches.</summary>
    /// <param name="xen">The machine.</param>
    /// <param name="domid">The guest.</param>
    /// <param name="classic">Which transport it uses.</param>
    /// <param name="notNonce">An announcement to pass over.</param>
    /// <param name="loop">Another loop than one of its own.</param>
    public static TestController Attach(
        SimulatedXen xen, uint domid, bool classic = false, ulong notNonce = 0, EventLoop? loop = null)
    {
        xen.SkipIfUnavailable();
        TestController controller = new(xen, domid, loop);
        try
        {
            controller.MapAndBind(classic, notNonce);
            return controller;
        }
        catch
        {
            controller.Dispose();
            throw;
        }
    }

    public string? ReadStore(string key)
        => _store.Read($"/local/domain/{Domid}/{key}", out string? value) == Errno.OK ? value : null;

    /// <summary>Runs the controller until the condition holds.</summary>
    /// <exception cref="TimeoutException">It does not come to hold.</exception>
    public void RunUntil(Func<bool> condition, string wanted)
    {
        // Conditions may depend on other processes' output, so they are also looked at without an event.
        DateTime late = DateTime.UtcNow + Transcript.DefaultDeadline;
        while (!condition())
        {
            if (DateTime.UtcNow >= late)
            {
                throw new TimeoutException($"waited in vain for {wanted}");
            }

            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            _loop.RunOnce(TimeSpan.FromMilliseconds(5));
        }
    }

    /// <summary>Puts a request on rx; waits while the ring is full.</summary>
    public void Send(MessageType type, ReadOnlySpan<byte> data, byte id = 0)
    {
        ControlMessage request = ControlMessage.Create(type, 0, id, data);
        RunUntil(() => Page.Receive.TryPutRequest(in request), "room on rx");
        Notify();
    }

    public void Answer(int position, in ControlMessage response)
    {
        Page.Transmit.PutResponse(position, in response);
        Notify();
    }

    /// <summary>What no honest controller does.</summary>
    public void Overwrite(int offset, int value) => Marshal.WriteInt32(_address, offset, value);

    /// <summary>What the rings' indexes and slots are read from: 4 bytes of the page.</summary>
    public int Read(int offset) => Marshal.ReadInt32(_address, offset);

    public void Notify() => Assert.True(_ports.Notify(_port).IsOk);

    /// <summary>Takes the guest's next signal without a look at the rings, and without a turn of the loop.</summary>
    public bool TakeSignal()
    {
        SysResult read = _ports.ReadPorts(_events.AsSpan(0, 1));
        return read is { IsOk: true, Value: 1 } && _ports.Unmask(_events[0]).IsOk;
    }

    public void Dispose()
    {
        _registration.Dispose();
        _page?.Dispose();
        _grants.Dispose();
        _memory.Dispose();
        _ports.Dispose();
        _store.Dispose();
        if (_ownsLoop)
        {
            _loop.Dispose();
        }
    }

    void IReadyHandler.OnReady(Readiness ready)
    {
        SysResult read = _ports.ReadPorts(_events);
        for (int i = 0; i < read.Value; i++)
        {
            _ = _ports.Unmask(_events[i]);
        }

        Drain();
    }

    private void Drain()
    {
        RingRead read;
        while ((read = Page.Transmit.TryTakeRequest(out ControlMessage request)) == RingRead.Message)
        {
            RequestsTaken++;
            Requested?.Invoke(request);
            if (AnswersAtOnce)
            {
                Answer(0, ControlMessage.EmptyAnswerTo(in request));
            }
        }

        Corrupt |= read == RingRead.Corrupt;
        while ((read = Page.Receive.TryTakeResponse(out ControlMessage response)) == RingRead.Message)
        {
            Responded?.Invoke(response);
        }

        Corrupt |= read == RingRead.Corrupt;
    }

    private void MapAndBind(bool classic, ulong notNonce)
    {
        if (classic)
        {
            using DomainInfo domains = _xen.As(0, DomainInfo.Open);
            DomainListing listing = default;
            RunUntil(() => domains.TryGet(Domid, out listing) == Errno.OK, "the domain");
            Assert.Equal(Errno.OK, _memory.Map(Domid, listing.SharedInfoFrame, out _address));
            _page = new ControllerPage(new Mapping(_address, address => _memory.Unmap(address).IsOk));
            Bind(1);
            return;
        }

        RunUntil(() => Number("ready") is ulong nonce && nonce != notNonce, "the guest's keys");
        Nonce = Number("ready")!.Value;
        Assert.Equal(Errno.OK, _grants.Map(Domid, (uint)Number("ring-ref")!.Value, out _address));
        _page = new ControllerPage(new Mapping(_address, address => _grants.Unmap(address).IsOk));
        Bind((uint)Number("event-channel")!.Value);
    }

    private void Bind(uint remotePort)
        => _port = (uint)_ports.BindInterdomain(Domid, remotePort).OrThrow("xenevtchn_bind_interdomain");

    private ulong? Number(string key)
        => ulong.TryParse(ReadStore("data/xcs/" + key), CultureInfo.InvariantCulture, out ulong value) ? value : null;

    private sealed class Mapping : MappedPage
    {
        private readonly Func<nint, bool> _unmap;

        public Mapping(nint address, Func<nint, bool> unmap)
        {
            _unmap = unmap;
            SetHandle(address);
        }

        protected override bool ReleaseHandle() => _unmap(handle);
    }
}
