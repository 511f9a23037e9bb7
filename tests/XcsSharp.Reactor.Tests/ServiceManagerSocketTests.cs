using System.Globalization;
using System.Net.Sockets;
using System.Text;

using XcsSharp.TestKit;

namespace XcsSharp.Reactor.Tests;

/// <summary>Messages to a service manager that takes its time.</summary>
public sealed class ServiceManagerSocketTests : IDisposable
{
    private readonly PrivateDirectory _place = new("notify");
    private readonly LoopRig _rig = new();
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };

    public ServiceManagerSocketTests() => _manager.Bind(new UnixDomainSocketEndPoint(_place["notify"]));

    public void Dispose()
    {
        _manager.Dispose();
        _rig.Dispose();
        _place.Dispose();
    }

    [Fact]
    public void What_it_does_not_take_waits_to_a_limit_and_comes_in_order_when_it_reads_again()
    {
        using ServiceManagerSocket socket = new(_rig.Loop, _place["notify"]);
        int sent = 0;
        while (socket.Problem is null && sent < 2 * ServiceManagerSocket.MostWaiting)
        {
            socket.Send($"N={sent++}", []);
        }

        Assert.Equal(ServiceManagerSocket.MostWaiting, socket.Waiting);
        Assert.Contains("later ones were dropped", socket.Problem ?? "", StringComparison.Ordinal);

        // All but the last one, which was too many.
        byte[] message = new byte[64];
        for (int next = 0; next < sent - 1; next++)
        {
            _rig.TurnUntil(() => _manager.Poll(0, SelectMode.SelectRead));
            int length = _manager.Receive(message);
            Assert.Equal($"N={next.ToString(CultureInfo.InvariantCulture)}", Encoding.ASCII.GetString(message, 0, length));
        }

        Assert.Equal(0, socket.Waiting);
        socket.Send("N=again", []);
        Assert.Equal("N=again"u8.ToArray(), message[.._manager.Receive(message)]);
    }
}
