using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>What the protocol of 2005 had and hardly anybody used: the write lock, and dom 0's own channel.</summary>
public sealed class ReservedPartsTests
{
    [Fact]
    public async Task A_write_lock_holds_between_two_clients()
    {
        await using Lab lab = await Lab.StartAsync();

        // A block back end's messages, so that no handler of the daemon answers them.
        await using GuestProgram guest = GuestProgram.Start(
            lab.Machine, new GuestOptions("web"), ["console", "--type", "1"]);
        DomainEntry entry = await lab.ConnectedAsync("web");
        (int port, uint domid) = (entry.LocalPort!.Value, entry.Domid);
        RecordSubscriber holder = await lab.SubscribeAsync();
        RecordSubscriber other = await lab.SubscribeAsync();
        XcsRecord record = new() { Type = RecordType.WriteLock, BindPort = port, BindType = 1 };
        Assert.Equal(RecordResult.Ok, (await holder.Control.AskAsync(record, Lab.Cancel)).Result);
        Assert.Equal(RecordResult.Failed, (await other.Control.AskAsync(record, Lab.Cancel)).Result);

        // The other is first with its answer, each time; what it asks after that is served, so the answer was seen.
        const int Count = 20;
        for (byte i = 0; i < Count; i++)
        {
            await guest.WriteAsync(new byte[] { i }, Lab.Cancel);
            XcsRecord first = await other.ReceiveAsync(RecordType.Request, Lab.Cancel);
            XcsRecord second = await holder.ReceiveAsync(RecordType.Request, Lab.Cancel);
            Assert.Equal(i, first.Message.Data[0]);
            await other.Data.SendAsync(first with { Type = RecordType.Response }, Lab.Cancel);
            ControlMessage ask = ControlMessage.Create(MessageType.Debug, 0, i, []);
            await other.Data.SendAsync(XcsRecord.ForMessage(RecordType.Request, domid, 0, ask), Lab.Cancel);
            Assert.Equal(i, (await other.ReceiveAsync(RecordType.Response, Lab.Cancel)).Message.Id);
            Assert.Equal(i, (await holder.ReceiveAsync(RecordType.Response, Lab.Cancel)).Message.Id);
            Assert.Equal((ulong)i, (await lab.ConnectedAsync("web")).Responses);
            await holder.Data.SendAsync(second with { Type = RecordType.Response }, Lab.Cancel);
            await OperatorQuery.WaitForListAsync(
                lab.Places.Console, list => list.Domains[0].Responses == i + 1ul, "the answer", Lab.Cancel);
        }

        Assert.Equal((ulong)Count, (await lab.StatusAsync()).AnswersDropped);
        record.LockAction = WriteLockAction.Release;
        Assert.Equal(RecordResult.Ok, (await holder.Control.AskAsync(record, Lab.Cancel)).Result);
        record.LockAction = WriteLockAction.Take;
        Assert.Equal(RecordResult.Ok, (await other.Control.AskAsync(record, Lab.Cancel)).Result);
    }

    [Fact]
    public async Task The_console_of_a_guest_cannot_be_locked_away_from_its_operator()
    {
        await using Lab lab = await Lab.StartAsync();
        await lab.ConsoleGuestAsync("web");
        int port = (await lab.ConnectedAsync("web")).LocalPort!.Value;
        RecordSubscriber client = await lab.SubscribeAsync();
        XcsRecord record = new() { Type = RecordType.WriteLock, BindPort = port, BindType = 0 };
        Assert.Equal(RecordResult.Failed, (await client.Control.AskAsync(record, Lab.Cancel)).Result);
    }

    [Fact]
    public async Task Dom_0_has_a_channel_of_its_own()
    {
        await using Lab lab = await Lab.StartAsync(await SimMachine.StartAsync(Lab.Cancel, dom0Channel: true));

        // A program in dom 0 is the kernel of dom 0, with its back ends.
        await using ChildProcess kernel = ChildProcess.Start(
            Executables.Guest,
            ["console", "--classic", "--type", "1"],
            new() { Name = "dom 0's kernel", Environment = lab.Machine.Environment });
        RecordSubscriber xend = lab.Own(await RecordSubscriber.ConnectAsync(lab.Places.Classic, Lab.Cancel));
        XcsRecord open = new() { Type = RecordType.OpenInterface };
        XcsRecord opened = await xend.Control.AskAsync(open, Lab.Cancel);
        Assert.Equal((RecordResult.Ok, 0u, -1), (opened.Result, opened.InterfaceDomain, opened.InterfaceRemotePort));
        await xend.BindAsync(Lab.Cancel, opened.InterfaceLocalPort);

        kernel.Input.Write("vbd up"u8);
        XcsRecord request = await xend.ReceiveAsync(RecordType.Request, Lab.Cancel);
        Assert.Equal((0u, opened.InterfaceLocalPort), (request.RemoteDomain, request.LocalPort));
        Assert.Equal("vbd up"u8.ToArray(), request.Message.Data.ToArray());
        await xend.Data.SendAsync(request with { Type = RecordType.Response }, Lab.Cancel);
        ControlMessage create = ControlMessage.Create(MessageType.BlockBackEnd, 0, 9, [1, 2]);
        await xend.Data.SendAsync(XcsRecord.ForMessage(RecordType.Request, 0, 0, create), Lab.Cancel);
        XcsRecord response = await xend.ReceiveAsync(RecordType.Response, Lab.Cancel);
        Assert.Equal((0u, MessageType.BlockBackEnd, 9), (response.RemoteDomain, response.Message.Type, response.Message.Id));

        // Freed and opened again, as an xend that is restarted does it; the ports of before are as good as any.
        XcsRecord free = open with { Type = RecordType.CloseInterface, InterfaceLocalPort = opened.InterfaceLocalPort };
        Assert.Equal(RecordResult.Ok, (await xend.Control.AskAsync(free, Lab.Cancel)).Result);
        Assert.Equal(RecordResult.Ok, (await xend.Control.AskAsync(open, Lab.Cancel)).Result);
    }

    [Fact]
    public async Task Without_such_a_machine_dom_0s_channel_fails_and_the_session_goes_on()
    {
        await using Lab lab = await Lab.StartAsync();
        RecordSubscriber xend = await lab.SubscribeAsync();
        XcsRecord open = new() { Type = RecordType.OpenInterface };
        Assert.Equal(RecordResult.Failed, (await xend.Control.AskAsync(open, Lab.Cancel)).Result);
        await xend.BindAsync(Lab.Cancel, 7);
    }
}
