using System.Net.Sockets;

namespace XcsSharp.Reactor.Tests;

public sealed class DatagramSenderTests
{
    /// <summary>As systemd gives one to services in some containers.</summary>
    [Fact]
    public void A_name_outside_of_the_file_system_is_written_with_an_at()
    {
        string name = $"xcs-test-{Guid.NewGuid()}";
        using Socket receiver = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        receiver.Bind(new UnixDomainSocketEndPoint("\0" + name));
        using DatagramSender sender = new($"@{name}");

        Assert.Null(sender.TrySend("WATCHDOG=1"u8, out bool isFull));

        byte[] got = new byte[64];
        Assert.Equal((false, "WATCHDOG=1"), (isFull, System.Text.Encoding.ASCII.GetString(got, 0, receiver.Receive(got))));
    }
}
