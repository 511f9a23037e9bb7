using System.Globalization;
using System.Runtime.InteropServices;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Protocol;
using XcsSharp.Rings;

using Xunit;

namespace XcsSharp.Xen.Tests;

/// <summary>
/// A program in a guest that publishes a control page, honestly or not. Disposing it is the program's end: nothing is
/// tidied up but what its kernel tidies.
/// </summary>
internal sealed class GuestActor : IDisposable
{
    private readonly SimDomain _domain;
    private readonly GrantShare _grants;
    private readonly EventChannels _channels;
    private readonly XenStoreConnection _store;
    private readonly nint _address;

    public GuestActor(SimDomain domain)
    {
        _domain = domain;
        (_grants, _channels, _store) = domain.World.As(
            domain.Domid, static () => (GrantShare.Open(), EventChannels.Open(), XenStoreConnection.Open()));
        Port = (uint)_channels.BindUnbound(0).OrThrow("bind_unbound");
        Assert.Equal(
            Errno.OK,
            _grants.SharePage(0, GrantedHeader.AliveOffset, Port, out uint reference, out _address));
        Reference = reference;
        Page = new GuestPage(new OwnPage(_address));
        Nonce = (ulong)Random.Shared.NextInt64(1, long.MaxValue);
        Page.WriteHeader(Nonce);
    }

    public uint Port { get; }

    public uint Reference { get; }

    public ulong Nonce { get; private set; }

    public GuestPage Page { get; }

    /// <summary>Publishes what is true, or what the test wants instead.</summary>
    public GuestActor Publish(
        string? version = "1", string? reference = null, string? port = null, string? ready = null)
    {
        Write("version", version);
        Write("ring-ref", reference ?? Reference.ToString(CultureInfo.InvariantCulture));
        Write("event-channel", port ?? Port.ToString(CultureInfo.InvariantCulture));
        Write("ready", ready ?? Nonce.ToString(CultureInfo.InvariantCulture));
        return this;
    }

    public void Withdraw() => Assert.Equal(Errno.OK, _store.Remove(_domain.PagePath + "/ready"));

    public void Write(string key, string? value)
    {
        if (value is not null)
        {
            Assert.Equal(Errno.OK, _store.Write($"{_domain.PagePath}/{key}", value));
        }
    }

    /// <summary>Overwrites a part of the page's header.</summary>
    public GuestActor Poke(int offset, int value)
    {
        Marshal.WriteInt32(_address, offset, value);
        return this;
    }

    /// <summary>Puts a request into the ring and signals dom0.</summary>
    public void Send(byte number)
    {
        Put(number);
        Notify();
    }

    public void Put(byte number)
        => Assert.True(Page.Transmit.TryPutRequest(ControlMessage.Create(MessageType.Console, 0, 0xFF, [number])));

    public void Notify() => _channels.Notify(Port).OrThrow("notify");

    public void Dispose()
    {
        Page.Dispose();
        _grants.Dispose();
        _channels.Dispose();
        _store.Dispose();
    }

    /// <summary>The page as the program has it; its end comes with the grant handle.</summary>
    private sealed class OwnPage : MappedPage
    {
        public OwnPage(nint address) => SetHandle(address);

        protected override bool ReleaseHandle() => true;
    }
}
