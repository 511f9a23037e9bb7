using System.Runtime.InteropServices;
using System.Text;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Rings;

using Xunit;

namespace XcsSharp.Xen.Tests;

/// <summary>The guest's kernel at its console: honest, unless a test pokes. It lives in the domain's own page and ports.</summary>
internal sealed class ConsoleActor : IDisposable
{
    /// <summary>What simxen gives a domain with a console (simxen.h).</summary>
    public const ulong Frame = 0x1002;

    public const int PortOfToolstack = 2;

    /// <summary>A frame of the domain that nothing else uses.</summary>
    public const ulong OtherFrame = 0x1005;

    private readonly ForeignMemory _memory;
    private readonly EventChannels _channels;
    private readonly nint _address;
    private readonly bool _ownsPort;

    /// <param name="domain">Whose kernel.</param>
    /// <param name="frame">Where its ring is.</param>
    /// <param name="port">The toolstack's port, or null for one of the guest's own.</param>
    public ConsoleActor(SimDomain domain, ulong frame = Frame, int? port = PortOfToolstack)
    {
        (_memory, _channels) = domain.World.As(domain.Domid, static () => (ForeignMemory.Open(), EventChannels.Open()));
        _ownsPort = port is null;
        Port = port ?? _channels.BindUnbound(0).OrThrow("bind_unbound");
        if (!_ownsPort)
        {
            _channels.Claim((uint)Port).OrThrow("claim");
        }

        Assert.Equal(Errno.OK, _memory.Map(domain.Domid, frame, out _address));
        Ring = new GuestConsoleRing(new ForeignPage(_memory, _address));
    }

    public int Port { get; }

    public GuestConsoleRing Ring { get; }

    public void Print(string text)
    {
        Assert.Equal(text.Length, Ring.Put(Encoding.Latin1.GetBytes(text)));
        Notify();
    }

    public void Notify() => _channels.Notify((uint)Port).OrThrow("notify");

    public string Read()
    {
        Span<byte> input = stackalloc byte[ConsoleRingLayout.InputSize];
        Assert.NotEqual(RingRead.Corrupt, Ring.TryTake(input, out int count));
        return Encoding.Latin1.GetString(input[..count]);
    }

    /// <summary>Overwrites an index, or another part of the page.</summary>
    public void Poke(int offset, uint value) => Marshal.WriteInt32(_address, offset, (int)value);

    /// <summary>The guest starts its console anew: the same number, another channel.</summary>
    public void ReopenPort()
    {
        Assert.True(_ownsPort);
        _channels.Unbind((uint)Port).OrThrow("unbind");
        Assert.Equal(Port, _channels.BindUnbound(0).OrThrow("bind_unbound"));
    }

    public void Dispose()
    {
        Ring.Dispose();
        _channels.Dispose();
        _memory.Dispose();
    }
}
