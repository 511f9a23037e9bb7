using System.Buffers.Binary;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests.Conformance;

/// <summary>
/// Bugs of the original that need a whole daemon to show: each of these ended, deafened or blocked it. By their numbers in the
/// specification (section 5); tests of the other numbers stand beside what they are about.
/// </summary>
public sealed class BugsOf2005Tests
{
    [Fact]
    public async Task B01_A_client_that_closes_before_it_is_written_to_does_not_end_the_daemon()
    {
        await using Lab lab = await Lab.StartAsync();
        await using Bench bench = new(lab);
        Client healthy = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(healthy);
        for (byte round = 1; round <= 20; round++)
        {
            // Its data goes just before a guest's message, its control before the replies, a third before it is known.
            Client gone = await bench.BoundClientAsync();
            gone.Data.Dispose();
            guest.Ask(Wire.Message(3, round));
            await gone.Control.SendAsync((byte[])[.. Wire.Bind(1, 1), .. Wire.Bind(1, 2), .. Wire.Bind(1, 3)]);
            gone.Control.Dispose();
            Connection unknown = await bench.ConnectAsync();
            await unknown.SendAsync(Wire.ConnectControl());
            unknown.Dispose();

            await healthy.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, round));
            await healthy.RespondAsync(guest.Domid, Wire.Message(3, round));
            await guest.AnswerAsync(round);
        }

        Assert.Equal(lab.Daemon.Pid, (await lab.StatusAsync()).Pid);
    }

    [Fact]
    public async Task B02_The_port_wildcard_is_no_index()
    {
        await using Lab lab = await Lab.StartAsync();
        await using Bench bench = new(lab);
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, _) = await bench.OpenGuestAsync(client);
        foreach (uint domid in (uint[])[guest.Domid, 4000, 0])
        {
            await client.Control.ExpectAsync(Wire.Open(domid, Wire.AnyPort), Wire.BadRequest);
            await client.Control.ExpectAsync(Wire.Close(domid, Wire.AnyPort), Wire.BadRequest);
        }

        await client.Data.SendAsync(Wire.Record(Wire.Virq).Put(12, unchecked((uint)Wire.AnyPort)));
        await bench.DataIsDoneAsync(client);
        await bench.ExpectNothingAsync(client);
    }

    [Fact]
    public async Task B03_Event_numbers_that_no_channel_has_are_passed_over()
    {
        await using Lab lab = await Lab.StartAsync();
        await using Bench bench = new(lab);
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        string device = Directory.EnumerateFiles($"/proc/{lab.Daemon.Pid}/fd")
            .Select(fd => new FileInfo(fd).LinkTarget)
            .First(target => target?.Contains("/evtchn-", StringComparison.Ordinal) == true)!;

        // As if Xen had delivered them; a real event comes behind them, in the same read.
        byte[] numbers = new byte[6 * sizeof(uint)];
        foreach ((int i, uint number) in ((uint[])[60_000, 0, 131_071, 131_072, uint.MaxValue, 1000]).Index())
        {
            BinaryPrimitives.WriteUInt32LittleEndian(numbers.AsSpan(i * sizeof(uint)), number);
        }

        await using (FileStream events = new(device, FileMode.Open, FileAccess.Write))
        {
            await events.WriteAsync(numbers, Lab.Cancel);
        }

        guest.Ask(Wire.Message(3, 1));
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, 1));
        Assert.Equal(lab.Daemon.Pid, (await lab.StatusAsync()).Pid);
    }

    [Fact]
    public async Task B05_Connections_beyond_descriptor_1023_are_served()
    {
        const int Count = 1100;
        await using Lab lab = await Lab.StartAsync("--Switching:MaxSessions=2000");
        await using Bench bench = new(lab);
        for (int i = 0; i < Count; i++)
        {
            Assert.Equal(Wire.Ok, (await (await bench.ConnectAsync()).AskAsync(Wire.ConnectControl())).U32(4));
        }

        Assert.True(Directory.EnumerateFiles($"/proc/{lab.Daemon.Pid}/fd").Count() > Count);
        Client late = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(late);
        guest.Ask(Wire.Message(3, 1));
        await late.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, 1));
        await late.RespondAsync(guest.Domid, Wire.Message(3, 1));
        await guest.AnswerAsync(1);
    }

    [Fact]
    public async Task B06_Without_standard_descriptors_no_log_line_gets_into_a_clients_stream()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonLaunch launch = new() { Prefix = ["sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"] };
        DaemonPlaces places = new(machine);
        await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(places, Lab.Cancel, launch: launch);
        using RecordSocket first = await RecordSocket.ConnectAsync(places.Classic, Lab.Cancel);
        byte[] reply = (await first.AskAsync(Protocol.XcsRecord.Read(Wire.ConnectControl()), Lab.Cancel)).Bytes();
        Assert.Equal((Wire.ConnectCtrl, Wire.Ok), (reply.U32(0), reply.U32(4)));
        for (int i = 0; i < 50; i++)
        {
            // Each of these is worth two lines.
            using (RecordSubscriber other = await RecordSubscriber.ConnectAsync(places.Classic, Lab.Cancel))
            {
                await other.BindAsync(Lab.Cancel);
            }

            byte[] bind = Wire.Bind(i, 1);
            Assert.Equal(bind.Replied(Wire.Ok), (await first.AskAsync(Protocol.XcsRecord.Read(bind), Lab.Cancel)).Bytes());
        }

        Assert.Equal(daemon.Pid, (await OperatorQuery.StatusAsync(places.Console, Lab.Cancel)).Pid);
        Assert.Equal(0, await daemon.TerminateAsync(Lab.Cancel));
    }

    [Fact]
    public async Task B11_A_client_that_writes_all_before_it_reads_does_not_lock_up_with_the_daemon()
    {
        // More than the 279 records that a Unix socket held each way.
        const int Guests = 40;
        const int Written = 4000;
        await using Lab lab = await Lab.StartAsync("--Switching:ResponseTimeout=1h");
        await using Bench bench = new(lab);
        Client client = await bench.BoundClientAsync();
        List<RingGuest> guests = [];
        for (int i = 0; i < Guests; i++)
        {
            guests.Add((await bench.OpenGuestAsync(client)).Guest);
        }

        foreach (RingGuest guest in guests)
        {
            for (byte id = 0; id < 8; id++)
            {
                guest.Put(Wire.Message(3, id));
            }

            guest.Kick();
        }

        // Answers, and between them what is for nobody.
        byte[] nothing = Wire.ToGuest(Wire.Response, 4000, Wire.Message(3, 0));
        for (int i = 0; i < Written; i++)
        {
            await client.Data.SendAsync(nothing);
        }

        Dictionary<uint, int> requests = guests.ToDictionary(guest => guest.Domid, _ => 0);
        for (int i = 0; i < Guests * 8; i++)
        {
            byte[] request = await client.Data.ReceiveAsync();
            Assert.Equal((Wire.Request, requests[request.U32(8)]++), (request.U32(0), request[18]));
            await client.RespondAsync(request.U32(8), request.MessageOf());
        }

        foreach (RingGuest guest in guests)
        {
            await guest.WaitForAsync(RingGuest.TxResponses, 8);
        }
    }
}
