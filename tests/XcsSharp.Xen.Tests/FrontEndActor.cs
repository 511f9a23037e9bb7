using System.Globalization;
using System.Text;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Rings;

using Xunit;

namespace XcsSharp.Xen.Tests;

/// <summary>The guest's driver of a console that was added: hvc1 and so on, as Linux' front end does it, or not.</summary>
internal sealed class FrontEndActor : IDisposable
{
    private readonly GrantShare _grants;
    private readonly EventChannels _channels;
    private readonly XenStoreConnection _store;

    public FrontEndActor(SimDomain domain, int number)
    {
        Path = $"/local/domain/{domain.Domid}/device/console/{number}";
        BackEnd = $"/local/domain/0/backend/console/{domain.Domid}/{number}";
        (_grants, _channels, _store) = domain.World.As(
            domain.Domid, static () => (GrantShare.Open(), EventChannels.Open(), XenStoreConnection.Open()));
        Open();
    }

    public string Path { get; }

    public string BackEnd { get; }

    public uint Reference { get; private set; }

    public int Port { get; private set; }

    public GuestConsoleRing Ring { get; private set; } = null!;

    /// <summary>A ring and a port of its own, not published yet.</summary>
    public void Open()
    {
        Port = _channels.BindUnbound(0).OrThrow("bind_unbound");
        Assert.Equal(Errno.OK, _grants.SharePage(0, 4000, GrantShare.NoPort, out uint reference, out nint address));
        Reference = reference;
        Ring = new GuestConsoleRing(new SharedPage(_grants, address));
    }

    /// <summary>Gives ring and port back, as a driver that is unloaded.</summary>
    public void Close()
    {
        _channels.Unbind((uint)Port).OrThrow("unbind");
        Ring.Dispose();
    }

    /// <summary>The same ring, and another channel with the number of the old one.</summary>
    public void ReopenPort()
    {
        _channels.Unbind((uint)Port).OrThrow("unbind");
        Assert.Equal(Port, _channels.BindUnbound(0).OrThrow("bind_unbound"));
    }

    /// <summary>Publishes what is true, or what the test wants instead, and the state that says so.</summary>
    public FrontEndActor Publish(string? reference = null, string? port = null, string state = "3")
    {
        Write("ring-ref", reference ?? Reference.ToString(CultureInfo.InvariantCulture));
        Write("port", port ?? Port.ToString(CultureInfo.InvariantCulture));
        Write("state", state);
        return this;
    }

    public void Write(string key, string value) => Assert.Equal(Errno.OK, _store.Write($"{Path}/{key}", value));

    public Errno TryWrite(string path, string value) => _store.Write(path, value);

    /// <summary>The guest throws its whole directory away, which it may.</summary>
    public void RemoveDirectory() => Assert.Equal(Errno.OK, _store.Remove(Path));

    public string? ReadBackEnd(string key)
        => _store.Read($"{BackEnd}/{key}", out string? text) == Errno.OK ? text : null;

    public void Print(string text)
    {
        Assert.Equal(text.Length, Ring.Put(Encoding.Latin1.GetBytes(text)));
        _channels.Notify((uint)Port).OrThrow("notify");
    }

    public string Read()
    {
        Span<byte> input = stackalloc byte[ConsoleRingLayout.InputSize];
        Assert.NotEqual(RingRead.Corrupt, Ring.TryTake(input, out int count));
        return Encoding.Latin1.GetString(input[..count]);
    }

    public void Dispose()
    {
        Ring.Dispose();
        _grants.Dispose();
        _channels.Dispose();
        _store.Dispose();
    }

    private sealed class SharedPage : MappedPage
    {
        private readonly GrantShare _grants;

        public SharedPage(GrantShare grants, nint address)
        {
            _grants = grants;
            SetHandle(address);
        }

        protected override bool ReleaseHandle() => _grants.Unshare(handle).IsOk;
    }
}
