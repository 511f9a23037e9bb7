using System.Net.Sockets;

using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Win32.SafeHandles;

using XcsSharp.Reactor;

namespace XcsSharp.Switching.Tests.Rig;

/// <summary>
/// A switch with its listener on a real loop and real sockets, turned by the test itself; Xen, guests and time
/// are played.
/// </summary>
internal sealed class SwitchRig : IDisposable
{
    private readonly PrivateDirectory _directory = new("switch");
    private readonly Socket _listening = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<IDisposable> _owned = [];
    private readonly Queue<Action> _events = [];

    public SwitchRig(Action<SwitchOptions>? configure = null, Func<UnixStream, bool>? admits = null)
    {
        configure?.Invoke(Options);
        Loop = new EventLoop(Clock);
        Hypervisor = new FakeHypervisor(_events.Enqueue);
        Switch = new ControlSwitch(Loop, Hypervisor, Options, new Logger<ControlSwitch>(Log));
        Listener = new ClientListener(Loop, Switch, Options, new Logger<ClientListener>(Log), admits);
        Switch.Start();
        _listening.Bind(new UnixDomainSocketEndPoint(_directory["s"]));
        _listening.Listen();
    }

    public FakeTimeProvider Clock { get; } = new();

    public EventLoop Loop { get; }

    public FakeHypervisor Hypervisor { get; }

    public SwitchOptions Options { get; } = new();

    public RecordingLog Log { get; } = new();

    public ControlSwitch Switch { get; }

    public ClientListener Listener { get; }

    /// <summary>A domain that Xen knows and has reported, without a channel.</summary>
    public FakeGuest AddDomain(uint domid, string? name = null) => Hypervisor.AddDomain(domid, name);

    /// <summary>A domain with an open granted channel.</summary>
    public FakeGuest AddGuest(uint domid, string? name = null)
    {
        FakeGuest guest = AddDomain(domid, name);
        guest.Publish();
        Settle();
        return guest;
    }

    public ControlChannel Channel(FakeGuest guest) => Switch.FindByDomid(guest.Domid)!.Channel!;

    public RecordingSubscriber Attach(RecordingSubscriber subscriber, bool bindAll = true)
    {
        Switch.Attach(subscriber);
        if (bindAll)
        {
            Switch.Bind(subscriber, ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard);
        }

        return subscriber;
    }

    /// <param name="sendBuffer">Bytes that the daemon's socket holds for a client that does not read; the kernel's default if null.</param>
    public RecordClient Connect(int? sendBuffer = null)
    {
        Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(_listening.LocalEndPoint!);
        client.Blocking = false;
        Socket accepted = _listening.Accept();
        accepted.Blocking = false;
        if (sendBuffer is { } size)
        {
            accepted.SendBufferSize = size;
        }

        nint descriptor = accepted.SafeHandle.DangerousGetHandle();
        accepted.SafeHandle.SetHandleAsInvalid();
        Listener.Accept(new SafeFileHandle(descriptor, ownsHandle: true));
        RecordClient connection = new(this, client);
        _owned.Add(connection);
        return connection;
    }

    public SessionClient OpenSession()
    {
        SessionClient session = new(this);
        _owned.Add(session);
        return session;
    }

    public ExtendedClient OpenExtended(Extensions extensions, uint credit = 0)
    {
        ExtendedClient client = new(this, extensions, credit);
        _owned.Add(client);
        return client;
    }

    /// <summary>Delivers the events of now, each port once; what they cause is for the next time.</summary>
    public bool Deliver()
    {
        int count = _events.Count;
        for (int left = count; left > 0; left--)
        {
            _events.Dequeue()();
        }

        return count > 0;
    }

    /// <summary>Turns the loop until nothing happens any more.</summary>
    public void Settle()
    {
        while (Deliver() | Loop.RunOnce(TimeSpan.Zero))
        {
        }
    }

    public void Advance(TimeSpan time)
    {
        Clock.Advance(time);
        Settle();
    }

    public void Dispose()
    {
        Listener.Dispose();
        Switch.Dispose();
        Loop.Dispose();
        _listening.Dispose();
        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }

        _directory.Dispose();
    }
}
