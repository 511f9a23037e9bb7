using System.Text;

using XcsSharp.Client;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The library that subscribers use, against the real daemon.</summary>
public sealed class ClientLibraryTests
{
    [Fact]
    public async Task A_session_receives_a_guests_requests_and_its_answers_free_the_guests_slots()
    {
        await using Lab lab = await Lab.StartAsync();
        await using GuestProgram guest = GuestProgram.Start(lab.Machine, new GuestOptions("dom"), ["console", "--type", "1"]);
        DomainEntry entry = await lab.ConnectedAsync("dom");
        await using XcsSession session = await XcsSession.ConnectAsync(lab.Places.Xcs, cancel: Lab.Cancel);
        await session.BindAsync(entry.LocalPort!.Value, (ushort)MessageType.BlockBackEnd, Lab.Cancel);

        const int Bytes = 60 * 100;
        SeededStream sent = Lab.Seeded("requests");
        StreamVerifier received = new("session", sent, Bytes);
        await guest.WriteAsync(sent.Take(0, Bytes), Lab.Cancel);
        XcsRecord[] batch = new XcsRecord[64];
        while (received.Missing > 0 && received.Problem is null)
        {
            int count = await session.ReceiveAsync(batch, Lab.Cancel);
            Assert.NotEqual(0, count);
            foreach (XcsRecord request in batch.AsSpan(0, count))
            {
                Assert.Equal((RecordType.Request, entry.Domid), (request.Type, request.RemoteDomain));
                received.Accept(request.Message.Data);
            }

            await session.RespondAsync(batch.AsMemory(0, count), Lab.Cancel);
        }

        received.Check();
    }

    [Fact]
    public async Task A_session_opens_an_interface_asks_the_guest_and_gets_its_answer()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint domid) = await lab.ConsoleGuestAsync("dom", classic: true);
        await using XcsSession session = await XcsSession.ConnectAsync(lab.Places.Xcs, cancel: Lab.Cancel);

        InterfacePorts ports = await session.OpenInterfaceAsync(domid, cancel: Lab.Cancel);
        await session.BindAsync(ports.Local, cancel: Lab.Cancel);
        await session.SendRequestAsync(domid, ControlMessage.Create(MessageType.Console, 0, 9, "typed"u8), Lab.Cancel);

        await guest.Output.WaitForTextAsync("typed", Lab.Cancel);
        XcsRecord[] answer = new XcsRecord[1];
        Assert.Equal(1, await session.ReceiveAsync(answer, Lab.Cancel));
        Assert.Equal((RecordType.Response, (byte)9), (answer[0].Type, answer[0].Message.Id));
        await session.CloseInterfaceAsync(domid, ports, Lab.Cancel);
        await Assert.ThrowsAsync<XcsRefusedException>(() => session.OpenInterfaceAsync(4711, cancel: Lab.Cancel));
    }

    [Fact]
    public async Task A_console_connection_reads_and_types_and_its_end_is_the_guests_end()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint domid) = await lab.ConsoleGuestAsync("web");
        await using ConsoleConnection console = await ConsoleConnection.AttachAsync(
            lab.Places.Console, "web", cancel: Lab.Cancel);
        Assert.Equal((domid, "web"), (console.Domid, console.Name));

        await console.Stream.WriteAsync("ls\n"u8.ToArray(), Lab.Cancel);
        await guest.Output.WaitForTextAsync("ls\n", Lab.Cancel);
        await guest.WriteAsync("a file\n", Lab.Cancel);
        byte[] line = new byte["a file\n".Length];
        await console.Stream.ReadExactlyAsync(line, Lab.Cancel);
        Assert.Equal("a file\n", Encoding.UTF8.GetString(line));

        await guest.Kill9Async(Lab.Cancel);
        Assert.Equal(0, await console.Stream.ReadAsync(line, Lab.Cancel));
    }

    [Fact]
    public async Task What_is_refused_or_unreachable_is_told_apart()
    {
        await using Lab lab = await Lab.StartAsync();
        OperatorRefusedException refused = await Assert.ThrowsAsync<OperatorRefusedException>(
            () => ConsoleConnection.AttachAsync(lab.Places.Console, "nobody", cancel: Lab.Cancel));
        Assert.Equal(OperatorError.UnknownDomain, refused.Code);
        await Assert.ThrowsAsync<XcsRefusedException>(
            () => XcsSession.ConnectAsync(lab.Places.Xcs, savedId: 4711, cancel: Lab.Cancel));
        await Assert.ThrowsAsync<XcsUnavailableException>(
            () => XcsSession.ConnectAsync(lab.Machine["nothing.sock"], cancel: Lab.Cancel));
    }
}
